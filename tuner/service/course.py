"""How the front of a device grew, kept up as trials end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuner.search.front import Points, non_dominated
from tuner.search.hypervolume import contribution

Ended = tuple[bool, tuple[float, ...] | None]
"""Whether a trial has ended, and its point on the device if it has one."""


@dataclass(frozen=True, slots=True)
class _State:
    """After a number of trials."""

    front: Points
    covered: float = 0.0
    steps: tuple[tuple[int, float], ...] = ()
    """Where the hypervolume changed: trials so far, and the new value."""
    trials: tuple[Ended, ...] = ()


class Course:
    """The hypervolume of one device's front after each trial, in the order of their numbers.

    Trials may end out of order: what follows the first that has not ended is worked out anew each time.
    """

    def __init__(self, objectives: int) -> None:
        self._reference = np.ones(objectives)
        self._settled = self._start = _State(np.empty((0, objectives)))

    def steps(self, trials: Sequence[Ended]) -> tuple[tuple[int, float], ...]:
        """Return where the hypervolume changed, and the last value: pairs of trials so far and hypervolume."""
        pending = (place for place, (ended, _) in enumerate(trials) if not ended)
        firm = next(pending, len(trials))
        known = self._settled.trials
        if tuple(trials[: len(known)]) != known:  # a member of a front was trained again, and has another mean
            self._settled, known = self._start, ()
        self._settled = self._on(self._settled, trials[len(known) : firm])
        last = self._on(self._settled, trials[firm:])
        total = len(last.trials)
        return last.steps if last.steps and last.steps[-1][0] == total else (*last.steps, (total, last.covered))

    def _on(self, state: _State, trials: Sequence[Ended]) -> _State:
        front, covered, steps = state.front, state.covered, list(state.steps)
        for number, (_, point) in enumerate(trials, start=len(state.trials) + 1):
            if point is not None and (gain := contribution(point, front, self._reference)) > 0:
                joined = np.vstack([front, point])
                front = joined[non_dominated(joined)]
                covered += gain
                steps.append((number, covered))
        return _State(front, covered, tuple(steps), (*state.trials, *trials))
