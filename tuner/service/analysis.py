"""Fronts, the course of the search, importance and rejections of a study."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from fastapi import Response

from tuner.messages.fronts import (
    Axis,
    Course,
    DeviceRejections,
    Front,
    HypervolumeHistory,
    Importance,
    ParameterImportance,
    Quality,
    Reason,
    Rejections,
)
from tuner.record import BudgetSummary, State
from tuner.search.front import non_dominated
from tuner.service.facts import Facts
from tuner.service.listing import check_device
from tuner.service.live import LiveStudy, Snapshot, needs_of, trials_of

_MOST_REASONS = 20
_LEAST_EXPLAINED = 0.3
"""Share of the variance below which the model behind the importances is not to be believed."""
_STALE_S = 30.0
"""Importances of a study that runs are worked out anew no more often."""


def front_of(
    live: LiveStudy, device: str, *, x: Axis, y: Axis, of: Quality, compression: str | None, infeasible: bool
) -> Response:
    """Return the trials on a device as points; see `tuner.Client.front`.

    Raises:
        MissingError: the study has no such device.
    """
    check_device(live, device)
    snapshot = live.snapshot()
    key = ("points", device, x, y, of, compression, infeasible)
    return live.written(snapshot, key, partial(_front, live, snapshot, device, x, y, of, compression, infeasible))


def _front(
    live: LiveStudy,
    snapshot: Snapshot,
    device: str,
    x: Axis,
    y: Axis,
    of: Quality,
    compression: str | None,
    infeasible: bool,
) -> Front:
    budget = _budget(snapshot, device)
    facts = [
        fact
        for fact in snapshot.facts
        if device in fact.row.devices
        and compression in {None, fact.row.compression}
        and (infeasible or (fact.row.devices[device].fits and quality_of(fact, of) is not None))
    ]
    members = frozenset(live.front(snapshot, device))
    return Front(
        study=snapshot.summary.name,
        version=snapshot.version,
        device=device,
        title=budget.title,
        x=x,
        y=y,
        of=of,
        metric=snapshot.summary.metric,
        ram_limit_bytes=budget.ram_bytes,
        flash_limit_bytes=budget.flash_bytes,
        latency_limit_ms=budget.latency_ms,
        trials=tuple(fact.row.number for fact in facts),
        quality=tuple(quality_of(fact, of) for fact in facts),
        ram_bytes=tuple(fact.row.devices[device].ram_bytes for fact in facts),
        flash_bytes=tuple(fact.row.devices[device].flash_bytes for fact in facts),
        latency_ms=tuple(fact.row.devices[device].latency_ms for fact in facts),
        fits=tuple(fact.row.devices[device].fits for fact in facts),
        on_front=tuple(fact.row.number in members for fact in facts),
        compression=tuple(fact.row.compression for fact in facts),
        words=tuple(fact.row.words for fact in facts),
        stairs=_stairs(facts, device, x, y, of),
    )


def quality_of(fact: Facts, of: Quality) -> float | None:
    """Return the quality asked for, `None` where there is none."""
    row = fact.row
    return {"validation": row.quality, "float32": row.quality_float, "test": row.quality_test}[of]


def _stairs(facts: Sequence[Facts], device: str, x: Axis, y: Axis, of: Quality) -> tuple[int, ...]:
    placed = [fact for fact in facts if fact.row.devices[device].fits and quality_of(fact, of) is not None]
    if not placed:
        return ()
    points = [(_along(fact, device, x, of), _along(fact, device, y, of)) for fact in placed]
    steps: dict[tuple[float, float], int] = {}
    for fact, point, kept in zip(placed, points, non_dominated(points), strict=True):
        if kept:
            steps.setdefault(point, fact.row.number)
    return tuple(steps[point] for point in sorted(steps))


def _along(fact: Facts, device: str, axis: Axis, of: Quality) -> float:
    """Return where a trial lies along an axis, the less the better."""
    if axis == "quality":
        quality = quality_of(fact, of)
        assert quality is not None
        return -quality
    return needs_of(fact, device)[axis]


def hypervolume_of(live: LiveStudy) -> Response:
    """Return how each device's front grew."""
    snapshot = live.snapshot()
    return live.written(snapshot, "hypervolume", partial(_hypervolume, live, snapshot))


def _hypervolume(live: LiveStudy, snapshot: Snapshot) -> HypervolumeHistory:
    return HypervolumeHistory(
        study=snapshot.summary.name,
        version=snapshot.version,
        courses=tuple(_course(live, snapshot, budget) for budget in snapshot.summary.budgets),
    )


def _course(live: LiveStudy, snapshot: Snapshot, budget: BudgetSummary) -> Course:
    steps = live.course(snapshot, budget.device)
    return Course(
        device=budget.device,
        title=budget.title,
        ended=tuple(trials for trials, _ in steps),
        hypervolume=tuple(covered for _, covered in steps),
    )


def rejections_of(live: LiveStudy) -> Response:
    """Return what was rejected or failed, by cause."""
    snapshot = live.snapshot()
    return live.written(snapshot, "rejections", partial(_rejections, snapshot))


def _rejections(snapshot: Snapshot) -> Rejections:
    rows = [fact.row for fact in snapshot.facts]
    devices = []
    for budget in snapshot.summary.budgets:
        causes = Counter(fact.causes[budget.device] or "fits" for fact in snapshot.facts if fact.causes)
        if unbuildable := sum(not fact.causes for fact in snapshot.facts):
            causes["cannot be built"] = unbuildable
        devices.append(DeviceRejections(device=budget.device, title=budget.title, causes=dict(causes)))
    rejected = ((row.reason, row.number) for row in rows if row.state is State.REJECTED and not row.devices)
    failed = ((f"{row.stage}: {row.reason}", row.number) for row in rows if row.state is State.FAILED)
    survey = snapshot.summary.survey
    return Rejections(
        study=snapshot.summary.name,
        version=snapshot.version,
        devices=tuple(devices),
        costed=survey.costed,
        exceeded=dict(survey.exceeded),
        unbuildable=_reasons(rejected),
        failed=_reasons(failed),
    )


def _reasons(told: Iterable[tuple[str, int]]) -> tuple[Reason, ...]:
    counts: Counter[str] = Counter()
    last: dict[str, int] = {}
    for reason, number in told:
        counts[reason] += 1
        last[reason] = number
    return tuple(
        Reason(reason=reason, count=count, last_trial=last[reason])
        for reason, count in counts.most_common(_MOST_REASONS)
    )


class ImportanceDesk:
    """Works out importances, of each study one at a time and not too often: a forest takes a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[LiveStudy, float, Importance]] = {}

    def of(self, live: LiveStudy) -> Importance:
        """Return which parameters the quality hangs on; of a study that runs, it may be half a minute old."""
        name = live.folder.name
        with self._lock:
            snapshot = live.snapshot()
            study, at, known = self._known.get(name, (None, 0.0, None))
            if known is None or study is not live or self._is_stale(snapshot, at, known):
                known = _importance(snapshot)
                self._known[name] = live, time.monotonic(), known
            return known

    def _is_stale(self, snapshot: Snapshot, at: float, known: Importance) -> bool:
        return snapshot.version != known.version and time.monotonic() - at > _STALE_S


def _importance(snapshot: Snapshot) -> Importance:
    from tuner.report.importance import importances  # noqa: PLC0415 - scikit-learn takes a second to import

    found = importances(trials_of(snapshot))
    return Importance(
        study=snapshot.summary.name,
        version=snapshot.version,
        trials=0 if found is None else found.trials,
        explained=0.0 if found is None else found.explained,
        trusted=found is not None and found.explained >= _LEAST_EXPLAINED,
        parameters=()
        if found is None
        else tuple(
            ParameterImportance(name=one.name, share=one.share, deviation=one.deviation) for one in found.parameters
        ),
    )


def _budget(snapshot: Snapshot, device: str) -> BudgetSummary:
    return next(budget for budget in snapshot.summary.budgets if budget.device == device)
