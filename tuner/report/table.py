"""The trials as rows: one per trial, one column per fact, the same in pandas, CSV and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tuner.candidate import Scalar
from tuner.record import StudySummary, Trial
from tuner.study.fronts import device_front

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Scalar | None]


def trials_table(summary: StudySummary, trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the rows of `trial_rows` as a data frame with the trial's number as its index."""
    import pandas as pd  # noqa: PLC0415 - takes a while to import, and most commands do without

    rows = trial_rows(summary, trials)
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["trial"]
    return pd.DataFrame(rows, columns=columns).set_index("trial")


def trial_rows(summary: StudySummary, trials: Sequence[Trial]) -> list[Row]:
    """Return one row per trial.

    Columns are "trial", "state", …; "DEVICE/ram_bytes" and its like for every device; "network/macs" and its
    like; and "parameter/NAME" for what the search space asked for. What does not apply to a trial is `None`.
    """
    fronts = {
        budget.device: {trial.number for trial in device_front(trials, budget.device, resources_of(summary))}
        for budget in summary.budgets
    }
    names = list(dict.fromkeys(name for trial in trials for name in trial.parameters))
    figures = list(dict.fromkeys(name for trial in trials for name in trial.features))
    trained = (trial.training.converted.figures() for trial in trials if trial.training is not None)
    keys = list(dict.fromkeys(figure.key for shown in trained for figure in shown))
    return [_row(trial, fronts, keys, figures, names) for trial in trials]


def resources_of(summary: StudySummary) -> tuple[str, ...]:
    """Return the objectives of a study beside the accuracy."""
    return tuple(objective for objective in summary.objectives if objective != "accuracy")


def _row(
    trial: Trial,
    fronts: Mapping[str, set[int]],
    keys: Sequence[str],
    figures: Sequence[str],
    names: Sequence[str],
) -> dict[str, Scalar | None]:
    training = trial.training
    row: dict[str, Scalar | None] = {
        "trial": trial.number,
        "state": trial.state.value,
        "candidate": trial.candidate.id,
        **_scores(trial, keys),
        "spread": trial.spread,
        "model_bytes": None if training is None else training.artifact.bytes,
        "epochs": None if training is None else len(training.curve),
        "best_epoch": None if training is None else training.best_epoch + 1,
        "seconds": None if training is None else sum(training.seconds.values()),
        "seed": trial.seed,
        "stage": trial.stage or None,
        "reason": trial.reason or None,
    }
    for device, members in fronts.items():
        row |= _on_device(trial, device)
        row[f"{device}/front"] = trial.number in members
    row |= {f"network/{name}": trial.features.get(name) for name in figures}
    return row | {f"parameter/{name}": trial.parameters.get(name) for name in names}


def _scores(trial: Trial, keys: Sequence[str]) -> dict[str, Scalar | None]:
    """Return the quality, and each figure of the converted model, of the float network and on the test split."""
    training = trial.training
    row: dict[str, Scalar | None] = {"score": trial.score}
    scores = (
        ("", None if training is None else training.converted),
        ("float32_", None if training is None else training.float32),
        ("test_", trial.test),
    )
    for prefix, score in scores:
        found = {} if score is None else {figure.key: figure.value for figure in score.figures()}
        row |= {f"{prefix}{key}": found.get(key) for key in keys}
    return row


def _on_device(trial: Trial, device: str) -> dict[str, Scalar | None]:
    appraisal = trial.appraisal
    if appraisal is None:
        names = ("fits", "ram_bytes", "flash_bytes", "latency_ms", "latency_ms_low", "latency_ms_high", "energy_mj")
        return {f"{device}/{name}": None for name in names}
    cost = appraisal.cost(device)
    latency = cost.latency.total
    return {
        f"{device}/fits": appraisal.verdict(device).fits,
        f"{device}/ram_bytes": cost.ram.total.value,
        f"{device}/flash_bytes": cost.flash.total.value,
        f"{device}/latency_ms": latency.value,
        f"{device}/latency_ms_low": latency.low,
        f"{device}/latency_ms_high": latency.high,
        f"{device}/energy_mj": None if cost.energy is None else cost.energy.value,
    }
