"""Choosing a model for a device: by limits, or the best compromise. The test split has no say in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tuner.errors import InputError, NothingFitsError
from tuner.record import RESOURCES, Trial
from tuner.search.front import knee
from tuner.study.fronts import device_front, objectives, resource_value
from tuner.units import format_bytes, format_milliseconds, parse_bytes, parse_milliseconds


@dataclass(frozen=True, slots=True)
class Wish:
    """What the model must keep on its device; what is left out is not limited beyond the study's budget."""

    max_ram_bytes: float | None = None
    max_flash_bytes: float | None = None
    max_latency_ms: float | None = None
    min_accuracy: float | None = None

    def limit(self, resource: str) -> float | None:
        """Return the limit on "ram", "flash" or "latency"."""
        return {"ram": self.max_ram_bytes, "flash": self.max_flash_bytes, "latency": self.max_latency_ms}[resource]


def wish(
    *,
    max_ram: str | int | None = None,
    max_flash: str | int | None = None,
    max_latency: str | None = None,
    min_accuracy: float | None = None,
) -> Wish:
    """Read limits as people write them: "32 KiB", "20 ms", 0.9.

    Raises:
        InputError: one is not written as expected.
    """
    if min_accuracy is not None and not 0 <= min_accuracy <= 1:
        raise InputError(f"a least accuracy of {min_accuracy:g}, expected 0 to 1", hint="write 90 % as 0.9")
    return Wish(
        max_ram_bytes=None if max_ram is None else parse_bytes(max_ram),
        max_flash_bytes=None if max_flash is None else parse_bytes(max_flash),
        max_latency_ms=None if max_latency is None else parse_milliseconds(max_latency),
        min_accuracy=min_accuracy,
    )


def choose(trials: Sequence[Trial], device: str, limits: Wish, knee_of: Sequence[str] | None = None) -> Trial:
    """Return the model to take.

    Of the trained candidates that fit the device and keep the limits: the most accurate, and among equals the
    cheapest. If a least accuracy is asked for: the cheapest that reaches it. "Cheapest" has the least product of
    RAM, flash and latency, so that halving any of them is worth the same.

    Args:
        trials: all of a study's.
        device: its name.
        limits: what to keep.
        knee_of: resources; if given, the best compromise between the error and these on the front of what keeps
            the limits is returned instead.

    Raises:
        NothingFitsError: no trained candidate does; the hint names the one that comes nearest.
    """
    fitting = [trial for trial in trials if trial.score is not None and trial.fits(device)]
    kept = [trial for trial in fitting if not _misses(trial, device, limits)]
    if not kept:
        raise NothingFitsError(_nothing(device, fitting), hint=_nearest(fitting, device, limits))
    if knee_of is not None:
        front = device_front(kept, device, knee_of)
        return front[knee([objectives(trial, device, knee_of) for trial in front])]
    if limits.min_accuracy is not None:
        return min(kept, key=lambda trial: (_cost(trial, device), -_score(trial), trial.number))
    return min(kept, key=lambda trial: (-_score(trial), _cost(trial, device), trial.number))


def _misses(trial: Trial, device: str, limits: Wish) -> list[tuple[float, str]]:
    """Return by what share each limit is missed, with a sentence."""
    misses = []
    for resource in RESOURCES:
        limit, need = limits.limit(resource), resource_value(trial, device, resource)
        if limit is not None and need > limit:
            excess = need / limit - 1 if limit > 0 else math.inf
            misses.append((excess, f"{resource} {_written(resource, need)} (+{excess:.0%})"))
    if limits.min_accuracy is not None and _score(trial) < limits.min_accuracy:
        short = limits.min_accuracy - _score(trial)
        misses.append((short / max(1e-9, 1 - limits.min_accuracy), f"accuracy {_score(trial):.1%} (−{short:.1%})"))
    return misses


def _nothing(device: str, fitting: Sequence[Trial]) -> str:
    if not fitting:
        return f"no trained candidate fits {device}"
    return f"none of the {len(fitting)} trained candidates that fit {device} keeps these limits"


def _nearest(fitting: Sequence[Trial], device: str, limits: Wish) -> str:
    if not fitting:
        return "see what was rejected and why with `tuner report`"
    nearest = min(fitting, key=lambda trial: (sum(share for share, _ in _misses(trial, device, limits)), trial.number))
    missed = ", ".join(sentence for _, sentence in _misses(nearest, device, limits))
    return f"trial {nearest.number} comes nearest: {missed}"


def _score(trial: Trial) -> float:
    assert trial.score is not None
    return trial.score


def _cost(trial: Trial, device: str) -> float:
    return math.prod(resource_value(trial, device, resource) for resource in RESOURCES)


def _written(resource: str, value: float) -> str:
    return format_milliseconds(value) if resource == "latency" else format_bytes(value)
