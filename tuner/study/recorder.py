"""Where every change of a study goes: into its record, then into its history."""

from __future__ import annotations

import time
from typing import Any

from tuner.store.event import Event, Kind, Store
from tuner.study.artifacts import ArtifactFolder
from tuner.study.fronts import Keeping
from tuner.study.history import History


class Recorder:
    """Writes events, and deletes the models that are worth keeping no longer.

    Args:
        history: takes the events in once they are written.
        store: takes them first.
        artifacts: holds the models.
    """

    def __init__(self, history: History, store: Store, artifacts: ArtifactFolder) -> None:
        self._history = history
        self._store = store
        self._artifacts = artifacts
        self._devices = tuple(budget.device for budget in history.creation.budgets)
        self._resources = history.spec.resources
        # Scores may change then, and whoever takes the place of a member of a front at the end needs a model.
        repeats = history.spec.repeats > 1 or bool(history.creation.folds)
        self._keeps_all = repeats or history.spec.scheduler.halving is not None
        self._keeping = Keeping(self._devices, self._resources, history.trials)

    def __call__(self, what: tuple[Kind, dict[str, Any]]) -> None:
        """Write an event and take it into the history."""
        event = Event(*what, at=time.time())
        self._store.append(event)
        self._history.apply(event)
        if event.kind is Kind.TOLD and not self._keeps_all:
            trial = self._history.trial(int(event.payload["number"]))
            self._keeping.add(trial)
            if trial.score is not None:
                self._artifacts.keep(self._keeping.numbers)

    def settle(self) -> None:
        """Delete the models that are worth keeping no longer, at the end of a search whose scores may have changed."""
        self._keeping = Keeping(self._devices, self._resources, self._history.trials)
        self._artifacts.keep(self._keeping.numbers)
