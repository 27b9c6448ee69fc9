"""Trials side by side, and studies by what they reached on each device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.record import RESOURCES, Counts, StudySummary, Trial
from tuner.report.course import covered
from tuner.report.table import resources_of
from tuner.report.words import RESOURCE_TITLES, amount, interval, quality, scalar, settings
from tuner.search.front import non_dominated
from tuner.study.fronts import device_front, objectives


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of words, and the same as figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    data: Mapping[str, Any]

    def table(self) -> Table:
        """Return the table for a terminal."""
        table = Table(title=escape(self.title), title_justify="left", box=box.SIMPLE_HEAD)
        for place, name in enumerate(self.columns):
            table.add_column(escape(name), justify="left" if place == 0 else "right", overflow="fold")
        for row in self.rows:
            table.add_row(*(escape(cell) for cell in row))
        return table

    def markdown(self) -> str:
        """Return the table in Markdown."""
        lines = [self.columns, tuple("---" if place == 0 else "---:" for place in range(len(self.columns))), *self.rows]
        return (
            "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return {"title": self.title, **self.data}


def compare_trials(summary: StudySummary, trials: Sequence[Trial]) -> Comparison:
    """Compare trials of one study: scores, needs on every device, and the settings in which they differ."""
    metric = summary.metric
    rows = [
        ("state", *(trial.state.value for trial in trials)),
        (f"{metric}, converted", *(quality(trial.score, summary) for trial in trials)),
        (f"{metric}, float32", *(quality(_float32(trial), summary) for trial in trials)),
        (f"{metric}, test split", *(quality(_test(trial), summary) for trial in trials)),
    ]
    for budget in summary.budgets:
        rows.append((f"fits {budget.device}", *("yes" if trial.fits(budget.device) else "no" for trial in trials)))
        for resource in RESOURCES:
            cells = tuple(_need(trial, budget.device, resource) for trial in trials)
            rows.append((f"{budget.device} {RESOURCE_TITLES[resource]}", *cells))
    described = [settings_of(trial) for trial in trials]
    for name in dict.fromkeys(name for settings_ in described for name in settings_):
        cells = tuple(settings_.get(name, "–") for settings_ in described)
        if len(set(cells)) > 1:
            rows.append((name, *cells))
    return Comparison(
        title=f"{summary.name}: trials {', '.join(str(trial.number) for trial in trials)}",
        columns=("", *(f"trial {trial.number}" for trial in trials)),
        rows=tuple(rows),
        data={"study": summary.name, "trials": [_trial_data(summary, trial) for trial in trials]},
    )


def compare_studies(studies: Sequence[tuple[StudySummary, Sequence[Trial]]]) -> Comparison:
    """Compare studies by the front each reached on each device.

    The hypervolume is that of `tuner.search.objectives`; it compares only where the budgets are the same. "Alone"
    counts the members of a front that no member of another study's front on that device beats or equals.
    """
    columns = (
        "study",
        "device",
        "trained",
        "front",
        "alone",
        "hypervolume",
        "best score",
        *RESOURCE_TITLES.values(),
    )
    rows, data = [], []
    for summary, trials in studies:
        for budget in summary.budgets:
            front = device_front(trials, budget.device, resources_of(summary))
            others = [(other, of) for other, of in studies if other is not summary]
            entry = {
                "study": summary.name,
                "device": budget.device,
                "trained": Counts.of(tuple(trials)).trained,
                "front": len(front),
                "alone": len(_unbeaten(summary, front, others, budget.device)),
                "hypervolume": covered(summary, trials, budget.device)[-1] if trials else 0.0,
                "best": _trial_data(summary, front[0]) if front else None,
            }
            data.append(entry)
            needs = tuple(_need(front[0], budget.device, name) if front else "–" for name in RESOURCES)
            rows.append(
                (
                    summary.name,
                    budget.device,
                    str(entry["trained"]),
                    str(len(front)),
                    str(entry["alone"]),
                    f"{entry['hypervolume']:.4f}",
                    f"{quality(front[0].score, summary)} {summary.metric}" if front else "–",
                    *needs,
                )
            )
    names = ", ".join(summary.name for summary, _ in studies)
    return Comparison(f"Fronts of {names}", columns, tuple(rows), {"fronts": data})


def _unbeaten(
    summary: StudySummary,
    front: Sequence[Trial],
    others: Sequence[tuple[StudySummary, Sequence[Trial]]],
    device: str,
) -> list[Trial]:
    """Return the members of a front that no trial of another study beats or equals."""
    resources = resources_of(summary)
    rivals = [
        objectives(trial, device, resources)
        for other, trials in others
        if any(budget.device == device for budget in other.budgets)
        for trial in device_front(trials, device, resources)
    ]
    if not front or not rivals:
        return list(front)
    own = [objectives(trial, device, resources) for trial in front]
    mask = non_dominated([*own, *rivals])
    return [trial for trial, point, kept in zip(front, own, mask, strict=False) if kept and point not in rivals]


def _float32(trial: Trial) -> float | None:
    return None if trial.training is None else trial.training.float32.quality


def _test(trial: Trial) -> float | None:
    return None if trial.test is None else trial.test.quality


def _need(trial: Trial, device: str, resource: str) -> str:
    if trial.appraisal is None:
        return "–"
    cost = trial.appraisal.cost(device)
    total = {"ram": cost.ram, "flash": cost.flash, "latency": cost.latency}[resource].total
    return interval(resource, total) if resource == "latency" else amount(resource, total.value)


def settings_of(trial: Trial) -> dict[str, str]:
    """Return a candidate's settings by name, in words."""
    candidate = trial.candidate
    described = {
        "window": f"{candidate.window.size_ms:g} ms, every {candidate.window.stride_ms:g} ms",
        "frequency": "own" if candidate.window.frequency_hz is None else f"{candidate.window.frequency_hz:g} Hz",
        "preprocessing": "; ".join(settings(block.settings) for block in candidate.preprocessing),
        "architecture": settings(candidate.architecture),
        "optimizer": settings(candidate.training.optimizer),
        "batch size": str(candidate.training.batch_size),
        "epochs": str(candidate.training.epochs),
        "compression": settings(candidate.compression),
        "anomaly block": "–" if candidate.anomaly.type == "none" else settings(candidate.anomaly),
    }
    return described | {f"parameter {name}": scalar(value) for name, value in trial.parameters.items()}


def _trial_data(summary: StudySummary, trial: Trial) -> dict[str, Any]:
    devices: dict[str, Any] = {}
    for budget in summary.budgets:
        if trial.appraisal is None:
            continue
        cost = trial.appraisal.cost(budget.device)
        devices[budget.device] = {
            "fits": trial.fits(budget.device),
            "ram_bytes": cost.ram.total.value,
            "flash_bytes": cost.flash.total.value,
            "latency_ms": cost.latency.total.value,
        }
    return {
        "trial": trial.number,
        "candidate_id": trial.candidate.id,
        "state": trial.state.value,
        "metric": summary.metric,
        "score": trial.score,
        "float32_score": _float32(trial),
        "test_score": _test(trial),
        "devices": devices,
        "candidate": trial.candidate.to_json(),
    }
