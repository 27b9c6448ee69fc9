"""Time to a front: our search against Optuna's default sampler with every candidate trained to the end.

    OMP_NUM_THREADS=1 python benchmarks/end_to_end.py --trials 60 --write \\
        --data '{path: demo/shoulder-exercises, split: {by: group}}' \\
        --data '{path: BasicMotions, options: {frequency: 10 Hz}}'

For each data set a study with Optuna's default sampler trains `--trials` candidates to the end; its last hypervolume is
the mark. Other searches then run until they reach it, at most as many candidates. Searches share engine, space,
devices, epochs and data, one trial at a time in this process. What is compared is processor time, over all that
a search does: choosing, costing, training, converting, scoring. `--data` is what stands under `dataset` in a study
file; the first set above is made by `examples/motion/prepare.py FOLDER`, the second is from the UEA archive.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tuner import Study
from tuner.record import State
from tuner.search.objectives import Coverage
from tuner.study.history import History
from tuner.study.observation import goals_of, observation

DEVICES = ("raspberry-pi-pico", "arduino-nano-33-ble-sense", "stm32f746g-discovery")
BUDGETS = {
    "raspberry-pi-pico": {"ram": "24 KiB", "flash": "128 KiB", "latency": "30 ms"},
    "arduino-nano-33-ble-sense": {"ram": "32 KiB", "flash": "128 KiB", "latency": "20 ms"},
    "stm32f746g-discovery": {"ram": "48 KiB", "flash": "128 KiB", "latency": "5 ms"},
}
_PLAIN = "TPE default, all trained to the end"
SEARCHES: Mapping[str, Mapping[str, Any]] = {
    _PLAIN: {"sampler": {"type": "tpe", "options": {"multivariate": False}}},
    "ours, all trained to the end": {"sampler": {"type": "surrogate"}},
    "ours, halving": {"sampler": {"type": "surrogate"}, "scheduler": {"type": "halving"}},
}
_REPORT = Path(__file__).parents[1] / "reports" / "benchmarks" / "end_to_end.md"


@dataclass(frozen=True)
class Course:
    """How the hypervolume of a search grew."""

    seconds: Sequence[float]
    """Processor time after each candidate, or part of its training."""
    volumes: Sequence[float]
    """Mean over the devices."""
    trained: Sequence[int]
    """Candidates handed out by then."""

    def reaches(self, mark: float) -> tuple[float, int] | None:
        """Return the time and the number of candidates at which the hypervolume reached a mark."""
        for seconds, volume, trained in zip(self.seconds, self.volumes, self.trained, strict=True):
            if volume >= mark:
                return seconds, trained
        return None


class _Reached(Exception):  # noqa: N818 - no error
    """The mark is reached; nothing more needs to be known."""


class _Watch:
    """Notes time and hypervolume whenever a training, or a part of one, ended."""

    def __init__(self, mark: float | None) -> None:
        self._mark = mark
        self._start = time.process_time()
        self._seen = 0
        self.course: list[tuple[float, float, int]] = []

    def __call__(self, history: History) -> None:
        scored = [trial for trial in history.trials if trial.score is not None]
        parts = sum(max(1, len(trial.rungs)) for trial in scored)
        if parts == self._seen:
            return
        self._seen = parts
        now = time.process_time() - self._start
        goals = goals_of(history.creation)
        volumes = []
        for device in goals.devices:
            coverage = Coverage(device, goals)
            for trial in scored:
                coverage.add(observation(trial))
            volumes.append(coverage.hypervolume)
        volume = sum(volumes) / len(volumes)
        out = sum(trial.state is not State.REJECTED for trial in history.trials)
        self.course.append((now, volume, out))
        if self._mark is not None and volume >= self._mark:
            raise _Reached


def search(data: Mapping[str, Any], label: str, arguments: argparse.Namespace, seed: int, mark: float | None) -> Course:
    spec = {
        "name": "end-to-end",
        "dataset": data,
        "search_space": arguments.space,
        "devices": list(DEVICES),
        "budgets": BUDGETS,
        "limits": {"trials": arguments.trials, "trial_time": "10 min"},
        "workers": 0,
        "seed": seed,
    }
    watch = _Watch(mark)
    with tempfile.TemporaryDirectory() as folder:
        study = Study.create(spec | SEARCHES[label], studies=Path(folder))
        with contextlib.suppress(_Reached):
            study.run(watch=watch)
    return Course(*zip(*watch.course, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=yaml.safe_load, action="append", required=True, metavar="YAML")
    parser.add_argument("--space", default="motion-continuous")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    lines = [_HEAD.format(space=arguments.space, trials=arguments.trials)]
    for data in arguments.data:
        for seed in range(1, arguments.seeds + 1):
            lines += _compare(data, arguments, seed)
            print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.write:
        _REPORT.write_text(text, encoding="utf-8")


def _compare(data: Mapping[str, Any], arguments: argparse.Namespace, seed: int) -> list[str]:
    rows, title = [], Path(data["path"]).name
    mark = plain_s = 0.0
    for label in SEARCHES:
        course = search(data, label, arguments, seed, None if label == _PLAIN else mark)
        if label == _PLAIN:
            mark, plain_s = course.volumes[-1], course.seconds[-1]
            first = course.reaches(mark)
            assert first is not None
            plain_s = first[0]
        reached = course.reaches(mark)
        print(json.dumps({"data": title, "search": label, "seed": seed, "mark": mark, "course": course.volumes}))
        if reached is None:
            figures = f"not reached | {course.trained[-1]} | {course.volumes[-1] / mark:.3f} of it |"
        else:
            figures = f"{reached[0]:.0f} s | {reached[1]} | {reached[0] / plain_s:.2f} |"
        rows.append(f"| {title} | {seed} | {label} | {mark:.3f} | {figures}")
    return rows


_HEAD = """# Time to a front

Made by `benchmarks/end_to_end.py`, which says what is compared. Space: {space}. The mark is the hypervolume (mean over
three devices) that Optuna's default sampler reaches with {trials} candidates, all trained to the end; its own time is
that at which it first stood there. The time is the processor's, for choosing, costing, training, converting and scoring
together.

| data | seed | search | mark | time to it | candidates | share of plain time |
| --- | ---: | --- | ---: | ---: | ---: | ---: |"""

if __name__ == "__main__":
    main()
