"""The Pareto front of each device, and which models are worth keeping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tuner.record import Trial
from tuner.search.front import Points, non_dominated

_BEST_KEPT = 5


def resource_value(trial: Trial, device: str, resource: str) -> float:
    """Return what a trial needs on a device: bytes of "ram" or "flash", milliseconds of "latency"."""
    appraisal = trial.appraisal
    if appraisal is None:
        raise ValueError(f"trial {trial.number} could not be built and has no cost")
    cost = appraisal.cost(device)
    return {"ram": cost.ram, "flash": cost.flash, "latency": cost.latency}[resource].total.value


def device_front(trials: Sequence[Trial], device: str, resources: Sequence[str]) -> tuple[Trial, ...]:
    """Return the trained trials that fit the device and that no other such trial beats.

    Ordered from the most accurate to the cheapest; of trials equal in every objective the first stays.
    """
    fitting = [trial for trial in trials if trial.score is not None and trial.fits(device)]
    if not fitting:
        return ()
    points = [objectives(trial, device, resources) for trial in fitting]
    mask = non_dominated(points)
    front: dict[tuple[float, ...], Trial] = {}
    for trial, point, kept in zip(fitting, points, mask, strict=True):
        if kept:
            front.setdefault(point, trial)
    return tuple(front[point] for point in sorted(front))


def objectives(trial: Trial, device: str, resources: Sequence[str]) -> tuple[float, ...]:
    """Return (error, resource, …) of a trained trial on a device, all to be minimized."""
    if trial.score is None:
        raise ValueError(f"trial {trial.number} is {trial.state} and has no score")
    return (1.0 - trial.score, *(resource_value(trial, device, resource) for resource in resources))


class Keeping:
    """Which models are kept, as trials come in one after another: those of all fronts and of the best few.

    What is not worth keeping when it comes in never will be, so a trial is compared with the fronts alone.
    """

    def __init__(self, devices: Sequence[str], resources: Sequence[str], trials: Iterable[Trial] = ()) -> None:
        self._resources = resources
        self._fronts: dict[str, tuple[Points, tuple[int, ...]]] = {
            device: (np.empty((0, 1 + len(resources))), ()) for device in devices
        }
        self._best: list[tuple[float, int]] = []
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Take a trial in; of those equal in every objective the first stays."""
        if trial.score is None:
            return
        self._best = sorted([*self._best, (-trial.score, trial.number)])[:_BEST_KEPT]
        for device, (points, numbers) in self._fronts.items():
            if not trial.fits(device):
                continue
            point = np.array(objectives(trial, device, self._resources))
            if (points <= point).all(axis=1).any():
                continue
            stays = np.asarray(~(points >= point).all(axis=1))
            left = tuple(number for number, kept in zip(numbers, stays.tolist(), strict=True) if kept)
            self._fronts[device] = np.vstack([points[stays], point]), (*left, trial.number)

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the trials whose models are kept."""
        on_fronts = (number for _, numbers in self._fronts.values() for number in numbers)
        return frozenset((*on_fronts, *(number for _, number in self._best)))
