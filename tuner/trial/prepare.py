"""From recordings to the features that networks are trained on: once per data, window and preprocessing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from tuner.candidate import Candidate, canonical_json
from tuner.data.windows import count_windows, cut, window_signal
from tuner.dsp import chain
from tuner.dsp.block import Float32
from tuner.dsp.standardize import Standardizer
from tuner.errors import BuildError
from tuner.models import input_scale
from tuner.tasks import Truth, joined, taught
from tuner.trial.feature_cache import Arrays, FeatureCache
from tuner.trial.task import Context, TrialTask

_FORM = 2
"""Raised when the same settings come to give other features, so that old cache entries are not read."""

_WINDOWS_BYTES = 256 * 1024**2
"""Memory of the windows held at a time while features are extracted."""


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """Features of windows, and what is true of each."""

    features: Float32
    truth: Truth


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What all trials of one window and preprocessing share. Features are standardised."""

    train: Windowed
    validation: Windowed
    standardizer: Standardizer


def features_key(context: Context, candidate: Candidate) -> str:
    """Name the features by all that shapes them."""
    parts = {
        "form": _FORM,
        "dataset": context.dataset.fingerprint,
        "task": context.task.name,
        "labels": context.dataset.labels,
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
        Windowed(arrays["train_features"], arrays["train_truth"]),
        Windowed(arrays["validation_features"], arrays["validation_truth"]),
        Standardizer(tuple(arrays["mean"].tolist()), tuple(arrays["deviation"].tolist())),
    )


def as_architecture_reads(prepared: Prepared, candidate: Candidate) -> Prepared:
    """Return the features standardised as the candidate's network expects them, if it does not learn that itself."""
    scale = input_scale(candidate.architecture)
    if scale is None:
        return prepared
    own = prepared.standardizer
    wanted = Standardizer(*((value,) * len(own.mean) for value in scale))

    def again(part: Windowed) -> Windowed:
        features = part.features * np.asarray(own.deviation, np.float32) + np.asarray(own.mean, np.float32)
        return Windowed(wanted.apply(features), part.truth)

    return Prepared(again(prepared.train), again(prepared.validation), wanted)


def _extract(context: Context, candidate: Candidate) -> Arrays:
    train, train_truth = features_of(context, candidate, context.train)
    validation, validation_truth = features_of(context, candidate, context.validation)
    learned = taught(context.task, train_truth)
    if not learned.any():
        raise BuildError("no window of the training split is normal, so there is nothing to learn")
    standardizer = Standardizer.fit(train[learned])
    return {
        "train_features": standardizer.apply(train),
        "train_truth": train_truth,
        "validation_features": standardizer.apply(validation),
        "validation_truth": validation_truth,
        "mean": np.array(standardizer.mean),
        "deviation": np.array(standardizer.deviation),
    }


def features_of(context: Context, candidate: Candidate, recordings: tuple[str, ...]) -> tuple[Float32, Truth]:
    """Return the features of all windows of some recordings, not standardised, and what is true of the windows.

    Windows overlap and are wider than the data they are cut from, so they are held for a few recordings at a time; the
    features of all have to fit in memory, the data need not.
    """
    features, truth, dataset = [], [], context.dataset
    for batch in _batches(context, candidate, recordings):
        windows = cut(dataset, batch, candidate.window)
        extracted = chain.extract_all(candidate.preprocessing, windows.values, windows.signal, windows.recordings)
        if not np.isfinite(extracted).all():
            raise BuildError("the preprocessing gives features that are not finite on this data")
        features.append(extracted)
        truth.append(context.task.truth(dataset.select(batch), windows, dataset.labels, candidate.preprocessing))
    return np.concatenate(features), joined(truth)


def _batches(context: Context, candidate: Candidate, recordings: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield recordings whose windows together take a bounded amount of memory; one that takes more stands alone."""
    signal = window_signal(context.dataset, candidate.window)
    window_bytes = 4 * signal.samples * len(signal.axes)
    counts = count_windows(context.dataset, recordings, candidate.window)
    batch: list[str] = []
    held = 0
    for recording, count in zip(recordings, counts, strict=True):
        if count and batch and held + count * window_bytes > _WINDOWS_BYTES:
            yield tuple(batch)
            batch, held = [], 0
        if count:
            batch.append(recording)
            held += int(count) * window_bytes
    yield tuple(batch) or recordings  # none fits a window: cutting them says so
