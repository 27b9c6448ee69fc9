"""The values of each axis of a data set: their range and spread, and whether a sensor was at the end of its range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tuner.data.dataset import Dataset, Float32, Recording

_STRETCH_SAMPLES = 1 << 20
"""Samples of a recording held at a time."""

_CLIPPED_PAIRS = 10
"""Neighbours that share the extreme value of an axis; fewer happen by chance."""


@dataclass(frozen=True, slots=True)
class AxisSummary:
    """The values of one axis over all recordings."""

    name: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    clipped: float
    """Share of samples that stay at the axis's extreme value, as where a sensor is at the end of its range."""
    clipped_recordings: int


class _AxisTally:
    """Sums over all samples of a data set, an array of one value per axis each."""

    def __init__(self, axes: int) -> None:
        self.count = 0
        self.about = np.zeros(axes)
        """The first sample. Sums are of differences from it, or those of pressures in pascal would lose the changes."""
        self.sum = np.zeros(axes)
        self.squares = np.zeros(axes)
        self.least = _Extreme(axes)
        self.most = _Extreme(axes)

    def add(self, values: Float32, recording: str) -> None:
        """Take in a stretch, samples × axes."""
        if not self.count:
            self.about = values[0].astype(np.float64)
        exact = values - self.about
        self.count += len(values)
        self.sum += exact.sum(axis=0)
        self.squares += (exact**2).sum(axis=0)
        self.least.add(-values, recording)
        self.most.add(values, recording)


class _Extreme:
    """The largest value of each axis, and how often two neighbours share it."""

    def __init__(self, axes: int) -> None:
        self.value = np.full(axes, -np.inf)
        self.pairs = np.zeros(axes, np.int64)
        self.recordings: list[set[str]] = [set() for _ in range(axes)]

    def add(self, values: Float32, recording: str) -> None:
        largest = values.max(axis=0)
        for axis in np.flatnonzero(largest > self.value):
            self.value[axis], self.pairs[axis] = largest[axis], 0
            self.recordings[axis].clear()
        for axis in np.flatnonzero(largest == self.value):
            there = values[:, axis] == largest[axis]
            if pairs := int(np.count_nonzero(there[1:] & there[:-1])):
                self.pairs[axis] += pairs
                self.recordings[axis].add(recording)


def summarise_axes(dataset: Dataset) -> tuple[AxisSummary, ...]:
    """Look at every value once, a stretch at a time.

    Raises:
        DataError: a recording cannot be read any more.
    """
    tally = _AxisTally(len(dataset.axes))
    for recording, values in _stretches(dataset):
        tally.add(values, recording.id)
    mean = tally.sum / tally.count
    deviation = np.sqrt(np.maximum(tally.squares / tally.count - mean**2, 0))
    mean += tally.about
    return tuple(
        AxisSummary(
            name=name,
            minimum=float(-tally.least.value[axis]),
            maximum=float(tally.most.value[axis]),
            mean=float(mean[axis]),
            deviation=float(deviation[axis]),
            clipped=share,
            clipped_recordings=recordings,
        )
        for axis, name in enumerate(dataset.axes)
        for share, recordings in [_clipping(tally, axis, dataset)]
    )


def _clipping(tally: _AxisTally, axis: int, dataset: Dataset) -> tuple[float, int]:
    """Share of samples that stay at an end of the axis's range, and in how many recordings.

    Black and white in an image are no ends of a sensor's range.
    """
    ends = [end for end in (tally.least, tally.most) if end.pairs[axis] >= _CLIPPED_PAIRS]
    is_constant = tally.most.value[axis] == -tally.least.value[axis]
    if dataset.is_images or is_constant or not ends:
        return 0.0, 0
    recordings = set[str]().union(*(end.recordings[axis] for end in ends))
    pairs = sum(int(end.pairs[axis]) for end in ends)
    return pairs / tally.count, len(recordings)


def _stretches(dataset: Dataset) -> Iterator[tuple[Recording, Float32]]:
    for recording in dataset.recordings:
        if dataset.is_images:
            pixels = dataset.load(recording)
            yield recording, pixels.reshape(-1, pixels.shape[2])
            continue
        for start in range(0, recording.samples, _STRETCH_SAMPLES):
            yield recording, dataset.load(recording, start, start + _STRETCH_SAMPLES)
