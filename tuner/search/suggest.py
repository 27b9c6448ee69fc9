"""Where a search space gets its choices from: chance or a record; and what it asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from tuner.candidate import Scalar
from tuner.errors import InputError, nearest
from tuner.search.domain import Choice, Domain, Integer, Real
from tuner.search.problem import Suggest


class DomainSuggest(ABC):
    """A `Suggest` that answers questions of every kind in one place."""

    @abstractmethod
    def answer(self, name: str, domain: Domain) -> Scalar:
        """Return a value of the domain."""

    def choice(self, name: str, options: Sequence[Scalar]) -> Scalar:
        """Return one of the options."""
        return self.answer(name, Choice(tuple(options)))

    def integer(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Return a whole number between `low` and `high`, both included."""
        return int(self.answer(name, Integer(low, high, step, log)))

    def real(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        """Return a number between `low` and `high`, both included."""
        return float(self.answer(name, Real(low, high, step, log)))


class RandomSuggest(DomainSuggest):
    """Draws every value at random; in a logarithmic range, every ratio alike."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def answer(self, name: str, domain: Domain) -> Scalar:  # noqa: ARG002 (chance needs no name)
        """Return a value of the domain."""
        return domain.draw(self._rng)


class FixedSuggest(DomainSuggest):
    """Gives back the parameters of a record.

    Args:
        parameters: value by name; names that the space does not ask for are ignored.
        otherwise: asked for what the record lacks or where its value is not allowed; without it that is an error.
    """

    def __init__(self, parameters: Mapping[str, Scalar], *, otherwise: Suggest | None = None) -> None:
        self._parameters = parameters
        self._otherwise = otherwise

    def answer(self, name: str, domain: Domain) -> Scalar:
        """Return the recorded value.

        Raises:
            InputError: the record has no such name, or its value is outside of the domain.
        """
        recorded = name in self._parameters
        if recorded and self._parameters[name] in domain:
            return self._parameters[name]
        if self._otherwise is not None:
            return ask(self._otherwise, name, domain)
        if recorded:
            raise InputError(
                f"parameter '{name}' is {self._parameters[name]!r}, expected {domain}",
                hint="the record comes from another search space, or the space has changed since",
            )
        raise InputError(
            f"the parameters give no value for '{name}', which the search space asks for as {domain}",
            hint=nearest(name, self._parameters),
        )


class RecordingSuggest(DomainSuggest):
    """Passes every question on and keeps the answers; a name asked for twice is answered once."""

    def __init__(self, inner: Suggest) -> None:
        self._inner = inner
        self.parameters: dict[str, Scalar] = {}
        """The answers so far, by name, in the order of the questions."""
        self.domains: dict[str, Domain] = {}
        """What each could have been."""

    def answer(self, name: str, domain: Domain) -> Scalar:
        """Return what the inner one answers.

        Raises:
            ValueError: the name was asked for before with another domain; a space gives each parameter its own.
        """
        if name not in self.domains:
            self.parameters[name] = ask(self._inner, name, domain)
            self.domains[name] = domain
        elif self.domains[name] != domain:
            raise ValueError(f"parameter '{name}' is asked for twice: as {self.domains[name]} and as {domain}")
        return self.parameters[name]


def ask(suggest: Suggest, name: str, domain: Domain) -> Scalar:
    """Put the question that fits the domain."""
    match domain:
        case Choice(options):
            return suggest.choice(name, options)
        case Integer(low, high, step, log):
            return suggest.integer(name, low, high, step=step, log=log)
        case Real(low, high, real_step, log):
            return suggest.real(name, low, high, step=real_step, log=log)
