"""Statistics of each level of a discrete wavelet transform: `spectral-analysis` of type "Wavelet"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pywt

from tuner.dsp import cost, statistics
from tuner.dsp.analysis import AnalysisCost
from tuner.dsp.block import Float32, Operations
from tuner.errors import BuildError

WAVELETS = (
    *("bior1.3", "bior1.5", "bior2.2", "bior2.4", "bior2.6", "bior2.8", "bior3.1", "bior3.3", "bior3.5", "bior3.7"),
    *("bior3.9", "bior4.4", "bior5.5", "bior6.8", "coif1", "coif2", "coif3", "db2", "db3", "db4", "db5", "db6", "db7"),
    *("db8", "db9", "db10", "haar", "rbio1.3", "rbio1.5", "rbio2.2", "rbio2.4", "rbio2.6", "rbio2.8", "rbio3.1"),
    *("rbio3.3", "rbio3.5", "rbio3.7", "rbio3.9", "rbio4.4", "rbio5.5", "rbio6.8", "sym2", "sym3", "sym4", "sym5"),
    *("sym6", "sym7", "sym8", "sym9", "sym10"),
)
"""The kernels that the public block offers."""

_PERCENTILES = (5, 25, 75, 95, 50)
_NAMES = (
    *("entropy", "zcross", "mcross", "n5", "n25", "n75", "n95", "median"),
    *("mean", "std", "var", "rms", "skew", "kurtosis"),
)
_HISTOGRAM_BINS = 100
_SAMPLES_AT_LEVEL_0 = 32


@dataclass(frozen=True, slots=True)
class WaveletStatistics:
    """Fourteen statistics of the approximation (L0), then of the details from the coarsest (L1) to the finest."""

    samples: int
    frequency_hz: float
    wavelet: str
    level: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, level by level."""
        needed = _SAMPLES_AT_LEVEL_0 << self.level
        if self.samples < needed:
            milliseconds = int(np.ceil(1000 * needed / self.frequency_hz))
            raise BuildError(
                f"spectral-analysis: wavelet-level {self.level} needs {needed} samples, the window has {self.samples}",
                hint=f"use a window of at least {milliseconds} ms, or a lower level",
            )
        return tuple(f"L{level}-{name}" for level in range(self.level + 1) for name in _NAMES)

    def extract(self, centred: Float32, mean: Float32) -> Float32:
        """Return the features; the signal is continued by reflection at its ends, as PyWavelets does by default."""
        levels = pywt.wavedec(centred, self.wavelet, level=self.level, axis=-1)
        return np.concatenate([_describe(values, np.abs(mean)) for values in levels], axis=-1)

    def cost(self) -> AnalysisCost:
        """Each level convolves with both filters at every second sample; statistics sort the coefficients."""
        taps = pywt.Wavelet(self.wavelet).dec_len
        total, length, longest = Operations(), self.samples, self.samples
        for _ in range(self.level):
            length = (length + taps - 1) // 2
            total += Operations(add=2, multiply=2, integer=4) * (length * taps) + _statistics_operations(length)
            longest = max(longest, length)
        total += _statistics_operations(length)
        return AnalysisCost(
            operations=total,
            ram_bytes=cost.FLOAT_BYTES * (2 * longest + _HISTOGRAM_BINS),
            table_bytes=2 * cost.FLOAT_BYTES * taps,
            code=(
                "wavelet_analysis",
                "describe_level",
                "dwt",
                "sort",
                "entropy",
                "crossings",
                "moments",
                "sqrtf",
                "logf",
            ),
        )


def _statistics_operations(length: int) -> Operations:
    """Histogram and entropy, crossings of zero and mean, heap sort, moments."""
    comparisons = 2 * length * np.log2(max(2, length))
    return (
        Operations(add=length, multiply=length, move=length, transcendental=_HISTOGRAM_BINS)
        + Operations(add=4 * length, sort=float(comparisons), square_root=2, divide=4)
        + cost.moments(length)
    )


def _describe(values: Float32, magnitude: Float32) -> Float32:
    """Return … × 14 statistics of … × n coefficients."""
    count = values.shape[-1]
    centred, mean = statistics.centre(values)
    variance, skewness, kurtosis = statistics.shape(centred, np.maximum(np.abs(mean), magnitude))
    ordered = np.sort(values, axis=-1)
    ranks = [int((count - 1) * percentile / 100 + 0.5) for percentile in _PERCENTILES]
    columns = [
        _entropy(ordered),
        _crossings(values, np.zeros_like(mean)[..., None]),
        _crossings(values, mean[..., None]),
        *(ordered[..., rank] for rank in ranks),
        mean,
        np.sqrt(variance),
        variance * np.float32(count / (count - 1)),
        statistics.root_mean_square(values),
        skewness,
        kurtosis,
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


def _crossings(values: Float32, level: Float32) -> Float32:
    """How often the signal goes through the level, per sample."""
    above = values > level
    count: Float32 = (above[..., 1:] != above[..., :-1]).sum(axis=-1, dtype=np.float32)
    return count / np.float32(values.shape[-1])


def _entropy(values: Float32) -> Float32:
    """Entropy in nats of the histogram of 100 bins between the smallest and the largest value.

    Args:
        values: … × n, sorted.
    """
    count = values.shape[-1]
    rows = values.reshape(-1, count)
    low = rows[:, :1]
    width = rows[:, -1:] - low
    scale = np.divide(_HISTOGRAM_BINS, width, out=np.zeros_like(width), where=width > 0)
    index = np.minimum((rows - low) * scale, _HISTOGRAM_BINS - 1).astype(np.int64)
    index += np.arange(len(rows))[:, None] * _HISTOGRAM_BINS
    share = np.bincount(index.ravel(), minlength=len(rows) * _HISTOGRAM_BINS).reshape(len(rows), -1) / count
    logarithm = np.log(share, out=np.zeros_like(share), where=share > 0)
    entropy: Float32 = -(share * logarithm).sum(axis=1, dtype=np.float32)
    return entropy.reshape(values.shape[:-1])
