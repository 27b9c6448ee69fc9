"""`flatten`: statistics of each axis over the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
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

    def features(self, signal: Signal) -> Features:
        """Name the statistics of the first axis, then those of the second, and so on."""
        chosen = self._chosen()
        if not chosen:
            raise BuildError("flatten: every statistic is switched off", hint="leave at least one of them on")
        labels = tuple(f"{axis} {_STATISTICS[name]}" for axis in signal.axes for name in chosen)
        return Features((len(labels),), labels)

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × features."""
        shape = self.features(signal).shape
        return in_chunks(self._extract, windows, shape, bytes_per_window=4 * 4 * signal.samples * len(signal.axes))

    def cost(self, signal: Signal) -> BlockCost:
        """One pass to copy an axis out of the window, one for the extremes, two for the moments."""
        samples = signal.samples
        operations = Operations(multiply=samples, move=samples)
        code = ["gather"]
        if self.minimum or self.maximum:
            operations += Operations(add=2 * samples)
            code.append("range")
        if self.average or self.rms or self.stdev or self.skewness or self.kurtosis:
            operations += cost.moments(samples) + Operations(square_root=2, add=1, multiply=1)
            code += ["moments", "sqrtf"]
        return BlockCost(
            operations=operations * len(signal.axes),
            ram_bytes=samples * cost.FLOAT_BYTES,
            code_shared=routines(*code),
        )

    def _chosen(self) -> tuple[str, ...]:
        return tuple(name for name in _STATISTICS if getattr(self, name))

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
        columns = [available[name]() for name in self._chosen()]
        return np.stack(columns, axis=-1).reshape(len(windows), -1)
