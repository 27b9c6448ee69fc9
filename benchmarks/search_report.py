"""Tables of the search quality benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon
from search_problems import random_parameters, task

from tuner.candidate import Scalar
from tuner.search.objectives import hypervolume_history

OURS = "surrogate (ours)"
BUDGETS = (25, 50, 100, 200)
_SIGNIFICANT = 0.05


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


def report(runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str]) -> str:
    best = {name: best_possible(name, [run for run in runs if run.problem == name]) for name in problems}
    lines = [_INTRODUCTION]
    for at_once in sorted({run.at_once for run in runs}):
        chosen = [run for run in runs if run.at_once == at_once]
        title = "One trial at a time" if at_once == 1 else f"{at_once} trials at once"
        lines += ["", f"## {title}", "", *_summary(chosen, samplers, problems, best)]
        lines += ["", *_fifty_against_two_hundred(chosen, problems, best)]
        lines += ["", *_table(chosen, samplers, problems, best)]
    return "\n".join(lines) + "\n"


def best_possible(name: str, runs: Sequence[Run]) -> float:
    """Return the hypervolume of everything there is, as far as it is known."""
    this = task(name, 0)
    if this.best is not None:
        return this.best
    chosen = this.everything or random_parameters(this.problem, 10_000)
    every = [this.expected(parameters) for parameters in (*chosen, *(p for run in runs for p in run.front))]
    # From the lowest error on, most of what follows is beaten and costs little to add.
    every.sort(key=lambda trial: trial.error or 0.0)
    return hypervolume_history(every, this.problem)[-1]


def _shares(runs: Sequence[Run], name: str, label: str, budget: int, best: float) -> NDArray[np.float64]:
    """Return the share of each seed, in the order of the seeds; none for runs that were not meant to go so far."""
    chosen = sorted((run for run in runs if run.problem == name and run.sampler == label), key=lambda run: run.seed)
    return np.array([run.at(budget) / best for run in chosen if run.trained >= budget])


def _p_values(runs: Sequence[Run], samplers: Sequence[str], name: str, budget: int, best: float) -> dict[str, float]:
    """Return Wilcoxon's p of each sampler against ours, with Holm's correction for their number."""
    ours = _shares(runs, name, OURS, budget, best)
    raw = {}
    for label in samplers:
        values = _shares(runs, name, label, budget, best)
        count = min(len(ours), len(values))
        if label != OURS and count > 1:
            differ = not np.array_equal(ours[:count], values[:count])
            raw[label] = float(wilcoxon(ours[:count], values[:count]).pvalue) if differ else 1.0
    corrected, largest = {}, 0.0
    for place, (label, p) in enumerate(sorted(raw.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, p * (len(raw) - place)))
        corrected[label] = largest
    return corrected


def _table(
    runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str], best: Mapping[str, float]
) -> list[str]:
    budgets = [budget for budget in BUDGETS if any(run.trained >= budget for run in runs)]
    lines = [
        f"| Problem | Sampler | {' | '.join(f'{budget} trained' for budget in budgets)} | seeds | s per proposal |",
        f"| --- | --- |{' ---: |' * (len(budgets) + 2)}",
    ]
    for name in problems:
        p = {budget: _p_values(runs, samplers, name, budget, best[name]) for budget in budgets}
        for label in samplers:
            chosen = [run for run in runs if run.problem == name and run.sampler == label]
            if not chosen:
                continue
            cells = []
            for budget in budgets:
                values = _shares(runs, name, label, budget, best[name])
                mark = {True: "*", False: ""}[p[budget].get(label, 1.0) < _SIGNIFICANT]
                cells.append(f"{values.mean():.3f} ± {values.std():.3f}{mark}" if len(values) else "")
            seconds = float(np.mean([run.seconds for run in chosen]))
            lines.append(f"| {name} | {label} | {' | '.join(cells)} | {len(chosen)} | {seconds:.3f} |")
    return lines


def _summary(
    runs: Sequence[Run], samplers: Sequence[str], problems: Sequence[str], best: Mapping[str, float]
) -> list[str]:
    """Return, by sampler and budget, on how many problems ours is significantly ahead, level, or behind."""
    budgets = [budget for budget in BUDGETS if any(run.trained >= budget for run in runs)]
    heads = " | ".join(f"{budget} trained" for budget in budgets)
    lines = [f"| Ours against | {heads} | mean share at {budgets[-1]} |", f"| --- |{' --- |' * len(budgets)} ---: |"]
    for label in samplers:
        cells = []
        for budget in budgets:
            counts = {"ahead": 0, "level": 0, "behind": 0}
            for name in problems:
                p = _p_values(runs, samplers, name, budget, best[name]).get(label)
                if p is None:
                    continue
                ours = _shares(runs, name, OURS, budget, best[name])
                theirs = _shares(runs, name, label, budget, best[name])
                sign = "ahead" if ours.mean() >= theirs.mean() else "behind"
                counts[sign if p < _SIGNIFICANT else "level"] += 1
            cells.append(", ".join(f"{count} {word}" for word, count in counts.items() if count))
        ends = [_shares(runs, name, label, budgets[-1], best[name]) for name in problems]
        means = [values.mean() for values in ends if len(values)]
        mean = f"{np.mean(means):.3f}" if len(means) == len(problems) else ""
        lines.append(f"| {label} | {' | '.join(cells)} | {mean} |")
    return lines


def _fifty_against_two_hundred(runs: Sequence[Run], problems: Sequence[str], best: Mapping[str, float]) -> list[str]:
    lines = ["| Problem | ours, 50 trained | TPE default, 200 trained | p |", "| --- | ---: | ---: | ---: |"]
    for name in problems:
        ours = _shares(runs, name, OURS, 50, best[name])
        theirs = _shares(runs, name, "TPE, default", 200, best[name])
        count = min(len(ours), len(theirs))
        if count > 1:
            p = wilcoxon(ours[:count], theirs[:count]).pvalue
            figures = f"{ours.mean():.3f} ± {ours.std():.3f} | {theirs.mean():.3f} ± {theirs.std():.3f}"
            lines.append(f"| {name} | {figures} | {p:.3f} |")
    return lines if len(lines) > 2 else []


_INTRODUCTION = """# Search quality

Hypervolume of the fronts found as a share of the best possible, mean and standard deviation over the seeds. Made by
`benchmarks/search_quality.py`; the problems are described in `benchmarks/search_problems.py`. Candidates that fit no
device are rejected without training and cost no sampler anything; all samplers see the same costs and errors.

An asterisk marks what differs from ours by Wilcoxon's signed-rank test over the seeds, two-sided, at 5 % after Holm's
correction for the number of samplers on that problem and budget."""
