"""Recordings cut into the examples a model sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tuner.candidate import Window
from tuner.data.dataset import Dataset, Float32, Recording
from tuner.data.images import fitted
from tuner.data.resampling import load_resampled, resampled_length
from tuner.errors import BuildError
from tuner.signal import Signal
from tuner.units import format_milliseconds

_STRETCH_BYTES = 16 << 20
"""Windows made of a recording at a time, whatever its length; resampling takes a few times as much."""


@dataclass(frozen=True, slots=True)
class Windows:
    """N examples."""

    values: Float32
    """N × samples × axes."""
    recordings: NDArray[np.int64]
    """N indices into the ids that were cut."""
    signal: Signal
    """What each example is."""


def window_signal(dataset: Dataset, window: Window) -> Signal:
    """Return what one window of the data set is, without reading any.

    Of images it is one image of the size that most have, whatever `window` says.

    Raises:
        BuildError: the window is longer than every recording, or shorter than a sample.
    """
    if dataset.is_images:
        height, width = dataset.image_size
        return Signal(height * width, dataset.axes, 1.0, dataset.sample_bytes, image=(height, width))
    frequency_hz = window.frequency_hz or dataset.frequency_hz
    samples = round(window.size_ms * frequency_hz / 1000)
    if samples < 1 or _stride(window, frequency_hz) < 1:
        raise BuildError(
            f"a window of {format_milliseconds(window.size_ms)} every {format_milliseconds(window.stride_ms)} is less "
            f"than a sample at {frequency_hz:g} Hz"
        )
    signal = Signal(samples, dataset.axes, frequency_hz, dataset.sample_bytes)
    if not window.zero_pad and resampled_length(dataset.longest, frequency_hz) < samples:
        raise BuildError(
            f"a window of {format_milliseconds(window.size_ms)} is longer than every recording, the longest takes "
            f"{format_milliseconds(1000 * dataset.longest.seconds)}",
            hint="use a shorter window, or zero padding",
        )
    return signal


def count_windows(dataset: Dataset, recording_ids: Sequence[str], window: Window) -> NDArray[np.int64]:
    """Return how many windows each of the recordings gives, without reading any."""
    signal = window_signal(dataset, window)
    return np.array([_count(recording, window, signal) for recording in dataset.select(recording_ids)], np.int64)


def cut(dataset: Dataset, recording_ids: Sequence[str], window: Window) -> Windows:
    """Cut recordings into windows, one recording after another.

    Takes the memory of the result and some tens of MiB beside it; `stretches` needs only those.

    Raises:
        BuildError: not a single window comes out of these recordings.
        DataError: a recording cannot be read any more.
    """
    signal = window_signal(dataset, window)
    counts = count_windows(dataset, recording_ids, window)
    total = int(counts.sum())
    if not total:
        raise BuildError(
            f"a window of {format_milliseconds(window.size_ms)} is longer than each of the "
            f"{len(recording_ids)} recordings of this split",
            hint="use a shorter window, or zero padding",
        )
    values = np.empty((total, signal.samples, len(signal.axes)), np.float32)
    at = 0
    for _, stretch in _stretches(dataset, recording_ids, window, signal):
        values[at : at + len(stretch)] = stretch
        at += len(stretch)
    return Windows(values, np.repeat(np.arange(len(counts), dtype=np.int64), counts), signal)


def stretches(dataset: Dataset, recording_ids: Sequence[str], window: Window) -> Iterator[Windows]:
    """Yield the windows that `cut` would return, in the same order, some at a time.

    For data larger than memory: some tens of MiB of a recording are held.
    """
    signal = window_signal(dataset, window)
    for index, stretch in _stretches(dataset, recording_ids, window, signal):
        yield Windows(np.array(stretch), np.full(len(stretch), index, np.int64), signal)


def _stretches(
    dataset: Dataset, recording_ids: Sequence[str], window: Window, signal: Signal
) -> Iterator[tuple[int, Float32]]:
    """Yield the index of a recording with a view of some of its windows."""
    if signal.image is not None:
        for index, recording in enumerate(dataset.select(recording_ids)):
            yield index, fitted(dataset.load(recording), signal.image).reshape(1, signal.samples, len(signal.axes))
        return
    stride = _stride(window, signal.frequency_hz)
    at_once = max(1, _STRETCH_BYTES // (4 * max(stride, signal.samples) * len(signal.axes)))
    for index, recording in enumerate(dataset.select(recording_ids)):
        count = _count(recording, window, signal)
        length = resampled_length(recording, signal.frequency_hz)
        if count and length < signal.samples:
            short = load_resampled(dataset, recording, signal.frequency_hz, 0, length)
            yield index, np.pad(short, ((0, signal.samples - length), (0, 0)))[np.newaxis]
            continue
        for first in range(0, count, at_once):
            last = min(first + at_once, count) - 1
            start, stop = first * stride, last * stride + signal.samples
            values = load_resampled(dataset, recording, signal.frequency_hz, start, stop)
            yield index, sliding_window_view(values, signal.samples, axis=0)[::stride].transpose(0, 2, 1)


def _stride(window: Window, frequency_hz: float) -> int:
    return round(window.stride_ms * frequency_hz / 1000)


def _count(recording: Recording, window: Window, signal: Signal) -> int:
    if signal.image is not None:
        return 1
    length = resampled_length(recording, signal.frequency_hz)
    if length < signal.samples:
        return int(window.zero_pad)
    return 1 + (length - signal.samples) // _stride(window, signal.frequency_hz)
