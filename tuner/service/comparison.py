"""Trials side by side, also of different studies, and studies by their fronts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tuner.messages.comparison import Comparison, ComparisonRow, Fit, FrontOfStudy, StudyComparison
from tuner.messages.trials import TrialDetail, TrialOnDevice
from tuner.metrics import quality_text
from tuner.record import RESOURCES
from tuner.report.compare import compare_studies
from tuner.report.words import RESOURCE_TITLES, amount
from tuner.service.live import LiveStudy, trials_of
from tuner.service.trial_detail import detail_of


def comparison_of(chosen: Sequence[tuple[LiveStudy, int]]) -> Comparison:
    """Put trials side by side.

    Raises:
        MissingError: a study has no such trial.
    """
    details = [detail_of(live, number) for live, number in chosen]
    titles = {budget.device: budget.title for live, _ in chosen for budget in live.snapshot().summary.budgets}
    rows = [*_scores(details), *_settings(details)]
    for device in titles:
        rows += _needs(details, device)
    return Comparison(
        trials=tuple(details),
        rows=tuple(rows),
        devices=tuple(_fit(details, device, title) for device, title in titles.items()),
    )


def studies_compared(studies: Sequence[LiveStudy]) -> StudyComparison:
    """Compare studies by the front each reached on each device."""
    snapshots = [live.snapshot() for live in studies]
    told = compare_studies([(snapshot.summary, trials_of(snapshot)) for snapshot in snapshots])
    fronts = tuple(
        FrontOfStudy(
            study=front["study"],
            device=front["device"],
            trained=front["trained"],
            front=front["front"],
            alone=front["alone"],
            hypervolume=front["hypervolume"],
            best=None if front["best"] is None else front["best"]["score"],
            best_trial=None if front["best"] is None else front["best"]["trial"],
        )
        for front in told.to_json()["fronts"]
    )
    return StudyComparison(title=told.title, columns=told.columns, rows=told.rows, fronts=fronts)


def _row(group: str, name: str, cells: Iterable[str]) -> ComparisonRow:
    written = tuple(cells)
    return ComparisonRow(group=group, name=name, cells=written, differs=len(set(written)) > 1)


def _scores(details: Sequence[TrialDetail]) -> list[ComparisonRow]:
    rows, metrics = [detail.row for detail in details], [detail.metric for detail in details]
    return [
        _row("scores", "state", (row.state.value for row in rows)),
        _row("scores", "metric", metrics),
        _row("scores", "converted, validation", map(quality_text, (row.quality for row in rows), metrics)),
        _row("scores", "float32, validation", map(quality_text, (row.quality_float for row in rows), metrics)),
        _row("scores", "converted, test split", map(quality_text, (row.quality_test for row in rows), metrics)),
    ]


def _settings(details: Sequence[TrialDetail]) -> list[ComparisonRow]:
    names = dict.fromkeys(name for detail in details for name in detail.settings)
    return [_row("settings", name, (detail.settings.get(name, "–") for detail in details)) for name in names]


def _needs(details: Sequence[TrialDetail], device: str) -> list[ComparisonRow]:
    def need(resource: str) -> Callable[[TrialOnDevice], str]:
        field = {"ram": "ram_bytes", "flash": "flash_bytes", "latency": "latency_ms"}[resource]
        return lambda place: amount(resource, getattr(place, field))

    rows = []
    for resource in RESOURCES:
        write = need(resource)
        places = (detail.row.devices.get(device) for detail in details)
        rows.append(_row(device, RESOURCE_TITLES[resource], ("–" if p is None else write(p) for p in places)))
    return rows


def _fit(details: Sequence[TrialDetail], device: str, title: str) -> Fit:
    fits: list[bool | None] = []
    reasons: list[str] = []
    for detail in details:
        appraisal = detail.trial.appraisal
        verdicts = () if appraisal is None else appraisal.verdicts
        verdict = next((verdict for verdict in verdicts if verdict.device == device), None)
        fits.append(None if verdict is None else verdict.fits)
        reasons.append("" if verdict is None else "; ".join(verdict.reasons))
    return Fit(device=device, title=title, fits=tuple(fits), reasons=tuple(reasons))
