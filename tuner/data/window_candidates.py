"""Which windows suit a data set: what a search space may be given to choose from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tuner.candidate import Window
from tuner.data.dataset import Dataset, Recording

_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5)
"""Round sizes, each about half as long again as the one before."""

_FEWEST_SAMPLES = 8
"""Shorter windows hold no waveform."""

_LONGEST_MS = 4000.0
_LONGEST_SAMPLES = 256
"""Continuous movements and sounds repeat within this; of slow processes it is the number of samples that counts."""

_CONTINUOUS_SIZES = 4

_ENOUGH = 10
"""Windows of each class, below which scores say little."""


@dataclass(frozen=True, slots=True)
class WindowCandidate:
    """A way to cut the data set, and what comes of it."""

    window: Window
    samples: int
    """Length of a window in samples."""
    count: int
    """Windows of all recordings together."""
    per_class: tuple[tuple[str, int], ...]
    """Windows of each class."""
    balance: float
    """Entropy of the classes' shares of the windows over its largest value: 1 if all have the same number, 0 if only
    one class has any. Of a regression 1."""
    padded: float
    """Share of all samples in windows that are zeros for want of data."""
    left_out: int
    """Recordings too short to give a window."""

    @property
    def is_enough(self) -> bool:
        """Whether each class has windows enough to learn and to score from."""
        return min((count for _, count in self.per_class), default=0) >= _ENOUGH

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {**asdict(self), "per_class": dict(self.per_class), "is_enough": self.is_enough}


@dataclass(frozen=True, slots=True)
class WindowCandidates:
    """Windows for both ways to read recordings; empty for images."""

    event: tuple[WindowCandidate, ...]
    """Each recording is one event, like a word: a window holds it whole."""
    continuous: tuple[WindowCandidate, ...]
    """Each recording goes on, like walking: any part of it is an example."""


def window_candidates(dataset: Dataset) -> WindowCandidates:
    """Propose windows, without reading any data.

    For events, windows as long as most recordings, the shorter ones padded, not overlapping. For continuous data,
    round sizes over a factor of ten, up to half of the typical recording, each without overlap and by halves.
    """
    if dataset.is_images:
        return WindowCandidates((), ())
    return WindowCandidates(
        event=tuple(_looked_at(dataset, window) for window in _event_windows(dataset)),
        continuous=tuple(_looked_at(dataset, window) for window in _continuous_windows(dataset)),
    )


def _event_windows(dataset: Dataset) -> Iterator[Window]:
    seconds = np.array([recording.seconds for recording in dataset.recordings])
    sizes = {_rounded(1000 * float(np.quantile(seconds, share))) for share in (0.25, 0.5, 0.75, 0.9, 1.0)}
    fewest_ms = 1000 * _FEWEST_SAMPLES / dataset.frequency_hz
    for size in sorted(size for size in sizes if size >= fewest_ms):
        yield Window(size_ms=size, stride_ms=size, zero_pad=True)


def _continuous_windows(dataset: Dataset) -> Iterator[Window]:
    typical_ms = 1000 * float(np.median([recording.seconds for recording in dataset.recordings]))
    sample_ms = 1000 / dataset.frequency_hz
    longest = min(typical_ms / 2, max(_LONGEST_MS, _LONGEST_SAMPLES * sample_ms))
    sizes = [size for size in _ladder(longest) if size >= max(_FEWEST_SAMPLES * sample_ms, longest / 10)]
    for index in sorted({round(at) for at in np.linspace(0, len(sizes) - 1, _CONTINUOUS_SIZES)} if sizes else ()):
        yield Window(size_ms=sizes[index], stride_ms=sizes[index])
        yield Window(size_ms=sizes[index], stride_ms=sizes[index] / 2)


def _ladder(longest_ms: float) -> Iterator[float]:
    for exponent in range(-2, 8):
        for step in _STEPS:
            if (size := step * 10.0**exponent) <= longest_ms:
                yield size


def _rounded(milliseconds: float) -> float:
    """Up to two digits, so that the longest recording still fits."""
    unit = 10.0 ** (math.floor(math.log10(milliseconds)) - 1)
    return math.ceil(round(milliseconds / unit, 6)) * unit


def _looked_at(dataset: Dataset, window: Window) -> WindowCandidate:
    samples = round(window.size_ms * dataset.frequency_hz / 1000)
    stride = max(1, round(window.stride_ms * dataset.frequency_hz / 1000))
    per_class: dict[str, int] = defaultdict(int)
    zeros = left_out = total = 0
    for recording in dataset.recordings:
        length = _length(recording, dataset)
        count = 1 + (length - samples) // stride if length >= samples else int(window.zero_pad)
        for label in recording.classes or ("",):
            per_class[label] += count
        total += count
        left_out += count == 0
        zeros += samples - length if count and length < samples else 0
    return WindowCandidate(
        window=window,
        samples=samples,
        count=total,
        per_class=tuple(sorted(per_class.items())),
        balance=_balance(list(per_class.values())),
        padded=zeros / (total * samples) if total else 0.0,
        left_out=left_out,
    )


def _length(recording: Recording, dataset: Dataset) -> int:
    return int(recording.seconds * dataset.frequency_hz + 1e-6)


def _balance(counts: list[int]) -> float:
    if len(counts) < 2:
        return 1.0
    shares = [count / sum(counts) for count in counts if count]
    return -sum(share * math.log(share) for share in shares) / math.log(len(counts)) if shares else 0.0
