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
    covered: float
    steps: tuple[tuple[int, float], ...]
    """Where the hypervolume changed: trials so far, and the new value."""
    trials: int


class Course:
    """The hypervolume of one device's front after each trial, in the order of their numbers.

    Trials may end out of order: what follows the first that has not ended is worked out anew each time.
    """

    def __init__(self, objectives: int) -> None:
        self._reference = np.ones(objectives)
        self._settled = _State(np.empty((0, objectives)), 0.0, (), 0)

    def steps(self, trials: Sequence[Ended]) -> tuple[tuple[int, float], ...]:
        """Return where the hypervolume changed, and the last value: pairs of trials so far and hypervolume."""
        pending = (place for place, (ended, _) in enumerate(trials) if not ended)
        firm = next(pending, len(trials))
        self._settled = self._on(self._settled, trials[self._settled.trials : firm])
        last = self._on(self._settled, trials[firm:])
        return (
            last.steps
            if last.steps and last.steps[-1][0] == last.trials
            else (*last.steps, (last.trials, last.covered))
        )

    def _on(self, state: _State, trials: Sequence[Ended]) -> _State:
        front, covered, steps, number = state.front, state.covered, list(state.steps), state.trials
        for _, point in trials:
            number += 1
            if point is not None and (gain := contribution(point, front, self._reference)) > 0:
                joined = np.vstack([front, point])
                front = joined[non_dominated(joined)]
                covered += gain
                steps.append((number, covered))
        return _State(front, covered, tuple(steps), number)
