"""Studies, fronts and trials as tables for people and JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.cli.console import output
from tuner.estimate import Estimate
from tuner.record import BudgetSummary, Counts, StudySummary, Trial
from tuner.report import words
from tuner.units import format_bytes, format_milliseconds, format_seconds


class Shown(Protocol):
    """A study of this machine or of a server."""

    @property
    def folder(self) -> Path:
        """Where it lies."""
        ...

    @property
    def summary(self) -> StudySummary:
        """All that is known of it beside its trials."""
        ...

    @property
    def counts(self) -> Counts:
        """Trials by state."""
        ...

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of the devices."""
        ...

    def front(self, device: str) -> tuple[Trial, ...]:
        """Return the Pareto front of a device."""
        ...


def study_heading(study: Shown) -> None:
    """Print what the study is and where it stands."""
    summary, counts = study.summary, study.counts
    output.print(
        f"[bold]{escape(summary.name)}[/]  {summary.search_space} on {escape(summary.dataset.name)}, "
        f"{len(summary.budgets)} devices, seed {summary.seed}"
    )
    output.print(
        f"sampled {counts.sampled} · rejected {counts.rejected} · trained {counts.trained} · failed {counts.failed}"
        + (f" · pending {counts.pending}" if counts.pending else "")
        + f" · {format_seconds(summary.elapsed_s)}"
    )
    for sentence in (words.survey(summary.survey), summary.stopped):
        if sentence:
            output.print(f"[dim]{escape(sentence)}[/]")


def front_table(study: Shown, device: str) -> Table:
    """Return the Pareto front of a device as a table."""
    budget = next(budget for budget in study.summary.budgets if budget.device == device)
    title = f"{escape(budget.title)} [dim]({device})[/]"
    table = Table(
        title=title, caption=f"[dim]{budget_text(budget)}[/]", box=box.SIMPLE_HEAD, padding=(0, 1), title_justify="left"
    )
    table.caption_justify = "left"
    for name in ("trial", study.summary.metric, "float32", "test", "RAM", "flash", "latency"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("candidate", overflow="fold")
    for trial in study.front(device):
        table.add_row(*_front_row(study, trial, device))
    if not study.front(device):
        table.add_row("–", "", "", "", "", "", "", "no trained candidate fits")
    return table


def budget_text(budget: BudgetSummary) -> str:
    """Return "budget: RAM 200.0 KiB, flash 1.0 MiB, latency 20 ms"."""
    parts = [f"RAM {format_bytes(budget.ram_bytes)}", f"flash {format_bytes(budget.flash_bytes)}"]
    if budget.latency_ms is not None:
        parts.append(f"latency {format_milliseconds(budget.latency_ms)}")
    return f"budget: {', '.join(parts)}"


def status_json(study: Shown) -> dict[str, Any]:
    """Return a study's state and fronts as JSON."""
    summary, counts = study.summary, study.counts
    return {
        "study": summary.name,
        "folder": str(study.folder),
        "counts": {
            "sampled": counts.sampled,
            "rejected": counts.rejected,
            "trained": counts.trained,
            "failed": counts.failed,
            "pending": counts.pending,
        },
        "survey": asdict(summary.survey),
        "elapsed_s": round(summary.elapsed_s, 3),
        "stopped": summary.stopped,
        "metric": summary.metric,
        "fronts": {device: [trial_json(trial, device) for trial in study.front(device)] for device in study.devices},
    }


def trial_json(trial: Trial, device: str) -> dict[str, Any]:
    """Return a trained trial as it stands on one device."""
    assert trial.training is not None
    assert trial.appraisal is not None
    cost, verdict = trial.appraisal.cost(device), trial.appraisal.verdict(device)
    return {
        "trial": trial.number,
        "candidate_id": trial.candidate.id,
        "device": device,
        "fits": verdict.fits,
        "reasons": list(verdict.reasons),
        "score": trial.score,
        "score_runs": list(trial.scores),
        "score_spread": trial.spread,
        "float32_score": trial.training.float32.quality,
        "test_score": None if trial.test is None else trial.test.quality,
        "figures": {figure.key: figure.value for figure in trial.training.converted.figures()},
        "ram_bytes": _interval(cost.ram.total),
        "flash_bytes": _interval(cost.flash.total),
        "latency_ms": _interval(cost.latency.total),
        "energy_mj": None if cost.energy is None else _interval(cost.energy),
        "candidate": trial.candidate.to_json(),
    }


def _front_row(study: Shown, trial: Trial, device: str) -> tuple[str, ...]:
    assert trial.training is not None
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(device)
    return (
        str(trial.number),
        words.reached(trial, study.summary),
        words.quality(trial.training.float32.quality, study.summary),
        words.quality(None if trial.test is None else trial.test.quality, study.summary),
        format_bytes(cost.ram.total.value),
        format_bytes(cost.flash.total.value),
        format_milliseconds(cost.latency.total.value),
        words.candidate(trial.candidate),
    )


def _interval(estimate: Estimate) -> dict[str, Any]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "method": estimate.method.value}
