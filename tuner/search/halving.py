"""Successive halving over several objectives: train many candidates a little, and only what helps a front further.

Asynchronous, as in Li et al., "A system for massively parallel hyperparameter tuning", 2020: a candidate goes on as
soon as it is among the best of those that came as far, so that no worker waits for a rung to fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from tuner.search.front import non_dominated
from tuner.search.objectives import Goals, device_point
from tuner.search.problem import Cost, Observation

Floats = NDArray[np.float64]

_LIMITS = 512
"""Limits on the resources over which the contribution to a front is averaged; a power of two."""


@dataclass(frozen=True, slots=True)
class Climber:
    """A trial as the scheduler sees it."""

    number: int
    cost: Cost
    errors: tuple[float, ...]
    """After each rung it has done: the error expected of it if it were trained to the end."""
    ended: bool
    """Training longer would change nothing: it stopped early, or failed."""
    running: bool
    """On its way to the next rung."""


@dataclass(frozen=True, slots=True)
class Halving:
    """When a trial pauses, and which one goes on.

    Of the trials that reached a rung, one in `reduction` goes on to the next: those that contribute most to the fronts.
    """

    rungs: int = 3
    """How often a trial is scored if it goes all the way."""
    reduction: int = 3
    """A rung trains so many times as long as the one before it."""

    def epochs(self, rung: int, most: int) -> int:
        """Return the epochs after which a trial of at most `most` epochs reaches a rung, counted from 0."""
        return max(1, round(most / float(self.reduction ** (self.rungs - 1 - rung))))

    def next(self, climbers: Sequence[Climber], goals: Goals) -> int | None:
        """Return the number of the trial that goes on to its next rung; `None` if none deserves it yet.

        The higher rungs first: what is nearly done is worth most.
        """
        for rung in reversed(range(self.rungs - 1)):
            reached = [climber for climber in climbers if len(climber.errors) > rung]
            places = len(reached) // self.reduction
            # A trial that ended here needs no further rung, and takes none of the places.
            on = sum(len(climber.errors) > rung + 1 or climber.running for climber in reached)
            if on >= places:
                continue
            worth = contributions(reached, rung, goals)
            best = sorted(range(len(reached)), key=lambda place: (-worth[place], reached[place].number))
            for place in best[:places]:
                climber = reached[place]
                if len(climber.errors) == rung + 1 and not (climber.ended or climber.running):
                    return climber.number
        return None


def contributions(climbers: Sequence[Climber], rung: int, goals: Goals) -> Floats:
    """Return what each trial's result at a rung adds to the fronts of the others there; what adds nothing is negative.

    The hypervolume that a trial covers alone is the mean, over all limits on the resources, of how far its error lies
    below the best other error within the limits. Trials that add nothing are told apart by how many beat them.
    """
    worth = np.zeros(len(climbers))
    beaten = np.zeros(len(climbers))
    for device in goals.devices:
        points = [
            device_point(Observation(climber.number, {}, "complete", climber.cost, climber.errors[rung]), device, goals)
            for climber in climbers
        ]
        fitting = np.array([place for place, point in enumerate(points) if point is not None], dtype=np.intp)
        if not len(fitting):
            continue
        placed = np.array([point for point in points if point is not None])
        worth[fitting] += _alone(placed) / len(goals.devices)
        beaten[fitting] += _layers(placed)
    return np.where(worth > 0, worth, -1 - beaten)


def _alone(points: Floats) -> Floats:
    """Return the volume that each of N × M points covers alone, below 1 in every objective."""
    error, usage = np.minimum(points[:, 0], 1.0), points[:, 1:]
    limits = qmc.Sobol(usage.shape[1], seed=0).random(_LIMITS) if usage.shape[1] else np.zeros((1, 0))
    kept = (usage[:, None, :] <= limits[None, :, :]).all(axis=2)
    reached = np.vstack([np.where(kept, error[:, None], 1.0), np.ones((1, len(limits)))])
    two = np.partition(reached, 1, axis=0)[:2]
    gains = (two[1] - two[0]) / len(limits)
    best = reached[:-1].argmin(axis=0)
    alone: Floats = np.bincount(best, weights=gains, minlength=len(points)).astype(np.float64)
    return alone


def _layers(points: Floats) -> Floats:
    """Return how many fronts lie before that of each point."""
    layer = np.zeros(len(points))
    left, depth = np.arange(len(points)), 0
    while len(left):
        mask = non_dominated(points[left])
        layer[left[mask]] = depth
        left, depth = left[~mask], depth + 1
    return layer
