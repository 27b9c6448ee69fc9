"""Compare samplers by the front they find in so many trained trials.

    pip install "edge-tuner[benchmarks]"
    OMP_NUM_THREADS=1 python benchmarks/search_quality.py run --seeds 10 --trained 200 [--samplers …] [--at-once 4]
    python benchmarks/search_quality.py report --output reports/benchmarks/search_quality.md

`run` keeps each finished run in a file and goes on where it was stopped; `report` puts all of them into tables. The
problems are described in `search_problems.py`, samplers that are not ours to offer in `search_rivals.py`.

What is measured is the hypervolume of the trained trials' fronts as a share of the best possible (of the whole table,
of a function's true front; of all that any sampler found in the synthetic searches).
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from search_problems import PROBLEMS, task
from search_report import Run, best_possible, longest, report

from tuner.candidate import Scalar
from tuner.files import write_atomically
from tuner.search.objectives import device_front, hypervolume_history
from tuner.search.problem import Observation, Sampler
from tuner.search.samplers import sampler

SAMPLERS: Mapping[str, tuple[str, Mapping[str, Scalar]]] = {
    "surrogate (ours)": ("surrogate", {}),
    "TPE, multivariate": ("tpe", {}),
    "TPE, default": ("tpe", {"multivariate": False}),
    "GPSampler": ("gp", {}),
    "NSGA-II": ("nsga2", {}),
    "NSGA-III": ("nsga3", {}),
    "random": ("random", {}),
    "ageing evolution": ("search_rivals:AgeingEvolution", {}),
    "SMAC, ParEGO": ("search_rivals:Smac", {}),
}
_FAR = 20
"""Candidates looked at for each one trained, after which a run ends: it finds hardly any that fit."""


def proposer(label: str) -> Sampler:
    name, options = SAMPLERS[label]
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)() if attribute else sampler(name, **options)


def search(name: str, label: str, seed: int, count: int, at_once: int) -> Run:
    """Run one sampler on one problem until `count` candidates are trained.

    With several at once, the one that was handed out first comes back first, and the sampler sees the others pending.
    """
    this, asked = task(name, seed), proposer(label)
    history: list[Observation] = []
    running: list[Observation] = []
    trained: list[Observation] = []
    start = time.perf_counter()
    while len(trained) < count and len(history) < _FAR * count:
        parameters = asked.propose(this.problem, history, len(history))
        seen = this.observe(parameters, len(history))
        if seen.error is None or at_once == 1:
            history.append(seen)
        else:
            history.append(replace(seen, state="pending", error=None))
            running.append(seen)
            if len(running) < at_once:
                continue
            seen = running.pop(0)
            history[seen.number] = seen
        if seen.error is not None:
            expected = this.expected(seen.parameters)
            trained.append(replace(expected, number=len(trained)))
    seconds = (time.perf_counter() - start) / len(history)
    members = {trial.number for device in this.problem.devices for trial in device_front(trained, device, this.problem)}
    course = hypervolume_history(trained, this.problem) if trained else [0.0]
    front = [dict(trained[number].parameters) for number in sorted(members)]
    return Run(name, label, seed, at_once, count, course, front, len(history) - len(trained), seconds)


def kept(folder: Path, name: str, label: str, seed: int, at_once: int, count: int) -> Path:
    plain = "-".join("".join(c if c.isalnum() else " " for c in f"{label} {name}").split())
    return folder / f"{plain}-{count}-at-once-{at_once}-seed-{seed}.json"


def _work(job: tuple[Path, str, str, int, int, int]) -> str:
    folder, name, label, seed, at_once, count = job
    done = search(name, label, seed, count, at_once)
    write_atomically(kept(folder, name, label, seed, at_once, count), json.dumps(done.to_json()).encode())
    return f"{label}, {name}, seed {seed}: {done.course[-1]:.4f}, {done.seconds:.3f} s a proposal"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "report"])
    parser.add_argument("--trained", type=int, default=200, help="trained trials of each run")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=1, help="trials that are in training at a time")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS), metavar="PROBLEM")
    parser.add_argument("--samplers", nargs="*", default=list(SAMPLERS), choices=list(SAMPLERS), metavar="SAMPLER")
    parser.add_argument("--kept", type=Path, default=Path.home() / ".cache" / "edge-tuner" / "search-quality")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "run":
        _run(arguments)
        return
    runs = [Run.from_json(json.loads(path.read_bytes())) for path in sorted(arguments.kept.glob("*.json"))]
    chosen = [run for run in runs if run.problem in arguments.problems and run.sampler in arguments.samplers]
    chosen = longest(chosen)
    text = report(chosen, list(SAMPLERS), list(PROBLEMS), _best(arguments.kept / "best", chosen))
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(text, encoding="utf-8")


def _best(path: Path, runs: Sequence[Run]) -> Mapping[str, float]:
    """Return the best possible hypervolume of each problem; what follows from the problem alone is kept in a file."""
    known: dict[str, float] = json.loads(path.read_bytes()) if path.exists() else {}
    for name in PROBLEMS:
        if not name.startswith("synthetic") and name not in known:
            known[name] = best_possible(name, [])
            write_atomically(path, json.dumps(known).encode())
    found = {name: best_possible(name, [run for run in runs if run.problem == name]) for name in PROBLEMS[:2]}
    return known | found


def _run(arguments: argparse.Namespace) -> None:
    arguments.kept.mkdir(parents=True, exist_ok=True)
    jobs = [
        (arguments.kept, name, label, seed, arguments.at_once, arguments.trained)
        for seed in range(arguments.seeds)
        for label in arguments.samplers
        for name in arguments.problems
    ]
    left = [job for job in jobs if not kept(*job).exists()]
    with ProcessPoolExecutor(arguments.processes) as pool:
        for line in pool.map(_work, left):
            print(line, flush=True)


if __name__ == "__main__":
    main()
