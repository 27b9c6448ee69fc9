"""`flatten`: statistics of each axis over the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from tuner.dsp import cost, statistics
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import by_axis, in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.parameters import Parameters, hyphenated
from tuner.errors import BuildError
from tuner.signal import Features, Signal

_STATISTICS = {
    "average": "Average",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "rms": "RMS",
    "stdev": "Stdev",
    "skewness": "Skewness",
    "kurtosis": "Kurtosis",
}
"""Parameter and label of each statistic, in the order of the features."""


class Flatten(Parameters):
    """Up to seven statistics per axis: mean, extremes, root mean square and the central moments."""

    model_config = ConfigDict(alias_generator=hyphenated)
    type: ClassVar[str] = "flatten"

    scale_axes: float = Field(1.0, gt=-1e6, lt=1e6)
    """Multiplies every value."""
    average: bool = True
    minimum: bool = True
    maximum: bool = True
    rms: bool = True
    """Root mean square."""
    stdev: bool = True
    """Standard deviation of the population (divided by the number of samples)."""
    skewness: bool = True
    kurtosis: bool = True
    """Excess kurtosis: 0 for a normal distribution."""
    moving_avg_num_windows: int = Field(0, ge=0, le=1000)
    """Add the mean of the averages of so many windows of a recording, the latest included; 0 adds nothing. The block
    then remembers: right after the start, and where the windows before are unknown, there are fewer."""

    def features(self, signal: Signal) -> Features:
        """Name the statistics of the first axis, then those of the second, and so on."""
        chosen = self._chosen()
        if not chosen:
            raise BuildError("flatten: every statistic is switched off", hint="leave at least one of them on")
        labels = tuple(f"{axis} {name}" for axis in signal.axes for name in chosen)
        return Features((len(labels),), labels)

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × features; each window is the first that the block sees."""
        return self.extract_recordings(windows, signal, np.arange(len(windows)))

    def extract_recordings(self, windows: Float32, signal: Signal, recordings: NDArray[np.int64]) -> Float32:
        """Return N × features; windows of one recording stand together, in their order."""
        axes, remembers = len(signal.axes), self.moving_avg_num_windows > 0
        per_axis = self.features(signal).count // axes
        features = np.empty((len(windows), axes, per_axis), np.float32)
        known = per_axis - remembers
        features[..., :known] = in_chunks(
            self._extract, windows, (axes, known), bytes_per_window=4 * 4 * signal.samples * axes
        )
        if remembers:
            average = in_chunks(_averages, windows, (axes,), bytes_per_window=4 * signal.samples * axes)
            features[..., known] = _moving_mean(
                average * np.float32(self.scale_axes), recordings, self.moving_avg_num_windows
            )
        return features.reshape(len(windows), -1)

    def cost(self, signal: Signal) -> BlockCost:
        """One pass to copy an axis out of the window, one for the extremes, two for the moments."""
        samples = signal.samples
        operations = Operations(multiply=samples, move=samples)
        code = ["flatten", "gather"]
        if self.minimum or self.maximum:
            operations += Operations(add=2 * samples)
            code.append("range")
        if self.average or self.rms or self.stdev or self.skewness or self.kurtosis or self.moving_avg_num_windows:
            operations += cost.moments(samples) + Operations(square_root=2, add=1, multiply=1)
            code += ["moments", "sqrtf"]
        operations += Operations(add=self.moving_avg_num_windows)
        return BlockCost(
            operations=operations * len(signal.axes),
            ram_bytes=cost.FLOAT_BYTES * (samples + self.moving_avg_num_windows * len(signal.axes)),
            code_shared=routines(*code),
        )

    def _chosen(self) -> tuple[str, ...]:
        names = [label for name, label in _STATISTICS.items() if getattr(self, name)]
        return (*names, "Moving Average") if self.moving_avg_num_windows else tuple(names)

    def _extract(self, windows: Float32) -> Float32:
        values = by_axis(windows, self.scale_axes)
        centred, mean = statistics.centre(values)
        variance, skewness, kurtosis = statistics.shape(centred, mean)
        available: dict[str, Callable[[], Float32]] = {
            "average": lambda: mean,
            "minimum": lambda: values.min(axis=-1),
            "maximum": lambda: values.max(axis=-1),
            "rms": lambda: statistics.root_mean_square(values),
            "stdev": lambda: np.sqrt(variance),
            "skewness": lambda: skewness,
            "kurtosis": lambda: kurtosis,
        }
        columns = [available[name]() for name in _STATISTICS if getattr(self, name)]
        return np.stack(columns, axis=-1) if columns else np.empty((*mean.shape, 0), np.float32)


def _averages(windows: Float32) -> Float32:
    averages: Float32 = windows.mean(axis=1)
    return averages


def _moving_mean(averages: Float32, recordings: NDArray[np.int64], count: int) -> Float32:
    """Return the mean over each row and up to `count` - 1 before it of the same recording.

    Args:
        averages: N × axes.
        recordings: N; which recording each row is of.
        count: of rows that the mean takes in at most.
    """
    sums = np.concatenate([np.zeros((1, averages.shape[1])), np.cumsum(averages, axis=0, dtype=np.float64)])
    rows = np.arange(len(averages))
    starts = np.r_[True, recordings[1:] != recordings[:-1]]
    first = np.maximum(np.maximum.accumulate(np.where(starts, rows, 0)), rows + 1 - count)
    means: Float32 = ((sums[rows + 1] - sums[first]) / (rows + 1 - first)[:, None]).astype(np.float32)
    return means
