"""Every candidate of a grid, once."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tuner.candidate import Scalar
from tuner.search.domain import Domain
from tuner.search.problem import Observation, Problem
from tuner.search.suggest import DomainSuggest, RecordingSuggest


@dataclass
class Grid:
    """Goes through a grid: all options of a choice, a few levels of a range; conditions included.

    In the order of a count whose first digit is the first choice; the order of each choice's options is shuffled by
    the seed. After the last candidate it begins again.
    """

    levels: int = 4
    """Values of a range, if it has more."""
    _memory: _Walked | None = field(default=None, init=False, repr=False, compare=False)

    def propose(
        self,
        problem: Problem,
        history: Sequence[Observation],  # noqa: ARG002 (a grid learns nothing)
        number: int,
    ) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        if self._memory is None or self._memory.problem is not problem:
            self._memory = _Walked(problem, self.levels)
        return self._memory.candidate(number)


class _Walked:
    """The candidates counted off so far; they follow from the problem."""

    def __init__(self, problem: Problem, levels: int) -> None:
        self.problem = problem
        self._levels = levels
        self._found: list[Mapping[str, Scalar]] = []
        self._count = 0
        self._widest = 1
        """The most candidates that the counts can tell apart on any way through the space walked so far."""

    def candidate(self, number: int) -> Mapping[str, Scalar]:
        while len(self._found) <= number and self._count < self._widest:
            digits = _Digits(self._count, self._levels, self.problem.seed)
            recording = RecordingSuggest(digits)
            self.problem.space.sample(recording)
            # What is left over of the count means that a smaller count led here before.
            if digits.left == 0:
                self._found.append(recording.parameters)
            self._widest = max(self._widest, digits.options)
            self._count += 1
        return self._found[number % len(self._found)]


class _Digits(DomainSuggest):
    """Reads the choices off a count, one digit each."""

    def __init__(self, count: int, levels: int, seed: int) -> None:
        self.left = count
        self.options = 1
        self._levels = levels
        self._seed = seed

    def answer(self, name: str, domain: Domain) -> Scalar:
        values: Sequence[Scalar] = domain.levels(self._levels)
        self.left, digit = divmod(self.left, len(values))
        self.options *= len(values)
        order = np.random.default_rng((self._seed, zlib.crc32(name.encode()))).permutation(len(values))
        return values[int(order[digit])]
