"""NSGA-II, one child at a time.

Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002; steady-state as in Durillo et
al., "On the effect of the steady-state selection scheme in multi-objective genetic algorithms", 2009, so that no
worker waits for a generation to end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tuner.candidate import Scalar
from tuner.search.design import Design, Designs
from tuner.search.front import Points, non_dominated
from tuner.search.objectives import nearest_constraints, objectives
from tuner.search.problem import Observation, Problem
from tuner.search.suggest import FixedSuggest, RandomSuggest


@dataclass
class Nsga2:
    """Crosses and mutates the best trials so far; rejected ones take part and lose to any that fits."""

    population: int = 24
    """Trials that may become parents, and random ones at the start."""
    crossover: float = 0.9
    """Share of children with two parents."""
    _designs: Designs | None = field(default=None, init=False, repr=False)

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        if self._designs is None or self._designs.problem is not problem:
            self._designs = Designs(problem)
        designs = self._designs
        rng = np.random.default_rng((problem.seed, 2, number))
        parents = _survivors(problem, history, self.population)
        known = {designs.replay(trial.parameters).id for trial in history}
        child = designs.draw(RandomSuggest(rng))
        for _ in range(20):
            if len(parents) == self.population:
                child = self._child(designs, parents, rng)
            if child.id not in known:
                break
            child = designs.draw(RandomSuggest(rng))
        return child.parameters

    def _child(self, designs: Designs, parents: Sequence[Observation], rng: np.random.Generator) -> Design:
        mother, father = (dict(parents[_tournament(len(parents), rng)].parameters) for _ in range(2))
        if rng.random() < self.crossover:
            for name in father:
                if name not in mother or rng.random() < 0.5:
                    mother[name] = father[name]
        child = designs.draw(FixedSuggest(mother, otherwise=RandomSuggest(rng)))
        return designs.near(child, rng, changes=int(rng.binomial(len(child.parameters), 1 / len(child.parameters))))


def _tournament(count: int, rng: np.random.Generator) -> int:
    """Return the better of two places; places are sorted from best to worst."""
    return int(min(rng.integers(count), rng.integers(count)))


def _survivors(problem: Problem, history: Sequence[Observation], count: int) -> list[Observation]:
    """Return the best trials, best first: by front, then by distance to their neighbours, then by excess."""
    complete = [trial for trial in history if trial.state == "complete"]
    ranked: list[Observation] = []
    points = np.array([objectives(trial, problem) for trial in complete]).reshape(
        len(complete), 1 + len(problem.resources)
    )
    left = np.arange(len(complete))
    while len(left) and len(ranked) < count:
        mask = non_dominated(points[left])
        front = left[mask]
        order = np.argsort(-_crowding(points[front]), kind="stable")
        ranked += [complete[index] for index in front[order]]
        left = left[~mask]
    missed = [trial for trial in history if trial.state == "rejected"]
    ranked += sorted(missed, key=lambda trial: _missed_by(trial, problem))
    return ranked[:count]


def _missed_by(trial: Observation, problem: Problem) -> float:
    if trial.cost is None:
        return float("inf")
    return sum(max(0.0, value) for value in nearest_constraints(trial.cost, problem).values())


def _crowding(points: Points) -> Points:
    """Return each point's distance to its neighbours along the front, infinite at its ends."""
    distance = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        spread = ordered[-1] - ordered[0]
        gaps = np.full(len(points), np.inf)
        gaps[1:-1] = (ordered[2:] - ordered[:-2]) / (spread if spread > 0 else 1.0)
        distance[order] += gaps
    return distance
