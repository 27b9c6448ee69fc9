"""Which parameters the accuracy hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold

from tuner.candidate import Scalar
from tuner.record import Trial

LEAST_TRIALS = 12
"""Fewer trained trials tell nothing."""

_MOST_TRIALS = 800
_ABSENT = -1e9


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a parameter tells about the accuracy."""

    name: str
    share: float
    """By how much the squared error of prediction rises when the parameter is shuffled, as a share of the accuracy's
    variance; about 0 if it tells nothing."""
    deviation: float
    """Standard deviation over the folds."""


@dataclass(frozen=True, slots=True)
class Importances:
    """All parameters' importance, and how far the model behind it can be believed."""

    parameters: tuple[Importance, ...]
    """From the most important to the least."""
    explained: float
    """Share of the variance of the accuracy that the model explains on trials it did not see (R²)."""
    trials: int
    """Trained trials behind it."""


def importances(trials: Sequence[Trial], *, seed: int = 0) -> Importances | None:
    """Return the permutation importance (Breiman, 2001) of each parameter for the accuracy of the converted model.

    Extremely randomized trees predict the accuracy of each fifth of the trials from the other four; then one
    parameter at a time is shuffled in that fifth.

    Returns:
        `None` if fewer than `LEAST_TRIALS` trials were trained, or all have one accuracy or the same parameters.
        Of more than 800 trained trials, 800 drawn at random are used.
    """
    trained = [trial for trial in trials if trial.score is not None]
    rng = np.random.default_rng(seed)
    if len(trained) > _MOST_TRIALS:
        trained = [trained[int(place)] for place in np.sort(rng.choice(len(trained), _MOST_TRIALS, replace=False))]
    scores = np.array([trial.score for trial in trained], dtype=np.float64)
    if len(trained) < LEAST_TRIALS or np.ptp(scores) == 0:
        return None
    points, groups = _encoded([trial.parameters for trial in trained])
    if not groups:
        return None
    rises, errors = [], []
    for train, test in KFold(5, shuffle=True, random_state=seed).split(points):
        forest = ExtraTreesRegressor(n_estimators=60, min_samples_leaf=2, random_state=seed)
        forest.fit(points[train], scores[train])
        error = float(np.mean((forest.predict(points[test]) - scores[test]) ** 2))
        errors.append(error)
        shuffled = [_shuffled(points[test], columns, rng) for columns in groups.values()]
        guessed = forest.predict(np.vstack(shuffled)).reshape(len(shuffled), -1)
        truth = np.tile(scores[test], guessed.shape[1] // len(test))
        rises.append(np.mean((guessed - truth) ** 2, axis=1) - error)
    variance = float(scores.var())
    share, deviation = np.mean(rises, axis=0) / variance, np.std(rises, axis=0) / variance
    found = [Importance(name, float(share[i]), float(deviation[i])) for i, name in enumerate(groups)]
    found.sort(key=lambda importance: -importance.share)
    return Importances(tuple(found), 1 - float(np.mean(errors)) / variance, len(trained))


_REPEATS = 4


def _shuffled(points: NDArray[np.float32], columns: Sequence[int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the points several times over, with some columns shuffled together."""
    copies = np.tile(points, (_REPEATS, 1))
    for repeat in range(_REPEATS):
        rows = slice(repeat * len(points), (repeat + 1) * len(points))
        copies[rows, columns] = points[rng.permutation(len(points))][:, columns]
    return copies


def _encoded(parameters: Sequence[Mapping[str, Scalar]]) -> tuple[NDArray[np.float32], dict[str, list[int]]]:
    """Return N × C features, and the columns of each parameter that varies."""
    columns: list[list[float]] = []
    groups: dict[str, list[int]] = {}
    for name in dict.fromkeys(name for row in parameters for name in row):
        values = [row.get(name) for row in parameters]
        if len(set(values)) < 2:
            continue
        texts = sorted({value for value in values if isinstance(value, str)})
        encoded = [[float(value == text) for value in values] for text in texts]
        if not texts:
            encoded = [[_ABSENT if value is None else float(value) for value in values]]
        groups[name] = list(range(len(columns), len(columns) + len(encoded)))
        columns += encoded
    return np.array(columns, dtype=np.float32).T.reshape(len(parameters), len(columns)), groups
