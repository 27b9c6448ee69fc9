"""What a trial is worth: whether it fits, its objectives, and the share of all wishes that a study fulfils.

On a device's front a resource counts as the share of its budget, and the error as the share of the problem's
`worst_error`. So the last kilobyte of a full board is worth as much as the first, and a board with room to spare asks
for accuracy. (On a logarithmic scale most of the volume lies where models are tiny, and the search spends its trials
there: on real motion data it hardly tried a convolution.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tuner.search.front import Points, non_dominated
from tuner.search.hypervolume import contribution
from tuner.search.problem import Cost, Observation

DECADES = 3
"""A need below 10 ** -DECADES of the budget counts as that much."""


class Goals(Protocol):
    """What a study wants; a `Problem` says so."""

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices, each with a front."""

    @property
    def resources(self) -> tuple[str, ...]:
        """The objectives beside the error."""

    @property
    def worst_error(self) -> float:
        """The error from which on a trial is worth nothing."""


def scaled(usage: float) -> float:
    """Return a need, given as a share of its budget, on a logarithmic scale: 1 at the budget, 0 at a thousandth."""
    return 1 + math.log10(max(usage, 10.0**-DECADES)) / DECADES


def fits(cost: Cost, device: str) -> bool:
    """Whether the candidate keeps every budget of the device."""
    return excess(cost, device) <= 0


def excess(cost: Cost, device: str) -> float:
    """Return the largest excess over a budget of the device, as a share of it; at most 0 if it fits."""
    return max(_constraints(cost, device).values(), default=0.0)


def nearest_constraints(cost: Cost, goals: Goals) -> dict[str, float]:
    """Return the constraints of the device that the candidate fits best or misses by least.

    A trial is worth training if it fits one device; whether it fits the others too is no constraint.
    """
    device = min(goals.devices, key=lambda name: excess(cost, name))
    return _constraints(cost, device)


def device_point(observation: Observation, device: str, goals: Goals) -> tuple[float, ...] | None:
    """Return (error, resource, …) of a complete trial on a device, all from 0 to 1; `None` if it does not fit."""
    if observation.error is None or observation.cost is None or not fits(observation.cost, device):
        return None
    usage = observation.cost.usage
    return (
        observation.error / goals.worst_error,
        *(usage[f"{device}/{resource}"] for resource in goals.resources),
    )


def device_front(history: Sequence[Observation], device: str, goals: Goals) -> tuple[Observation, ...]:
    """Return the trials that no other trial beats on the device, in the order of their numbers."""
    placed = [(trial, point) for trial in history if (point := device_point(trial, device, goals)) is not None]
    if not placed:
        return ()
    mask = non_dominated([point for _, point in placed])
    return tuple(trial for (trial, _), kept in zip(placed, mask, strict=True) if kept)


def objectives(observation: Observation, goals: Goals) -> tuple[float, ...]:
    """Return (error, resource, …) of a complete trial for samplers that know nothing of devices, all minimized.

    A resource is its mean over the devices on the logarithmic scale: the geometric mean of the shares of their
    budgets. It orders trials by what they need, whichever boards they fit.

    Raises:
        ValueError: the trial is not complete.
    """
    if observation.error is None or observation.cost is None:
        raise ValueError(f"trial {observation.number} is {observation.state} and has no objectives")
    usage = observation.cost.usage
    return (
        observation.error,
        *(
            float(np.mean([scaled(usage[f"{device}/{resource}"]) for device in goals.devices]))
            for resource in goals.resources
        ),
    )


def hypervolume_history(history: Sequence[Observation], goals: Goals) -> list[float]:
    """Return the hypervolume after each trial of the history: the mean over the devices, from 0 to 1."""
    courses = [device_hypervolumes(history, device, goals) for device in goals.devices]
    return [float(covered) for covered in np.mean(courses, axis=0)]


def device_hypervolumes(history: Sequence[Observation], device: str, goals: Goals) -> list[float]:
    """Return the hypervolume of a device's front after each trial of the history, from 0 to 1.

    It is the volume that the front covers below the worst error and the budgets. Read as a probability: that a
    wish drawn at random (an accuracy, and limits on each resource) can be fulfilled.
    """
    coverage = Coverage(device, goals)
    return [coverage.add(trial) for trial in history]


class Coverage:
    """The hypervolume of a device's front as trials are told one after another."""

    def __init__(self, device: str, goals: Goals) -> None:
        self._device = device
        self._goals = goals
        self._front: Points = np.empty((0, 1 + len(goals.resources)))
        self.hypervolume = 0.0

    def add(self, trial: Observation) -> float:
        """Take a trial in and return the hypervolume with it."""
        point = device_point(trial, self._device, self._goals)
        if point is None:
            return self.hypervolume
        gain = contribution(point, self._front, np.ones(1 + len(self._goals.resources)))
        if gain > 0:
            joined = np.vstack([self._front, point])
            self._front = joined[non_dominated(joined)]
            self.hypervolume += gain
        return self.hypervolume


def _constraints(cost: Cost, device: str) -> dict[str, float]:
    return {name: value for name, value in cost.constraints.items() if name.rpartition("/")[0] == device}
