"""The model to take for a device, and what a little more of each resource would buy."""

from __future__ import annotations

from tuner.messages.selection import Selection, SelectionRequest, TradeOff, TradeOffPoint
from tuner.metrics import quality_text
from tuner.record import RESOURCES
from tuner.report.words import OBJECTIVES, amount
from tuner.search.front import knee
from tuner.select import Option, Step, Wish, ranked, stairs
from tuner.service.facts import shown
from tuner.service.listing import check_device
from tuner.service.live import LiveStudy, Snapshot, needs_of

_SHOWN = 10


def selection_of(live: LiveStudy, request: SelectionRequest) -> Selection:
    """Choose among the trained candidates that fit the device.

    Raises:
        MissingError: the study has no such device.
        NothingFitsError: none keeps the limits.
    """
    device = check_device(live, request.device)
    snapshot = live.snapshot()
    options: tuple[Option, ...] = live.derive(snapshot, ("options", device), lambda: _options(snapshot, device))
    limits = Wish(
        max_ram_bytes=request.max_ram_bytes,
        max_flash_bytes=request.max_flash_bytes,
        max_latency_ms=request.max_latency_ms,
        min_accuracy=request.min_quality,
    )
    kept = ranked(options, device, limits, live.goals.resources if request.knee else None)
    best = [shown(snapshot.facts[one.trial], live.fronts_of(snapshot, one.trial), parts=True) for one in kept[:_SHOWN]]
    return Selection(
        study=snapshot.summary.name,
        device=device,
        version=snapshot.version,
        metric=snapshot.summary.metric,
        chosen=best[0],
        kept=len(kept),
        best=tuple(best),
        trade_offs=tuple(_trade_off(options, limits, kept[0], name, snapshot, device) for name in RESOURCES),
    )


def _options(snapshot: Snapshot, device: str) -> tuple[Option, ...]:
    return tuple(
        Option(fact.row.number, fact.row.quality, needs_of(fact, device))
        for fact in snapshot.facts
        if fact.row.quality is not None and fact.row.devices[device].fits
    )


def _trade_off(
    options: tuple[Option, ...], limits: Wish, chosen: Option, resource: str, snapshot: Snapshot, device: str
) -> TradeOff:
    steps = stairs(options, limits, resource)
    better = next((step for step in steps if step.quality > chosen.quality), None)
    budget = next(budget for budget in snapshot.summary.budgets if budget.device == device)
    board = {"ram": budget.ram_bytes, "flash": budget.flash_bytes, "latency": budget.latency_ms}[resource]
    asked = limits.limit(resource)
    return TradeOff(
        resource=resource,
        limit=board if asked is None else asked,
        points=tuple(TradeOffPoint(need=step.need, quality=step.quality, trial=step.trial) for step in steps),
        knee=knee([(step.need, 1 - step.quality) for step in steps]) if steps else None,
        next_need=None if better is None else better.need,
        next_quality=None if better is None else better.quality,
        next_trial=None if better is None else better.trial,
        sentence=_sentence(chosen, better, resource, snapshot.summary.metric),
    )


def _sentence(chosen: Option, better: Step | None, resource: str, metric: str) -> str:
    title, need = OBJECTIVES[resource], chosen.needs[resource]
    if better is None:
        return f"More {title} buys nothing better within the other limits."
    gain = f"{quality_text(better.quality, metric)} instead of {quality_text(chosen.quality, metric)}"
    if better.need <= need:
        return f"{gain} is to be had with trial {better.trial} for {amount(resource, better.need)} of {title}."
    more = amount(resource, better.need - need)
    return f"{more} more {title} ({amount(resource, better.need)} in all) buys {gain}, with trial {better.trial}."
