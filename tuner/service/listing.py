"""A study's trials by filter, order and page; ten thousand take a few milliseconds, and nothing once asked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Response

from tuner.errors import InputError, nearest
from tuner.messages.trials import TrialOnDevice, TrialPage, TrialRow
from tuner.record import State
from tuner.service.facts import Facts, shown
from tuner.service.live import LiveStudy, Snapshot
from tuner.service.refusals import MissingError

_OWN = tuple(name for name in TrialRow.model_fields if name not in {"devices", "parameters", "figures"})
_ON_DEVICE = tuple(name for name in TrialOnDevice.model_fields if name != "parts")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which trials to list, in which order; see `tuner.Client.trials`."""

    state: tuple[State, ...] = ()
    device: str | None = None
    fits: bool | None = None
    on_front: bool | None = None
    text: str = ""
    sort: str = "number"
    numbers: frozenset[int] = frozenset()
    """Only these; empty for all."""


def page(live: LiveStudy, asked: Listing, *, offset: int, limit: int, parts: bool) -> Response:
    """Return part of the trials.

    Raises:
        InputError: there is no such column or device, or one is needed and none is named.
    """
    snapshot = live.snapshot()
    key = ("page", asked, offset, limit, parts)
    return live.written(snapshot, key, partial(_page, live, snapshot, asked, offset, limit, parts))


def _page(live: LiveStudy, snapshot: Snapshot, asked: Listing, offset: int, limit: int, parts: bool) -> TrialPage:
    numbers: tuple[int, ...] = live.derive(snapshot, asked, partial(_numbers, live, snapshot, asked))
    rows = [
        shown(snapshot.facts[number], live.fronts_of(snapshot, number), parts=parts)
        for number in numbers[offset : offset + limit]
    ]
    return TrialPage(version=snapshot.version, total=len(numbers), offset=offset, rows=tuple(rows))


def check_device(live: LiveStudy, device: str) -> str:
    """Return the name if the study has such a device.

    Raises:
        MissingError: it has not.
    """
    if device not in live.goals.devices:
        hint = nearest(device, live.goals.devices)
        raise MissingError(f"study '{live.folder.name}' has no device '{device}'", hint=hint)
    return device


def _numbers(live: LiveStudy, snapshot: Snapshot, asked: Listing) -> tuple[int, ...]:
    if asked.device is not None:
        check_device(live, asked.device)
    descending = asked.sort.startswith("-")
    value = _column(asked.sort.removeprefix("-"), asked.device, snapshot)
    found = [fact for fact in snapshot.facts if _passes(live, snapshot, fact, asked)]
    known = [(value(fact), fact.row.number) for fact in found]
    # What has no value comes last either way, and equal values stay in the order of their numbers.
    valued = sorted((pair for pair in known if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
    return tuple(number for _, number in valued) + tuple(number for key, number in known if key is None)


def _passes(live: LiveStudy, snapshot: Snapshot, fact: Facts, asked: Listing) -> bool:
    row = fact.row
    if asked.numbers and row.number not in asked.numbers:
        return False
    if asked.state and row.state not in asked.state:
        return False
    if asked.text and asked.text.lower() not in fact.searched:
        return False
    places = list(row.devices.values()) if asked.device is None else [row.devices.get(asked.device)]
    if asked.fits is not None and any(place is not None and place.fits for place in places) is not asked.fits:
        return False
    if asked.on_front is None:
        return True
    fronts = live.fronts_of(snapshot, row.number)
    return (bool(fronts) if asked.device is None else asked.device in fronts) is asked.on_front


def _column(name: str, device: str | None, snapshot: Snapshot) -> Callable[[Facts], Any]:
    """Return what gives the value of a column, by which a list can be sorted."""
    if name in _OWN:
        return lambda fact: getattr(fact.row, name)
    if name in _ON_DEVICE and name != "on_front":
        if device is None:
            raise InputError(f"sort: '{name}' differs between devices", hint="name one with `device`")
        return lambda fact: getattr(fact.row.devices.get(device), name, None)
    figure = name.removeprefix("figure/")
    if figure != name and any(figure in fact.row.figures for fact in snapshot.facts):
        return lambda fact: fact.row.figures.get(figure)
    parameter = name.removeprefix("parameter/")
    known = dict.fromkeys(known for fact in snapshot.facts for known in fact.row.parameters)
    if parameter == name or parameter not in known:
        names = (*_OWN, *_ON_DEVICE, *(f"parameter/{known_}" for known_ in known))
        raise InputError(f"sort: there is no column '{name[:200]}'", hint=nearest(name, names))
    words = any(isinstance(fact.row.parameters.get(parameter), str) for fact in snapshot.facts)

    def value(fact: Facts) -> Any:
        found = fact.row.parameters.get(parameter)
        return str(found) if words and found is not None else found

    return value
