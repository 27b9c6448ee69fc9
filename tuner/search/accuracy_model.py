"""A model of the error a candidate will have, learnt from the trials so far."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from threadpoolctl import threadpool_limits

from tuner.candidate import Scalar
from tuner.search.design import Design
from tuner.search.domain import Choice, Domain
from tuner.search.gaussian_process import GaussianProcess, Trend
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

_RELEARNT = 1.1
"""The process learns anew which inputs matter whenever the trials have grown by this factor."""


class Trends:
    """What was learnt from earlier trials about the inputs that matter; all of it follows from the trials."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Trend] = OrderedDict()

    def of(self, points: Floats, errors: Floats) -> Trend:
        """Return what the first of the trials tell: all while there are few, else up to the last relearning."""
        count = len(errors)
        if count > 16:
            count = int(16 * _RELEARNT ** math.floor(math.log(count / 16 + 1e-9, _RELEARNT)) + 1e-9)
        chosen = _most_telling(errors[:count])
        points, errors = points[chosen], errors[chosen]
        key = hashlib.sha256(points.tobytes() + errors.tobytes()).digest()
        if key not in self._known:
            self._known[key] = Trend.of(points, errors)
            if len(self._known) > 8:
                self._known.popitem(last=False)
        return self._known[key]


class AccuracyModel:
    """A Gaussian process and extremely randomized trees (Geurts et al., 2006), each heard for half.

    The process learns smooth trends from few trials and knows what it has not seen; the trees find what hangs on
    conditions. Where they differ, the doubt is larger.

    Args:
        points: N × C features of the trials.
        errors: N.
        trees: size of the ensemble.
        seed: of the ensemble.
        trends: what is known already about the inputs that matter.
        expected: M × C features of trials that run; they leave the means as they are, and less doubt around them.
    """

    def __init__(
        self,
        points: Float32,
        errors: Floats,
        *,
        trees: int,
        seed: int,
        trends: Trends | None = None,
        expected: Float32 | None = None,
    ) -> None:
        with threadpool_limits(1):
            self._forest = ExtraTreesRegressor(
                n_estimators=trees, min_samples_leaf=2, max_features=0.7, bootstrap=True, random_state=seed
            )
            self._forest.fit(points, errors)
            filled = _filled(points)
            trend = (trends or Trends()).of(filled, errors)
            few = _most_telling(errors)
            self._process = GaussianProcess(trend, filled[few], errors[few])
            if expected is not None and len(expected):
                waiting = _filled(expected)
                mean, _ = self._process.predict(waiting)
                joined = np.concatenate([filled[few], waiting]), np.concatenate([errors[few], mean])
                self._process = GaussianProcess(trend, *joined)
        # Trials of like candidates differ by chance; below a tenth of the spread of the errors, doubt is no doubt.
        self._floor = max(1e-4, 0.1 * float(np.std(errors)))

    def predict(self, points: Float32) -> tuple[Floats, Floats]:
        """Return the mean and the standard deviation of the error of each."""
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
