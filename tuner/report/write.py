"""Writing a report to files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tuner.files import write_atomically
from tuner.record import Counts, StudySummary, Trial
from tuner.report.compare import compare_studies
from tuner.report.course import covered
from tuner.report.html import render
from tuner.report.markdown import summary_markdown
from tuner.report.studies import render_studies
from tuner.report.table import resources_of, trial_rows, trials_table
from tuner.study.fronts import device_front

SCHEMA = 1
"""Version of the JSON file; it changes when a field changes its meaning or goes."""


def write_report(summary: StudySummary, trials: Sequence[Trial], path: Path) -> Path:
    """Write a study's report, and `.csv`, `.json` and `.md` files of the same name beside it.

    Args:
        summary: all that is known of the study beside its trials.
        trials: all of them, by number.
        path: the HTML file; its folder exists.

    Returns:
        The path of the HTML file.
    """
    write_atomically(path, render(summary, tuple(trials)))
    write_atomically(path.with_suffix(".csv"), trials_table(summary, trials).to_csv())
    write_atomically(path.with_suffix(".json"), json.dumps(study_json(summary, trials), indent=1, allow_nan=False))
    write_atomically(path.with_suffix(".md"), summary_markdown(summary, trials))
    return path


def write_studies_report(studies: Sequence[tuple[StudySummary, tuple[Trial, ...]]], path: Path) -> Path:
    """Write a page of several studies side by side, and a `.md` file of the same name beside it.

    Args:
        studies: two or more, with all their trials by number.
        path: the HTML file; its folder exists.

    Returns:
        The path of the HTML file.
    """
    comparison = compare_studies(studies)
    write_atomically(path, render_studies(studies))
    write_atomically(path.with_suffix(".md"), f"# {comparison.title}\n\n{comparison.markdown()}")
    return path


def study_json(summary: StudySummary, trials: Sequence[Trial]) -> Mapping[str, Any]:
    """Return the study as a JSON object: summary, counts, fronts by the trials' numbers, hypervolumes, trials."""
    rows = [
        dict(row) | {"settings": trial.candidate.to_json()}
        for row, trial in zip(trial_rows(summary, trials), trials, strict=True)
    ]
    return {
        "schema": SCHEMA,
        "study": asdict(summary),
        "counts": asdict(Counts.of(tuple(trials))),
        "fronts": {
            budget.device: [trial.number for trial in device_front(trials, budget.device, resources_of(summary))]
            for budget in summary.budgets
        },
        "hypervolumes": {
            budget.device: covered(summary, trials, budget.device)[-1] if trials else 0.0 for budget in summary.budgets
        },
        "trials": rows,
    }
