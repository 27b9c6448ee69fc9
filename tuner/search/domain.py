"""What values a parameter may take."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuner.candidate import Scalar

_REACHES = (0.2, 0.05)
"""Shares of a range of numbers by which a neighbour is moved: to find another place, and to settle in one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options, in no order unless all are numbers."""

    options: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError("a choice needs at least one option")

    def __contains__(self, value: object) -> bool:
        return any(_same(value, option) for option in self.options)

    def __str__(self) -> str:
        return f"one of {', '.join(str(option) for option in self.options)}"

    @property
    def single(self) -> bool:
        """Whether there is nothing to choose."""
        return len(self.options) == 1

    @property
    def ordered(self) -> bool:
        """Whether the options are numbers, so that one can be more than another."""
        return all(isinstance(option, int | float) and not isinstance(option, bool) for option in self.options)

    def index(self, value: Scalar) -> int:
        """Return the place of an option.

        Raises:
            ValueError: it is none of them.
        """
        for index, option in enumerate(self.options):
            if _same(value, option):
                return index
        raise ValueError(f"{value!r} is not {self}")

    def draw(self, rng: np.random.Generator) -> Scalar:
        """Return an option at random."""
        return self.options[int(rng.integers(len(self.options)))]

    def at(self, share: float) -> Scalar:
        """Return the option at a share (0 … 1, 1 excluded) of the way from the first to the last."""
        return self.options[int(share * len(self.options))]

    def levels(self, most: int) -> tuple[Scalar, ...]:  # noqa: ARG002 (a choice is not thinned out)
        """Return all options."""
        return self.options

    def near(self, value: Scalar, rng: np.random.Generator) -> Scalar:
        """Return another option, an adjacent one if they have an order; `value` itself if it is the only one."""
        if self.single:
            return self.options[0]
        at = self.index(value)
        if self.ordered:
            ranks = sorted(range(len(self.options)), key=lambda index: float(self.options[index]))
            place = ranks.index(at)
            beside = [rank for rank in (place - 1, place + 1) if 0 <= rank < len(ranks)]
            return self.options[ranks[beside[int(rng.integers(len(beside)))]]]
        others = [index for index in range(len(self.options)) if index != at]
        return self.options[others[int(rng.integers(len(others)))]]


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number between `low` and `high`, both included, that is `low` plus a multiple of `step`."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.step, log=self.log)
        if self.log and self.step != 1:
            raise ValueError("a logarithmic range of whole numbers has the step 1")

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return self.low <= value <= self.high and (value - self.low) % self.step == 0

    def __str__(self) -> str:
        step = f" in steps of {self.step}" if self.step != 1 else ""
        return f"a whole number from {self.low} to {self.high}{step}"

    @property
    def single(self) -> bool:
        """Whether there is nothing to choose."""
        return self.low + self.step > self.high

    def draw(self, rng: np.random.Generator) -> int:
        """Return a number at random; in a logarithmic range, of every ratio alike."""
        if self.log:
            drawn = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
            return min(max(round(drawn), self.low), self.high)
        return self.low + self.step * int(rng.integers((self.high - self.low) // self.step + 1))

    def at(self, share: float) -> int:
        """Return the number at a share (0 … 1, 1 excluded) of the way from `low` to `high`."""
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return min(max(round(math.exp(low + share * (high - low))), self.low), self.high)
        return self.low + self.step * int(share * ((self.high - self.low) // self.step + 1))

    def levels(self, most: int) -> tuple[int, ...]:
        """Return all numbers, or `most` spread evenly (in a logarithmic range, by ratio) if there are more."""
        count = (self.high - self.low) // self.step + 1
        if count <= most:
            return tuple(range(self.low, self.high + 1, self.step))
        if self.log:
            return tuple(dict.fromkeys(round(value) for value in np.geomspace(self.low, self.high, most)))
        return tuple(self.low + self.step * round(place) for place in np.linspace(0, count - 1, most))

    def near(self, value: Scalar, rng: np.random.Generator) -> int:
        """Return another number, about a fifth of the range away; `value` itself if it is the only one."""
        top = self.low + (self.high - self.low) // self.step * self.step
        if self.single:
            return self.low
        at = float(value)
        if self.log:
            drawn = at * math.exp(0.2 * math.log(top / self.low) * rng.standard_normal())
        else:
            drawn = at + max(0.2 * (top - self.low), self.step) * rng.standard_normal()
        moved = self.low + self.step * round((drawn - self.low) / self.step)
        if moved == at:
            moved += self.step if drawn >= at else -self.step
        if not self.low <= moved <= top:
            moved = min(max(moved, self.low), top)
        return moved if moved != at else int(at) + (self.step if at == self.low else -self.step)


@dataclass(frozen=True, slots=True)
class Real:
    """A number between `low` and `high`, both included; with a step, `low` plus a multiple of it."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, 1 if self.step is None else self.step, log=self.log)
        if self.log and self.step is not None:
            raise ValueError("a logarithmic range has no step")

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not self.low - slack <= value <= self.high + slack:
            return False
        steps = 0.0 if self.step is None else (value - self.low) / self.step
        return abs(steps - round(steps)) < 1e-6

    def __str__(self) -> str:
        step = f" in steps of {self.step:g}" if self.step is not None else ""
        return f"a number from {self.low:g} to {self.high:g}{step}"

    @property
    def single(self) -> bool:
        """Whether there is nothing to choose."""
        return self.low == self.high or (self.step is not None and self._steps == 0)

    def draw(self, rng: np.random.Generator) -> float:
        """Return a number at random; in a logarithmic range, of every ratio alike."""
        if self.log:
            return self._snap(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        if self.step is not None:
            return self._snap(self.low + self.step * float(rng.integers(self._steps + 1)))
        return self._snap(rng.uniform(self.low, self.high))

    def at(self, share: float) -> float:
        """Return the number at a share (0 … 1) of the way from `low` to `high`."""
        if self.log:
            return self._snap(self.low * (self.high / self.low) ** share)
        if self.step is not None:
            return self._snap(self.low + self.step * min(int(share * (self._steps + 1)), self._steps))
        return self._snap(self.low + share * (self.high - self.low))

    def levels(self, most: int) -> tuple[float, ...]:
        """Return `most` numbers spread evenly (in a logarithmic range, by ratio), or all if they are fewer."""
        return tuple(dict.fromkeys(self.at(share) for share in np.linspace(0, 1, most)))

    def near(self, value: Scalar, rng: np.random.Generator) -> float:
        """Return another number, about a fifth of the range away, or a twentieth as often."""
        at = float(value)
        wide = float(rng.choice(_REACHES)) * rng.standard_normal()
        if self.log:
            return self._snap(at * (self.high / self.low) ** wide)
        reach = wide * (self.high - self.low)
        return self._snap(at + (reach if self.step is None else math.copysign(max(abs(reach), self.step), reach)))

    @property
    def _steps(self) -> int:
        return 0 if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9)

    def _snap(self, value: float) -> float:
        if self.step is None:
            return min(max(float(value), self.low), self.high)
        count = min(max(round((value - self.low) / self.step), 0), self._steps)
        # Rounded, so that 0.1 + 2 × 0.1 is written 0.3.
        return round(self.low + count * self.step, 12)


Domain = Choice | Integer | Real


def _check_range(low: float, high: float, step: float, *, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"a range goes from low to high, got {low} … {high}")
    if not step > 0:
        raise ValueError(f"a step is positive, got {step}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic range starts above 0, got {low}")


def _same(value: object, option: Scalar) -> bool:
    """Whether a value is the option; True is not 1 here, as it is in Python."""
    return isinstance(value, bool) == isinstance(option, bool) and value == option
