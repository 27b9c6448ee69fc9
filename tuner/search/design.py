"""Candidates by their parameters, built and costed once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuner.candidate import Candidate, Scalar
from tuner.search.domain import Domain
from tuner.search.objectives import excess
from tuner.search.problem import Cost, Problem, Suggest
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest

_REMEMBERED = 20_000
"""Costs kept, so that memory stays bounded however long a study runs."""


@dataclass(frozen=True, eq=False)
class Design:
    """A candidate with the choices that led to it."""

    parameters: Mapping[str, Scalar]
    domains: Mapping[str, Domain]
    """What each parameter could have been, given the ones before it."""
    candidate: Candidate

    @cached_property
    def id(self) -> str:
        """The candidate's id: designs that differ only in choices without effect share it."""
        return self.candidate.id


class Designs:
    """What a sampler has looked at in one problem.

    A memory, not a state: all it returns follows from the problem and the arguments.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._replayed: dict[tuple[tuple[str, str], ...], Design] = {}
        self._pool: list[Design] = []
        self._costs: OrderedDict[str, Cost | None] = OrderedDict()

    def replay(self, parameters: Mapping[str, Scalar]) -> Design:
        """Return the design of recorded parameters.

        Raises:
            InputError: the space asks for something else.
        """
        # By their spelling, because True == 1 == 1.0.
        key = tuple(sorted((name, repr(value)) for name, value in parameters.items()))
        if key not in self._replayed:
            self._replayed[key] = self.draw(FixedSuggest(parameters))
        return self._replayed[key]

    def draw(self, suggest: Suggest) -> Design:
        """Return the design that a source of choices leads to."""
        recording = RecordingSuggest(suggest)
        candidate = self.problem.space.sample(recording)
        return Design(recording.parameters, recording.domains, candidate)

    def pool(self, count: int) -> list[Design]:
        """Return the first `count` of an endless series of random designs."""
        for index in range(len(self._pool), count):
            rng = np.random.default_rng((self.problem.seed, 0, index))
            self._pool.append(self.draw(RandomSuggest(rng)))
        return self._pool[:count]

    def near(self, design: Design, rng: np.random.Generator, *, changes: int) -> Design:
        """Return a neighbour: some parameters moved a little, and what comes to depend on them drawn at random."""
        names = [name for name in design.parameters if not design.domains[name].single]
        moved = dict(design.parameters)
        for name in rng.choice(names, size=min(changes, len(names)), replace=False) if names else ():
            moved[str(name)] = design.domains[str(name)].near(moved[str(name)], rng)
        return self.draw(FixedSuggest(moved, otherwise=RandomSuggest(rng)))

    def cost(self, design: Design) -> Cost | None:
        """Return the cost of a design, or `None` if it cannot be built."""
        if design.id not in self._costs:
            self._costs[design.id] = self.problem.cost(design.candidate)
            if len(self._costs) > _REMEMBERED:
                self._costs.popitem(last=False)
        self._costs.move_to_end(design.id)
        return self._costs[design.id]

    def excess(self, design: Design) -> float:
        """Return by how much a design misses the device that it misses by least; at most 0 if it fits one."""
        cost = self.cost(design)
        if cost is None:
            return float("inf")
        return min(excess(cost, device) for device in self.problem.devices)
