"""A model of the error a candidate will have, learnt from the trials so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from threadpoolctl import threadpool_limits

from tuner.candidate import Scalar
from tuner.search.design import Design
from tuner.search.domain import Choice, Domain
from tuner.search.gaussian_process import GaussianProcess
from tuner.search.objectives import scaled
from tuner.search.problem import Cost, Problem

Float32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Features = Mapping[str, float]

_ABSENT = -1.0
"""Below the range of every scaled parameter, so that one split tells where a parameter plays no part."""


def features(design: Design, cost: Cost | None, problem: Problem) -> Features:
    """Describe a design by its parameters, scaled by their domains, and by what is known of its network."""
    described: dict[str, float] = {}
    for name, value in design.parameters.items():
        described |= _encoded(name, value, design.domains[name])
    if cost is not None:
        described |= {f"cost {name}": math.log1p(max(0.0, value)) for name, value in cost.features.items()}
        for resource in problem.resources:
            shares = [scaled(cost.usage[f"{device}/{resource}"]) for device in problem.devices]
            described[f"usage {resource}"] = sum(shares) / len(shares)
    return described


_MOST = 250
"""Trials that the Gaussian process takes in; its work grows with their cube."""


class AccuracyModel:
    """A Gaussian process and extremely randomized trees (Geurts et al., 2006), each heard for half.

    The process learns smooth trends from few trials and knows what it has not seen; the trees find what hangs on
    conditions. Where they differ, the doubt is larger.
    """

    def __init__(self, described: Sequence[Features], errors: Floats, *, trees: int, seed: int) -> None:
        with threadpool_limits(1):
            points, self._columns = matrix(described)
            self._forest = ExtraTreesRegressor(
                n_estimators=trees, min_samples_leaf=2, max_features=0.7, bootstrap=True, random_state=seed
            )
            self._forest.fit(points, errors)
            few = _most_telling(errors)
            self._process = GaussianProcess(_filled(points[few]), errors[few])
        # Trials of like candidates differ by chance; below a tenth of the spread of the errors, doubt is no doubt.
        self._floor = max(1e-4, 0.1 * float(np.std(errors)))

    def predict(self, described: Sequence[Features]) -> tuple[Floats, Floats]:
        """Return the mean and the standard deviation of the error of each."""
        points, _ = matrix(described, self._columns)
        answers = np.array([tree.tree_.predict(points)[:, 0] for tree in self._forest.estimators_])
        with threadpool_limits(1):
            mean, deviation = self._process.predict(_filled(points))
        means = np.array([mean, answers.mean(axis=0)])
        variances = np.square([deviation, answers.std(axis=0)])
        both = means.mean(axis=0)
        variance = (variances + np.square(means - both)).mean(axis=0)
        return both, np.maximum(np.sqrt(variance), self._floor)


def matrix(described: Sequence[Features], columns: Sequence[str] = ()) -> tuple[Float32, Sequence[str]]:
    """Return N × C features and the names of the columns: those given, or all that occur."""
    columns = columns or sorted({name for description in described for name in description})
    rows = [[description.get(name, _ABSENT) for name in columns] for description in described]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(columns)), columns


def _filled(points: Float32) -> Floats:
    """Return the features with the middle of the scale where a parameter plays no part."""
    return np.where(points == _ABSENT, 0.5, points).astype(np.float64)


def _most_telling(errors: Floats) -> NDArray[np.intp]:
    """Return the places of the trials that a process can take in: the best ones, and an even sample of the others."""
    if len(errors) <= _MOST:
        return np.arange(len(errors))
    order = np.argsort(errors, kind="stable")
    best, others = order[: _MOST // 2], order[_MOST // 2 :]
    spread = others[np.linspace(0, len(others) - 1, _MOST - len(best)).astype(np.intp)]
    return np.sort(np.concatenate([best, spread]))


def _encoded(name: str, value: Scalar, domain: Domain) -> Features:
    if isinstance(domain, Choice):
        if domain.ordered:
            ranks = sorted(float(option) for option in domain.options)
            return {name: ranks.index(float(value)) / max(1, len(ranks) - 1)}
        return {f"{name}={option}": float(option == value) for option in domain.options}
    low, high, at = float(domain.low), float(domain.high), float(value)
    if domain.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return {name: (at - low) / (high - low) if high > low else 0.0}
