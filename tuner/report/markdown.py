"""The outcome of a study in Markdown, for a README or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.record import StudySummary, Trial
from tuner.report import words
from tuner.report.table import resources_of
from tuner.study.fronts import device_front


def summary_markdown(summary: StudySummary, trials: Sequence[Trial]) -> str:
    """Return what was searched, what became of it, and the front of each device."""
    lines = [f"# {_plain(summary.name)}", "", _plain(" ".join(words.outcome(summary, trials))), ""]
    for budget in summary.budgets:
        lines += [f"## {_plain(budget.title)}", ""]
        front = device_front(trials, budget.device, resources_of(summary))
        if not front:
            lines += ["No trained candidate fits.", ""]
            continue
        lines += [
            f"| Trial | {words.capitalized(summary.metric)} | float32 | Test | RAM | Flash | Latency | Candidate |",
            "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
            *(_row(summary, trial, budget.device) for trial in front),
            "",
        ]
    return "\n".join(lines)


def _row(summary: StudySummary, trial: Trial, device: str) -> str:
    assert trial.training is not None
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(device)
    cells = [
        str(trial.number),
        words.reached(trial, summary),
        words.quality(trial.training.float32.quality, summary),
        words.quality(None if trial.test is None else trial.test.quality, summary),
        words.amount("ram", cost.ram.total.value),
        words.amount("flash", cost.flash.total.value),
        words.interval("latency", cost.latency.total),
        _plain(words.candidate(trial.candidate)),
    ]
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Escape what Markdown would take for its own."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, "\\" + mark)
    return text
