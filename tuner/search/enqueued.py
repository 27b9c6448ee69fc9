"""Candidates that the user wants tried first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuner.candidate import Scalar
from tuner.errors import ConfigError, nearest
from tuner.search.problem import Observation, Problem, Sampler, Space
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest


@dataclass(frozen=True)
class Enqueued:
    """Proposes given candidates, then what another sampler proposes.

    What a candidate leaves open is drawn at random.
    """

    first: Sequence[Mapping[str, Scalar]]
    then: Sampler

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        if number >= len(self.first):
            return self.then.propose(problem, history, number)
        return _completed(problem.space, self.first[number], problem.seed, number).parameters


def check_enqueued(space: Space, first: Sequence[Mapping[str, Scalar]], seed: int) -> None:
    """Check that the space asks for all that candidates say, and allows it.

    Raises:
        ConfigError: a name is asked for nowhere, or a value is not allowed there.
    """
    for number, given in enumerate(first):
        asked = _completed(space, given, seed, number)
        for name, value in given.items():
            if name not in asked.parameters:
                raise ConfigError(
                    f"enqueue[{number}]: the search space does not ask for '{name}' where the other choices lead to",
                    hint=nearest(name, asked.parameters),
                )
            if asked.parameters[name] != value:
                raise ConfigError(f"enqueue[{number}]: {name} is {value!r}, expected {asked.domains[name]}")


def _completed(space: Space, given: Mapping[str, Scalar], seed: int, number: int) -> RecordingSuggest:
    chance = RandomSuggest(np.random.default_rng((seed, 9, number)))
    recording = RecordingSuggest(FixedSuggest(given, otherwise=chance))
    space.sample(recording)
    return recording
