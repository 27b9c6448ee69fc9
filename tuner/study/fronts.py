"""The Pareto front of each device, and which models are worth keeping."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.record import Trial
from tuner.search.front import non_dominated

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


def worth_keeping(trials: Sequence[Trial], devices: Sequence[str], resources: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the trials whose models are kept: all fronts and the best few."""
    trained = [trial for trial in trials if trial.score is not None]
    best = sorted(trained, key=lambda trial: (-(trial.score or 0.0), trial.number))[:_BEST_KEPT]
    on_fronts = (trial for device in devices for trial in device_front(trained, device, resources))
    return frozenset(trial.number for trial in (*best, *on_fronts))


def best_on(trials: Sequence[Trial], device: str) -> float | None:
    """Return the best validation accuracy among the converted models that fit a device, `None` without any."""
    return max((trial.score for trial in trials if trial.score is not None and trial.fits(device)), default=None)
