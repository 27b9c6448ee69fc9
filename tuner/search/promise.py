"""What an untrained candidate promises the fronts of all devices."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tuner.search.accuracy_model import AccuracyModel, Features, Float32, Trends, features, matrix
from tuner.search.acquisition import Limits
from tuner.search.design import Design, Designs
from tuner.search.objectives import fits
from tuner.search.problem import Observation, Prior, Problem

Floats = NDArray[np.float64]
Trial = tuple[Observation, Design]


class Describer:
    """Describes each design once."""

    def __init__(self, designs: Designs) -> None:
        self._designs = designs
        self._features: WeakKeyDictionary[Design, Features] = WeakKeyDictionary()
        self._needs: WeakKeyDictionary[Design, Floats] = WeakKeyDictionary()
        self._rows: WeakKeyDictionary[Design, Float32] = WeakKeyDictionary()
        self._columns: Sequence[str] = ()
        self.trends = Trends()
        self.prior: list[tuple[Prior, Design]] = [
            (prior, designs.replay(prior.parameters)) for prior in designs.problem.prior
        ]
        """What earlier searches have learnt."""

    def features(self, chosen: Sequence[Design]) -> list[Features]:
        """Return what the accuracy model learns from."""
        for design in chosen:
            if design not in self._features:
                self._features[design] = features(design, self._designs.cost(design), self._designs.problem)
        return [self._features[design] for design in chosen]

    def points(self, chosen: Sequence[Design], columns: Sequence[str]) -> Float32:
        """Return N × C features."""
        if columns != self._columns:
            self._rows, self._columns = WeakKeyDictionary(), columns
        new = [design for design in chosen if design not in self._rows]
        rows, _ = matrix(self.features(new), columns)
        self._rows.update(zip(new, rows, strict=True))
        return np.array([self._rows[design] for design in chosen], np.float32).reshape(len(chosen), len(columns))

    def needs(self, chosen: Sequence[Design]) -> Floats:
        """Return N × D × R: needs as shares of the budgets of D devices, infinite where a design does not fit."""
        for design in chosen:
            if design not in self._needs:
                self._needs[design] = self._needs_of(design)
        problem = self._designs.problem
        shape = (len(chosen), len(problem.devices), len(problem.resources))
        return np.array([self._needs[design] for design in chosen], dtype=np.float64).reshape(shape)

    def _needs_of(self, design: Design) -> Floats:
        problem, cost = self._designs.problem, self._designs.cost(design)
        needs = np.full((len(problem.devices), len(problem.resources)), np.inf)
        for place, device in enumerate(problem.devices):
            if cost is not None and fits(cost, device):
                needs[place] = [cost.usage[f"{device}/{resource}"] for resource in problem.resources]
        return needs


class Promise:
    """Expected hypervolume improvement, the mean over the devices.

    Args:
        problem: the search.
        describe: features and needs of its designs.
        trials: the history; the complete ones teach, failed ones count as the worst error, and pending ones as
            done with the error that the others let expect.
        around: feasible designs; none promises anything below the least they need of each resource.
        trees: size of the ensemble.
        limits: number of limits on the resources, a power of two.
        seed: of the ensemble and of the limits.
    """

    def __init__(
        self,
        problem: Problem,
        describe: Describer,
        trials: Sequence[Trial],
        around: Sequence[Design],
        *,
        trees: int,
        limits: int,
        seed: int,
    ) -> None:
        self._describe = describe
        complete = [design for trial, design in trials if trial.error is not None]
        failed = [design for trial, design in trials if trial.state == "failed"]
        pending = [design for trial, design in trials if trial.state == "pending"]
        reached = [trial.error / problem.worst_error for trial, _ in trials if trial.error is not None]
        errors = np.array(reached + [1.0] * len(failed))
        learnt = [*complete, *failed]
        prior = describe.prior
        shares = np.array([trial.fidelity for trial, _ in trials if trial.error is not None] + [1.0] * len(failed))
        self._partly = bool((shares < 1).any())
        self._sources = tuple(dict.fromkeys(known.source for known, _ in prior))
        known = [design for _, design in prior]
        _, self._columns = matrix(describe.features([*learnt, *known]))
        here = self._points(learnt, shares)
        there = self._points(known, sources=[known.source for known, _ in prior])
        self._model = AccuracyModel(
            np.concatenate([here, there]),
            np.concatenate([errors, [known.error for known, _ in prior]]),
            trees=trees,
            seed=seed,
            trends=describe.trends,
            expected=self._points(pending),
        )
        if pending:
            expected, _ = self._model.predict(self._points(pending))
            errors = np.concatenate([errors, expected])
        needs = describe.needs([*complete, *failed, *pending])
        least = describe.needs(around).min(axis=0, initial=1.0)
        self._limits = [
            Limits.sample(least[place], count=limits, seed=seed).after(needs[:, place], errors)
            for place in range(len(problem.devices))
        ]

    def of(self, chosen: Sequence[Design]) -> Floats:
        """Return what each design promises."""
        if not chosen:
            return np.zeros(0)
        mean, deviation = self._model.predict(self._points(chosen))
        needs = self._describe.needs(chosen)
        promised = [
            limits.expected_improvement(needs[:, place], mean, deviation) for place, limits in enumerate(self._limits)
        ]
        return np.asarray(np.mean(promised, axis=0))

    def _points(
        self, chosen: Sequence[Design], shares: Floats | None = None, sources: Sequence[str] | None = None
    ) -> Float32:
        """Return N × C features.

        Where some trials had a share of their training only, that share is one more, and so is each earlier study that
        some come from: what is guessed is the error after the whole training, in this study.
        """
        points: list[Float32] = [self._describe.points(chosen, self._columns)]
        if self._partly:
            had = np.ones(len(chosen)) if shares is None else shares
            points.append((1 + np.log10(np.maximum(had, 1e-2))[:, None] / 2).astype(np.float32))
        of = np.array([""] * len(chosen) if sources is None else sources, dtype=object)
        points += [(of == source).astype(np.float32)[:, None] for source in self._sources]
        return np.hstack(points)
