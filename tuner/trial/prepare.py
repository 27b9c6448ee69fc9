"""From recordings to the features that networks are trained on: once per data, window and preprocessing."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Candidate, canonical_json
from tuner.data.windows import cut
from tuner.dsp import chain
from tuner.dsp.standardize import Standardizer
from tuner.errors import BuildError
from tuner.training.values import Examples
from tuner.trial.feature_cache import Arrays, FeatureCache
from tuner.trial.task import Context, TrialTask

_FORM = 1
"""Raised when the same settings come to give other features, so that old cache entries are not read."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What all trials of one window and preprocessing share. Features are standardised."""

    train: Examples
    validation: Examples
    standardizer: Standardizer


def features_key(context: Context, candidate: Candidate) -> str:
    """Name the features by all that shapes them."""
    parts = {
        "form": _FORM,
        "dataset": context.dataset.fingerprint,
        "train": context.train,
        "validation": context.validation,
        "window": asdict(candidate.window),
        "preprocessing": candidate.to_json()["preprocessing"],
        "blocks": [file.sha256 for file in context.blocks],
    }
    return hashlib.sha256(canonical_json(parts)).hexdigest()[:32]


def prepare(context: Context, task: TrialTask) -> Prepared:
    """Cut windows, extract features and standardise them by the training split, or take them from the cache.

    Raises:
        BuildError: no window fits, or the preprocessing does not fit the windows.
        DataError: a recording cannot be read any more.
    """
    cache, key = FeatureCache(context.cache), features_key(context, task.candidate)
    arrays = cache.get(key)
    if arrays is None:
        arrays = _extract(context, task.candidate)
        cache.put(key, arrays)
    return Prepared(
        Examples(arrays["train_features"], arrays["train_truth"]),
        Examples(arrays["validation_features"], arrays["validation_truth"]),
        Standardizer(tuple(arrays["mean"].tolist()), tuple(arrays["deviation"].tolist())),
    )


def _extract(context: Context, candidate: Candidate) -> Arrays:
    train, train_truth = features_of(context, candidate, context.train)
    validation, validation_truth = features_of(context, candidate, context.validation)
    standardizer = Standardizer.fit(train)
    return {
        "train_features": standardizer.apply(train),
        "train_truth": train_truth,
        "validation_features": standardizer.apply(validation),
        "validation_truth": validation_truth,
        "mean": np.array(standardizer.mean),
        "deviation": np.array(standardizer.deviation),
    }


def features_of(
    context: Context, candidate: Candidate, recordings: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the features of all windows of some recordings, not standardised, and the windows' classes."""
    windows = cut(context.dataset, recordings, candidate.window)
    features = chain.extract_all(candidate.preprocessing, windows.values, windows.signal, windows.recordings)
    if not np.isfinite(features).all():
        raise BuildError("the preprocessing gives features that are not finite on this data")
    return features, windows.labels
