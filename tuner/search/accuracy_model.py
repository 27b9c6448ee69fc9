"""A model of the error a candidate will have, learnt from the trials so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor

from tuner.candidate import Scalar
from tuner.search.design import Design
from tuner.search.domain import Choice, Domain
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


class AccuracyModel:
    """Extremely randomized trees (Geurts et al., 2006): they take conditional spaces as they are.

    Each tree sees a bootstrap sample, so that trees differ where trials are few; the spread of their answers is
    the model's doubt.
    """

    def __init__(self, described: Sequence[Features], errors: Floats, *, trees: int, seed: int) -> None:
        points, self._columns = matrix(described)
        self._forest = ExtraTreesRegressor(
            n_estimators=trees, min_samples_leaf=2, max_features=0.7, bootstrap=True, random_state=seed
        )
        self._forest.fit(points, errors)
        # Trials of like candidates differ by chance; below a tenth of the spread of the errors, doubt is no doubt.
        self._floor = max(1e-4, 0.1 * float(np.std(errors)))

    def predict(self, described: Sequence[Features]) -> tuple[Floats, Floats]:
        """Return the mean and the standard deviation of the error of each."""
        points, _ = matrix(described, self._columns)
        answers = np.array([tree.tree_.predict(points)[:, 0] for tree in self._forest.estimators_])
        return answers.mean(axis=0), np.maximum(answers.std(axis=0), self._floor)


def matrix(described: Sequence[Features], columns: Sequence[str] = ()) -> tuple[Float32, Sequence[str]]:
    """Return N × C features and the names of the columns: those given, or all that occur."""
    columns = columns or sorted({name for description in described for name in description})
    rows = [[description.get(name, _ABSENT) for name in columns] for description in described]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(columns)), columns


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
