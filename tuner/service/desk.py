"""Everything the routes work with, in one place."""

from __future__ import annotations

import shutil
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from tuner.errors import nearest
from tuner.messages.datasets import AxisFigures, DatasetInspection
from tuner.messages.studies import DeviceStanding, StudyDetail, StudyEntry, StudyState
from tuner.record import Counts, State
from tuner.service import errand
from tuner.service.analysis import ImportanceDesk
from tuner.service.crew import Crew
from tuner.service.datasets import Datasets
from tuner.service.devices import Devices
from tuner.service.live import LiveStudy, Shelf, Snapshot
from tuner.service.refusals import MissingError
from tuner.service.settings import Settings
from tuner.study.history import History


class Desk:
    """The studies, data sets, devices and workers of one server."""

    def __init__(self, settings: Settings) -> None:
        settings.own_folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.shelf = Shelf(settings.studies)
        self.datasets = Datasets(settings.own_folder, settings.data_roots, limit_bytes=settings.upload_limit_bytes)
        self.devices = Devices(settings.own_folder)
        self.importance = ImportanceDesk()
        self._inspections: dict[str, DatasetInspection] = {}
        self.crew = Crew(
            settings.studies,
            settings.own_folder / "queue.json",
            at_once=settings.studies_at_once,
            history_of=self._history,
        )

    def study(self, name: str) -> LiveStudy:
        """Return a study.

        Raises:
            MissingError: there is none of that name.
        """
        if not self.shelf.has(name):
            raise MissingError(f"there is no study '{name}'", hint=nearest(name, self.shelf.names()))
        return self.shelf.get(name)

    def entries(self) -> tuple[StudyEntry, ...]:
        """Return all studies, the newest first."""
        found = [self.entry(self.shelf.get(name)) for name in self.shelf.names()]
        return tuple(sorted(found, key=lambda entry: -entry.created_at))

    def entry(self, live: LiveStudy) -> StudyEntry:
        """Return a study in one line."""
        snapshot = live.snapshot()
        told: StudyEntry = live.derive(snapshot, "entry", partial(_entry, live, snapshot))
        standing = self.crew.standing(told.name)
        return told.model_copy(
            update={
                "state": standing.state,
                "reason": standing.reason,
                "queue_position": standing.queue_position,
            }
        )

    def detail(self, live: LiveStudy) -> StudyDetail:
        """Return a study in full."""
        snapshot = live.snapshot()
        creation = live.study.history.creation
        names = dict.fromkeys(name for fact in snapshot.facts for name in fact.row.parameters)
        return StudyDetail(
            entry=self.entry(live),
            summary=snapshot.summary,
            spec=dict(creation.spec),
            space=dict(creation.search_space),
            parameters=tuple(names),
            folder=str(live.folder),
        )

    def inspection(self, name: str) -> DatasetInspection:
        """Return what a data set holds; it is read once, for studies need data that stay as they are.

        Raises:
            MissingError: there is no data set of that name.
            DataError: nothing of it can be used.
        """
        entry = self.datasets.get(name)
        key = entry.model_dump_json()
        if key not in self._inspections:
            told = errand.run("inspect", {"path": entry.path, "options": entry.options})
            self._inspections[key] = _inspection(told)
        return self._inspections[key]

    def delete(self, name: str) -> None:
        """Delete a study with its record and models.

        Raises:
            ConflictError: it runs.
            MissingError: there is none of that name.
        """
        folder = self.study(name).folder
        self.crew.forget(name)
        doomed = folder.with_name(f".{name}.deleted")
        shutil.rmtree(doomed, ignore_errors=True)
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)

    def _history(self, name: str, *, fresh: bool) -> History:
        live = self.study(name)
        if fresh:
            live.snapshot(age_s=0.0)
        else:
            live.snapshot()
        return live.study.history


_MOST_LISTED = 100


def _inspection(told: dict[str, Any]) -> DatasetInspection:
    fields = {name: told[name] for name in DatasetInspection.model_fields}
    fields["duplicates"] = told["duplicates"][:_MOST_LISTED]
    fields["problems"] = told["problems"][:_MOST_LISTED]
    fields["axes"] = [{name: axis[name] for name in AxisFigures.model_fields} for axis in told["axes"]]
    return DatasetInspection.model_validate(fields)


def _entry(live: LiveStudy, snapshot: Snapshot) -> StudyEntry:
    summary, history = snapshot.summary, live.study.history
    limits = history.spec.limits
    session = history.sessions[-1] if history.sessions else None
    return StudyEntry(
        name=summary.name,
        state=StudyState.CREATED,  # the crew knows better
        reason="",
        version=snapshot.version,
        task=summary.task,
        metric=summary.metric,
        dataset=summary.dataset.name,
        search_space=summary.search_space,
        sampler=summary.sampler,
        seed=summary.seed,
        workers=summary.workers,
        counts=_counts(snapshot),
        trials_limit=limits.trials if session is None else session.trials,
        time_limit_s=limits.time if session is None else session.time_s,
        elapsed_s=summary.elapsed_s,
        created_at=history.created_at,
        changed_at=history.changed_at,
        queue_position=None,
        devices=tuple(_standing(live, snapshot, place) for place in range(len(summary.budgets))),
        sparkline=_sparkline(live, snapshot),
    )


def _counts(snapshot: Snapshot) -> Counts:
    states = Counter(fact.row.state for fact in snapshot.facts)
    return Counts(len(snapshot.facts), *(states[state] for state in State))


def _standing(live: LiveStudy, snapshot: Snapshot, place: int) -> DeviceStanding:
    budget = snapshot.summary.budgets[place]
    front = live.front(snapshot, budget.device)
    best = snapshot.facts[front[0]].row if front else None
    placed = (fact.row for fact in snapshot.facts if fact.row.quality is not None)
    return DeviceStanding(
        device=budget.device,
        title=budget.title,
        ram_bytes=budget.ram_bytes,
        flash_bytes=budget.flash_bytes,
        latency_ms=budget.latency_ms,
        fitting=sum(row.devices[budget.device].fits for row in placed),
        front=len(front),
        best=None if best is None else best.quality,
        best_trial=None if best is None else best.number,
        hypervolume=live.course(snapshot, budget.device)[-1][1],
    )


_POINTS = 60


def _sparkline(live: LiveStudy, snapshot: Snapshot) -> tuple[float, ...]:
    """Return the mean hypervolume of the devices at up to 60 points, evenly spaced over the trials so far."""
    total = len(snapshot.facts)
    if not total:
        return ()
    places = np.unique(np.linspace(1, total, min(_POINTS, total)).round())
    courses = []
    for device in live.goals.devices:
        steps = live.course(snapshot, device)
        trials, covered = [trials for trials, _ in steps], np.array([0.0, *(covered for _, covered in steps)])
        courses.append(covered[np.searchsorted(trials, places, side="right")])
    return tuple(float(value) for value in np.mean(courses, axis=0))
