"""Tables of the search quality benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import wilcoxon
from search_problems import task

from tuner.candidate import Scalar
from tuner.search.front import non_dominated
from tuner.search.hypervolume import hypervolume
from tuner.search.objectives import device_point

OURS = "surrogate (ours)"
BUDGETS = (25, 50, 100, 200)
_SIGNIFICANT = 0.05
_LEVEL = 0.005
"""Difference of the mean shares below which two samplers count as level."""


@dataclass(frozen=True)
class Run:
    """One sampler on one problem with one seed."""

    problem: str
    sampler: str
    seed: int
    at_once: int
    trained: int
    course: Sequence[float]
    """Hypervolume after each trained trial, with the errors to be expected."""
    front: Sequence[Mapping[str, Scalar]]
    """Parameters of the members of the fronts at the end."""
    rejected: int
    seconds: float
    """Per proposal."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        return cls(**data)

    def at(self, budget: int) -> float:
        """Return the hypervolume after so many trained trials; a run that found fewer keeps what it had."""
        return self.course[min(budget, len(self.course)) - 1]


def report(runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str], best: Mapping[str, float]) -> str:
    """Return the tables; `best` is the best possible hypervolume of each problem."""
    lines = [_INTRODUCTION]
    for at_once in sorted({run.at_once for run in runs}):
        chosen = [run for run in runs if run.at_once == at_once]
        there = [name for name in problems if any(run.problem == name for run in chosen)]
        title = "One trial at a time" if at_once == 1 else f"{at_once} trials at once"
        lines += ["", f"## {title}", "", *_summary(chosen, samplers, there, best)]
        lines += ["", *_fifty_against_two_hundred(chosen, there, best)]
        lines += ["", *_table(chosen, samplers, there, best)]
    return "\n".join(lines) + "\n"


def longest(runs: Sequence[Run]) -> list[Run]:
    """Return the longest of equal runs: samplers are functions of the history, so the shorter is its beginning."""
    found: dict[tuple[str, str, int, int], Run] = {}
    for run in sorted(runs, key=lambda run: run.trained):
        found[run.problem, run.sampler, run.seed, run.at_once] = run
    return list(found.values())


def best_possible(name: str, runs: Sequence[Run]) -> float:
    """Return the hypervolume of everything there is, as far as it is known."""
    this = task(name, 0)
    if this.best is not None:
        return this.best
    chosen = this.everything or tuple(parameters for run in runs for parameters in run.front)
    every = [this.expected(parameters) for parameters in chosen]
    volumes = []
    for device in this.problem.devices:
        points = [point for trial in every if (point := device_point(trial, device, this.problem)) is not None]
        front = np.array(points)[non_dominated(points)]
        volumes.append(hypervolume(front, np.ones(front.shape[1])))
    return float(np.mean(volumes))


def _shares(runs: Sequence[Run], name: str, label: str, budget: int, best: float) -> Mapping[int, float]:
    """Return the share by seed; runs that were not meant to go so far have none."""
    chosen = sorted((run for run in runs if run.problem == name and run.sampler == label), key=lambda run: run.seed)
    return {run.seed: run.at(budget) / best for run in chosen if run.trained >= budget}


def _wilcoxon(ours: Mapping[int, float], theirs: Mapping[int, float]) -> float | None:
    """Return p over the seeds that both have, `None` with fewer than two."""
    pairs = np.array([(ours[seed], theirs[seed]) for seed in sorted(ours.keys() & theirs.keys())])
    if len(pairs) < 2:
        return None
    return float(wilcoxon(pairs[:, 0], pairs[:, 1]).pvalue) if (pairs[:, 0] != pairs[:, 1]).any() else 1.0


def _p_values(runs: Sequence[Run], samplers: Sequence[str], name: str, budget: int, best: float) -> dict[str, float]:
    """Return Wilcoxon's p of each sampler against ours, with Holm's correction for their number."""
    ours = _shares(runs, name, OURS, budget, best)
    raw = {}
    for label in samplers:
        p = _wilcoxon(ours, _shares(runs, name, label, budget, best)) if label != OURS else None
        if p is not None:
            raw[label] = p
    corrected, largest = {}, 0.0
    for place, (label, p) in enumerate(sorted(raw.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, p * (len(raw) - place)))
        corrected[label] = largest
    return corrected


def _cell(values: Mapping[int, float], *, marked: bool) -> str:
    if not values:
        return ""
    shares = np.array(list(values.values()))
    return f"{shares.mean():.3f} ± {shares.std():.3f}{'*' if marked else ''} ({len(shares)})"


def _table(
    runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str], best: Mapping[str, float]
) -> list[str]:
    budgets = [budget for budget in BUDGETS if any(run.trained >= budget for run in runs)]
    lines = [
        f"| Problem | Sampler | {' | '.join(f'{budget} trained' for budget in budgets)} |",
        f"| --- | --- |{' ---: |' * len(budgets)}",
    ]
    for name in problems:
        p = {budget: _p_values(runs, samplers, name, budget, best[name]) for budget in budgets}
        for label in samplers:
            chosen = [run for run in runs if run.problem == name and run.sampler == label]
            if not chosen:
                continue
            cells = [
                _cell(
                    _shares(runs, name, label, budget, best[name]),
                    marked=p[budget].get(label, 1.0) < _SIGNIFICANT,
                )
                for budget in budgets
            ]
            lines.append(f"| {name} | {label} | {' | '.join(cells)} |")
    return lines


def _summary(
    runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str], best: Mapping[str, float]
) -> list[str]:
    """Return, by sampler and budget, on how many problems ours is significantly ahead, level, or behind."""
    budgets = [budget for budget in BUDGETS if any(run.trained >= budget for run in runs)]
    lines = [
        f"| Ours against | {' | '.join(f'{budget} trained' for budget in budgets)} |",
        f"| --- |{' --- |' * len(budgets)}",
    ]
    for label in samplers:
        if label == OURS:
            continue
        cells = []
        for budget in budgets:
            counts = {"first": 0, "level": 0, "behind": 0, "of them significantly": 0}
            for name in problems:
                p = _p_values(runs, samplers, name, budget, best[name]).get(label)
                if p is None:
                    continue
                ours = _shares(runs, name, OURS, budget, best[name])
                theirs = _shares(runs, name, label, budget, best[name])
                seeds = sorted(ours.keys() & theirs.keys())
                gap = float(np.mean([ours[seed] - theirs[seed] for seed in seeds]))
                counts["level" if abs(gap) < _LEVEL else "first" if gap > 0 else "behind"] += 1
                counts["of them significantly"] += p < _SIGNIFICANT and abs(gap) >= _LEVEL
            cells.append(", ".join(f"{word} {count}" for word, count in counts.items() if count))
        if any(cells):
            lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


def _fifty_against_two_hundred(runs: Sequence[Run], problems: Sequence[str], best: Mapping[str, float]) -> list[str]:
    lines = ["| Problem | ours, 50 trained | TPE default, 200 trained | p |", "| --- | ---: | ---: | ---: |"]
    for name in problems:
        ours = _shares(runs, name, OURS, 50, best[name])
        theirs = _shares(runs, name, "TPE, default", 200, best[name])
        p = _wilcoxon(ours, theirs)
        if p is not None:
            lines.append(f"| {name} | {_cell(ours, marked=False)} | {_cell(theirs, marked=False)} | {p:.3f} |")
    return lines if len(lines) > 2 else []


_INTRODUCTION = """# Search quality

Hypervolume of the fronts found as a share of the best possible: mean ± standard deviation over the seeds, whose number
stands in brackets. Made by `benchmarks/search_quality.py`; the problems are described in
`benchmarks/search_problems.py`. Candidates that fit no device are rejected without training and cost no sampler
anything; all samplers see the same costs and errors.

An asterisk marks what differs from ours by Wilcoxon's signed-rank test over the seeds that both have, two-sided, at 5 %
after Holm's correction for the number of samplers on that problem and budget. With fewer than eight seeds or so no
difference can pass it. In the summaries "level" means that the means differ by less than 0.005."""
