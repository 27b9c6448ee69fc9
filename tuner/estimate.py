"""A figure that knows its error, how it was obtained and from what."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """Unit of an estimate."""

    BYTES = "B"
    MILLISECONDS = "ms"
    MILLIJOULES = "mJ"


class Method(StrEnum):
    """How a figure was obtained, from least to most trusted."""

    PREDICTED = "predicted"
    """From the candidate's graph, before training."""
    CONVERTED = "converted"
    """From the bytes of the converted model."""
    SIMULATED = "simulated"
    """From a simulator or the runtime itself on another machine."""
    MEASURED = "measured"
    """On the board."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the interval that holds the truth in nine cases of ten.

    An exact figure has `low == value == high`.
    """

    value: float
    low: float
    high: float
    unit: Unit
    method: Method
    source: str

    def __post_init__(self) -> None:
        if not all(math.isfinite(figure) for figure in (self.value, self.low, self.high)):
            raise ValueError(f"an estimate must be finite, got {self.low} … {self.value} … {self.high}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"an estimate must lie in its interval, got {self.low} … {self.value} … {self.high}")

    @classmethod
    def exact(cls, value: float, unit: Unit, method: Method, source: str) -> Estimate:
        """Return a figure without error."""
        return cls(value, value, value, unit, method, source)

    @classmethod
    def within(cls, value: float, share: float, unit: Unit, method: Method, source: str) -> Estimate:
        """Return a figure that may be off by the factor `1 + share` either way."""
        return cls(value, value / (1 + share), value * (1 + share), unit, method, source)


@dataclass(frozen=True, slots=True)
class Part:
    """One named share of a total, e.g. the preprocessing's RAM."""

    name: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A resource by part; the total's interval adds the parts' errors as if they were one (the safe side)."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a breakdown needs at least one part")
        if len({part.estimate.unit for part in self.parts}) > 1:
            raise ValueError("the parts of a breakdown must share one unit")

    @property
    def total(self) -> Estimate:
        """The sum; its method is the least trusted one among the parts."""
        return total(part.estimate for part in self.parts)

    def part(self, name: str) -> Estimate:
        """Return the part of that name.

        Raises:
            KeyError: there is none.
        """
        for part in self.parts:
            if part.name == name:
                return part.estimate
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class DeviceCost:
    """What one candidate needs on one device.

    Parts are named alike everywhere: "network", "preprocessing", "input" (the buffer of one raw window)
    and "runtime" (interpreter, stack; code that every model needs).
    """

    device: str
    ram: Breakdown
    flash: Breakdown
    latency: Breakdown
    energy: Estimate | None
    """Per inference, preprocessing included; `None` where the board's active power is not published."""
    unsupported: tuple[str, ...] = ()
    """Operators that the device's runtime lacks; a model with any does not run there."""


_TRUST = tuple(Method)


def total(estimates: Iterable[Estimate]) -> Estimate:
    """Sum figures of one unit.

    Raises:
        ValueError: there are none.
    """
    figures = tuple(estimates)
    if not figures:
        raise ValueError("nothing to add up")
    return Estimate(
        value=sum(figure.value for figure in figures),
        low=sum(figure.low for figure in figures),
        high=sum(figure.high for figure in figures),
        unit=figures[0].unit,
        method=min((figure.method for figure in figures), key=_TRUST.index),
        source="; ".join(dict.fromkeys(figure.source for figure in figures)),
    )
