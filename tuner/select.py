"""Choosing a model for a device: by limits, or the best compromise. The test split has no say in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner.errors import InputError, NothingFitsError
from tuner.metrics import quality_text
from tuner.record import RESOURCES, Trial
from tuner.search.front import knee
from tuner.study.fronts import resource_value
from tuner.units import format_bytes, format_milliseconds, parse_bytes, parse_milliseconds


@dataclass(frozen=True, slots=True)
class Wish:
    """What the model must keep on its device; what is left out is not limited beyond the study's budget."""

    max_ram_bytes: float | None = None
    max_flash_bytes: float | None = None
    max_latency_ms: float | None = None
    min_accuracy: float | None = None
    metric: str = "accuracy"
    """What `min_accuracy` is a least value of: the quality of the study's task."""

    def limit(self, resource: str) -> float | None:
        """Return the limit on "ram", "flash" or "latency"."""
        return {"ram": self.max_ram_bytes, "flash": self.max_flash_bytes, "latency": self.max_latency_ms}[resource]


def wish(
    *,
    max_ram: str | int | None = None,
    max_flash: str | int | None = None,
    max_latency: str | None = None,
    min_accuracy: float | None = None,
    metric: str = "accuracy",
) -> Wish:
    """Read limits as people write them: "32 KiB", "20 ms", 0.9.

    Raises:
        InputError: one is not written as expected.
    """
    if min_accuracy is not None and not 0 <= min_accuracy <= 1:
        raise InputError(f"a least {metric} of {min_accuracy:g}, expected 0 to 1", hint="write 90 % as 0.9")
    return Wish(
        max_ram_bytes=None if max_ram is None else parse_bytes(max_ram),
        max_flash_bytes=None if max_flash is None else parse_bytes(max_flash),
        max_latency_ms=None if max_latency is None else parse_milliseconds(max_latency),
        min_accuracy=min_accuracy,
        metric=metric,
    )


@dataclass(frozen=True, slots=True)
class Option:
    """A trained model that fits the device."""

    trial: int
    quality: float
    """Of the converted model on the validation split; higher is better."""
    needs: Mapping[str, float]
    """Bytes of "ram" and "flash", milliseconds of "latency"."""

    @property
    def cost(self) -> float:
        """The product of the needs, so that halving any of them is worth the same."""
        return math.prod(self.needs.values())


@dataclass(frozen=True, slots=True)
class Step:
    """The best quality to be had for so much of one resource."""

    need: float
    quality: float
    trial: int


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
    options = [
        Option(trial.number, trial.score, {name: resource_value(trial, device, name) for name in RESOURCES})
        for trial in trials
        if trial.score is not None and trial.fits(device)
    ]
    chosen = ranked(options, device, limits, knee_of)[0]
    return next(trial for trial in trials if trial.number == chosen.trial)


def ranked(
    options: Sequence[Option], device: str, limits: Wish, knee_of: Sequence[str] | None = None
) -> tuple[Option, ...]:
    """Return the models that keep the limits, the one to take first; see `choose`.

    Raises:
        NothingFitsError: none does; the hint names the one that comes nearest.
    """
    kept = [option for option in options if not _misses(option, limits)]
    if not kept:
        raise NothingFitsError(_nothing(device, options), hint=_nearest(options, limits))
    if limits.min_accuracy is not None:
        kept.sort(key=lambda option: (option.cost, -option.quality, option.trial))
    else:
        kept.sort(key=lambda option: (-option.quality, option.cost, option.trial))
    if knee_of is not None:
        best = kept[knee([(1 - option.quality, *(option.needs[name] for name in knee_of)) for option in kept])]
        kept = [best, *(option for option in kept if option is not best)]
    return tuple(kept)


def stairs(options: Sequence[Option], limits: Wish, resource: str) -> tuple[Step, ...]:
    """Return what more of one resource buys while the limits on the others are kept.

    From the cheapest model on, those that are better than all cheaper ones.
    """
    others = Wish(
        max_ram_bytes=None if resource == "ram" else limits.max_ram_bytes,
        max_flash_bytes=None if resource == "flash" else limits.max_flash_bytes,
        max_latency_ms=None if resource == "latency" else limits.max_latency_ms,
    )
    kept = [option for option in options if not _misses(option, others)]
    kept.sort(key=lambda option: (option.needs[resource], -option.quality, option.trial))
    steps: list[Step] = []
    for option in kept:
        if not steps or option.quality > steps[-1].quality:
            steps.append(Step(option.needs[resource], option.quality, option.trial))
    return tuple(steps)


def _misses(option: Option, limits: Wish) -> list[tuple[float, str]]:
    """Return by what share each limit is missed, with a sentence."""
    misses = []
    for resource in RESOURCES:
        limit, need = limits.limit(resource), option.needs[resource]
        if limit is not None and need > limit:
            excess = need / limit - 1 if limit > 0 else math.inf
            misses.append((excess, f"{resource} {_written(resource, need)} (+{excess:.0%})"))
    if limits.min_accuracy is not None and option.quality < limits.min_accuracy:
        short = limits.min_accuracy - option.quality
        reached, lacking = (quality_text(value, limits.metric) for value in (option.quality, short))
        misses.append((short / max(1e-9, 1 - limits.min_accuracy), f"{limits.metric} {reached} (−{lacking})"))
    return misses


def _nothing(device: str, options: Sequence[Option]) -> str:
    if not options:
        return f"no trained candidate fits {device}"
    return f"none of the {len(options)} trained candidates that fit {device} keeps these limits"


def _nearest(options: Sequence[Option], limits: Wish) -> str:
    if not options:
        return "see what was rejected and why with `tuner report`"
    nearest = min(options, key=lambda option: (sum(share for share, _ in _misses(option, limits)), option.trial))
    missed = ", ".join(sentence for _, sentence in _misses(nearest, limits))
    return f"trial {nearest.trial} comes nearest: {missed}"


def _written(resource: str, value: float) -> str:
    return format_milliseconds(value) if resource == "latency" else format_bytes(value)
