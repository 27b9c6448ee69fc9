"""Our own sampler: only the accuracy is guessed, for the costs are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tuner.candidate import Scalar
from tuner.search.accuracy_model import matrix
from tuner.search.design import Design, Designs
from tuner.search.objectives import device_front
from tuner.search.problem import Observation, Problem
from tuner.search.promise import Describer, Promise, Trial


@dataclass
class Surrogate:
    """Looks at many costed candidates and proposes the one that promises the fronts most.

    It looks at a pool of random candidates that grows with the study and at neighbours of the most promising, guesses
    their errors with a Gaussian process and an ensemble of trees, and takes the one with the largest expected
    hypervolume improvement over all devices. Pending trials count as done with the error expected of them, so that
    parallel workers get different work. A candidate that fits no device is never proposed while one that fits was
    looked at. Where earlier searches of such candidates are known, it does without trials at the start: the model
    learns from them how candidates compare, and from the trials of this search how the two differ.
    """

    startup: int = 6
    """Trials at the start that are chosen to differ from each other."""
    pool: int = 512
    """Random candidates looked at first; costing one takes milliseconds, and each is costed once."""
    growth: int = 32
    """Random candidates that join the pool with every trial, up to eight times its first size."""
    neighbours: int = 32
    """Neighbours of the most promising candidates and of the fronts looked at, in each of two rounds."""
    trees: int = 24
    """Size of the ensemble."""
    limits: int = 256
    """Limits on the resources over which the improvement is averaged; a power of two."""
    _memory: tuple[Designs, Describer] | None = field(default=None, init=False, repr=False, compare=False)

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        if self._memory is None or self._memory[0].problem is not problem:
            designs = Designs(problem)
            self._memory = designs, Describer(designs)
        designs, describe = self._memory
        rng = np.random.default_rng((problem.seed, 4, number))
        trials = [(trial, designs.replay(trial.parameters)) for trial in history]
        looked = _Looked(designs, (design.id for _, design in trials))
        feasible = looked.at(designs.pool(min(self.pool + self.growth * number, 8 * self.pool)))
        if not feasible:
            feasible = looked.nearer(rng, count=self.pool)
        if not feasible:
            return looked.least_excess(otherwise=designs.pool(1)[0]).parameters
        complete = sum(trial.state == "complete" for trial in history)
        if complete < max(self.startup, 2) and not problem.prior:
            return _most_different(feasible, [design for _, design in trials], describe, rng).parameters
        promise = Promise(
            problem,
            describe,
            trials,
            feasible,
            trees=self.trees,
            limits=self.limits,
            seed=int(rng.integers(2**31)),
        )
        return self._climb(promise, feasible, looked, _fronts(problem, trials), rng).parameters

    def _climb(
        self, promise: Promise, feasible: list[Design], looked: _Looked, front: list[Design], rng: np.random.Generator
    ) -> Design:
        """Return the most promising design of those given and of neighbours found on the way."""
        promised = promise.of(feasible)
        for _ in range(2):
            best = [feasible[place] for place in np.argsort(-promised, kind="stable")[: self.neighbours // 4]]
            found = looked.near([*best, *front], rng, count=self.neighbours)
            promised = np.concatenate([promised, promise.of(found)])
            feasible = feasible + found
        return feasible[int(np.argmax(promised))]


class _Looked:
    """The designs looked at for one proposal; those of earlier trials are left out."""

    def __init__(self, designs: Designs, tried: Iterable[str]) -> None:
        self._designs = designs
        self._ids = set(tried)
        self._misfits: list[tuple[float, Design]] = []

    def at(self, chosen: Iterable[Design]) -> list[Design]:
        """Return those of the designs that are new and fit a device."""
        feasible = []
        for design in chosen:
            if design.id in self._ids:
                continue
            self._ids.add(design.id)
            excess = self._designs.excess(design)
            if excess <= 0:
                feasible.append(design)
            else:
                self._misfits.append((excess, design))
        return feasible

    def near(self, parents: Sequence[Design], rng: np.random.Generator, *, count: int) -> list[Design]:
        """Return new neighbours of the designs that fit a device."""
        chosen = [parents[int(rng.integers(len(parents)))] for _ in range(count)]
        return self.at([self._designs.near(design, rng, changes=int(rng.integers(1, 4))) for design in chosen])

    def nearer(self, rng: np.random.Generator, *, count: int) -> list[Design]:
        """Walk from the designs that miss by least towards those that fit, at most `count` steps wide."""
        for _ in range(8):
            best = [design for _, design in sorted(self._misfits, key=lambda misfit: misfit[0])[:4]]
            if not best:
                break
            feasible = self.near(best, rng, count=max(1, count // 8))
            if feasible:
                return feasible
        return []

    def least_excess(self, *, otherwise: Design) -> Design:
        """Return the new design that misses by least, or the other if every design was tried before."""
        return min(self._misfits, key=lambda misfit: misfit[0], default=(0.0, otherwise))[1]


def _fronts(problem: Problem, trials: Sequence[Trial]) -> list[Design]:
    """Return the designs on the front of any device."""
    history = [trial for trial, _ in trials]
    members = {trial.number for device in problem.devices for trial in device_front(history, device, problem)}
    return [design for trial, design in trials if trial.number in members]


def _most_different(
    feasible: Sequence[Design], tried: Sequence[Design], describe: Describer, rng: np.random.Generator
) -> Design:
    """Return the design farthest from those tried, of a handful drawn at random.

    Of all, it would always lie in a corner of the space.
    """
    handful = [feasible[int(place)] for place in rng.choice(len(feasible), min(8, len(feasible)), replace=False)]
    if not tried:
        return handful[0]
    points, _ = matrix(describe.features([*handful, *tried]))
    apart = np.abs(points[: len(handful), None, :] - points[None, len(handful) :, :]).mean(axis=2).min(axis=1)
    return handful[int(np.argmax(apart))]
