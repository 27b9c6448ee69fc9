"""A study as the service reads it: kept in memory, and only what is new is read from its record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel

from tuner.api import Study
from tuner.errors import StoreError
from tuner.record import State, StudySummary, Trial
from tuner.search.front import non_dominated
from tuner.service.course import Course
from tuner.service.facts import Facts, facts_of
from tuner.store.location import is_study, record_file, studies_in
from tuner.study.observation import chance_error

Value = TypeVar("Value")

_FRESH_S = 1.0
"""A reading no older than this is taken for the present: twenty clients that poll cost as much as one."""


@dataclass(frozen=True, slots=True)
class Goals:
    """What the hypervolume of the study's fronts is measured by."""

    devices: tuple[str, ...]
    resources: tuple[str, ...]
    worst_error: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The study at one version; what is derived from it is kept beside it."""

    version: int
    summary: StudySummary
    facts: tuple[Facts, ...]
    """By number, without gaps."""
    derived: dict[Any, Any]

    def fact(self, number: int) -> Facts:
        """Return the facts of a trial that is known to exist."""
        return self.facts[number]


class LiveStudy:
    """One study; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._study = Study.open(folder)
        summary = self._study.summary
        self.goals = Goals(
            self._study.devices,
            tuple(name for name in summary.objectives if name != "accuracy"),
            chance_error(summary.task, summary.dataset),
        )
        self._courses = {device: Course(1 + len(self.goals.resources)) for device in self.goals.devices}
        self._facts: list[Facts] = []
        self._read_at = 0.0
        self._snapshot: Snapshot | None = None

    @property
    def study(self) -> Study:
        """The study itself, for what is asked of it rarely; it is not safe to refresh."""
        return self._study

    def snapshot(self, *, age_s: float = _FRESH_S) -> Snapshot:
        """Return the study as it stands, or stood at most so long ago."""
        with self._lock:
            now = time.monotonic()
            if self._snapshot is None or now - self._read_at > age_s:
                self._study.refresh()
                self._read_at = now
            if self._snapshot is None or self._snapshot.version != self._study.history.size:
                self._snapshot = self._taken()
            return self._snapshot

    def derive(self, snapshot: Snapshot, key: Any, make: Any) -> Any:
        """Return what `make` gives for a snapshot, worked out once for each version and key."""
        with self._lock:
            if key not in snapshot.derived:
                snapshot.derived[key] = make()
            return snapshot.derived[key]

    def written(self, snapshot: Snapshot, key: Any, make: Callable[[], BaseModel]) -> Response:
        """Return a message as an answer, made and written once for each version: many ask for the same."""
        content: bytes = self.derive(snapshot, ("written", key), lambda: make().model_dump_json().encode())
        return Response(content, media_type="application/json")

    def front(self, snapshot: Snapshot, device: str) -> tuple[int, ...]:
        """Return the numbers of a device's front, from the best quality to the cheapest; as `Study.front` does."""
        found: tuple[int, ...] = self.derive(snapshot, ("front", device), partial(self._front, snapshot, device))
        return found

    def fronts_of(self, snapshot: Snapshot, number: int) -> tuple[str, ...]:
        """Return the devices on whose fronts a trial is."""
        return tuple(device for device in self.goals.devices if number in self._members(snapshot, device))

    def course(self, snapshot: Snapshot, device: str) -> tuple[tuple[int, float], ...]:
        """Return where the hypervolume of a device's front changed: trials so far and the new value."""
        found: tuple[tuple[int, float], ...] = self.derive(
            snapshot, ("course", device), partial(self._course, snapshot, device)
        )
        return found

    def _taken(self) -> Snapshot:
        trials = self._study.trials
        for trial in trials[: len(self._facts)]:
            if self._facts[trial.number].trial is not trial:
                self._facts[trial.number] = facts_of(trial, self.goals)
        self._facts += [facts_of(trial, self.goals) for trial in trials[len(self._facts) :]]
        return Snapshot(self._study.history.size, self._study.summary, tuple(self._facts), {})

    def _front(self, snapshot: Snapshot, device: str) -> tuple[int, ...]:
        placed = [fact for fact in snapshot.facts if fact.row.quality is not None and fact.row.devices[device].fits]
        points = [self._objectives(fact, device) for fact in placed]
        if not points:
            return ()
        front: dict[tuple[float, ...], int] = {}
        for fact, point, kept in zip(placed, points, non_dominated(points), strict=True):
            if kept:
                front.setdefault(point, fact.row.number)
        return tuple(front[point] for point in sorted(front))

    def _objectives(self, fact: Facts, device: str) -> tuple[float, ...]:
        assert fact.row.quality is not None
        needs = needs_of(fact, device)
        return (1.0 - fact.row.quality, *(needs[resource] for resource in self.goals.resources))

    def _members(self, snapshot: Snapshot, device: str) -> frozenset[int]:
        found: frozenset[int] = self.derive(
            snapshot, ("members", device), lambda: frozenset(self.front(snapshot, device))
        )
        return found

    def _course(self, snapshot: Snapshot, device: str) -> tuple[tuple[int, float], ...]:
        ended = [(fact.row.state is not State.PENDING, fact.points[device]) for fact in snapshot.facts]
        return self._courses[device].steps(ended)


def needs_of(fact: Facts, device: str) -> dict[str, float]:
    """Return bytes of "ram" and "flash" and milliseconds of "latency" that a trial needs on a device."""
    place = fact.row.devices[device]
    return {"ram": place.ram_bytes, "flash": place.flash_bytes, "latency": place.latency_ms}


def trials_of(snapshot: Snapshot) -> Sequence[Trial]:
    """Return the trials as recorded."""
    return [fact.trial for fact in snapshot.facts]


class Shelf:
    """All studies of a folder, each opened when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open: dict[str, tuple[int, LiveStudy]] = {}

    def names(self) -> tuple[str, ...]:
        """Return the names of all studies."""
        return tuple(studies_in(self.folder))

    def has(self, name: str) -> bool:
        """Whether there is such a study."""
        return name == Path(name).name and not name.startswith(".") and is_study(self.folder / name)

    def get(self, name: str) -> LiveStudy:
        """Return the study of that name, which there is.

        A study that was deleted and made again is another one.
        """
        record = record_file(self.folder / name)
        if record is None:
            raise StoreError(f"{self.folder / name}: there is no record")
        born = record.stat().st_ino
        with self._lock:
            inode, study = self._open.get(name, (None, None))
            if study is None or inode != born:
                study = LiveStudy(self.folder / name)
                self._open[name] = born, study
            return study
