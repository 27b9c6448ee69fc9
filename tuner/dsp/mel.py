"""Mel filter banks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tuner.dsp import cost
from tuner.dsp.block import Float32, Operations
from tuner.errors import BuildError

_MEL = 1127.0
_BREAK_HZ = 700.0


@dataclass(frozen=True, slots=True, eq=False)
class FilterBank:
    """Triangular filters, evenly spaced in mel = 1127 · ln(1 + f / 700)."""

    weights: Float32
    """Bins × filters."""

    @property
    def operations(self) -> Operations:
        """One frame: a multiplication and an addition for each weight that is not zero."""
        return Operations(add=self._count, multiply=self._count)

    @property
    def table_bytes(self) -> int:
        """The weights that are not zero, and for each filter its first bin and their number in 16 bits."""
        return self._count * cost.FLOAT_BYTES + 4 * len(self.weights.T)

    @property
    def _count(self) -> int:
        return int(np.count_nonzero(self.weights))


@cache
def filter_bank(filters: int, fft_length: int, frequency_hz: float, low_hz: float, high_hz: float) -> FilterBank:
    """Return the filters whose corners are rounded down to bins of the transform.

    Corner c lies on bin floor((N + 1) · f(c) / fs); the last corner is lowered by 1 mHz, for it would fall on either
    side of a bin otherwise, depending on the machine.

    Raises:
        BuildError: the band is empty or beyond half the sampling frequency, or a filter has no bin.
    """
    high_hz = high_hz or frequency_hz / 2
    if not 0 <= low_hz < high_hz <= frequency_hz / 2:
        raise BuildError(
            f"mel filters from {low_hz:g} Hz to {high_hz:g} Hz do not fit between 0 and half the sampling "
            f"frequency ({frequency_hz / 2:g} Hz)",
            hint="set low_frequency and high_frequency within it; high_frequency 0 is the highest possible",
        )
    mel = np.linspace(_to_mel(low_hz), _to_mel(high_hz), filters + 2)
    corners_hz = _BREAK_HZ * (np.exp(mel / _MEL) - 1)
    corners_hz[-1] -= 0.001
    corners = np.floor((fft_length + 1) * corners_hz / frequency_hz).astype(int)
    left, middle, right = (corners[start : start + filters] for start in range(3))
    bins = np.arange(fft_length // 2 + 1)[:, None]
    rising = np.divide(bins - left, middle - left, where=middle > left, out=np.zeros((len(bins), filters)))
    falling = np.divide(right - bins, right - middle, where=right > middle, out=np.zeros((len(bins), filters)))
    weights = np.where((bins > left) & (bins <= middle), rising, 0.0)
    weights = np.where((bins >= middle) & (bins < right), falling, weights)
    empty = int((weights == 0).all(axis=0).sum())
    if empty:
        raise BuildError(
            f"{empty} of {filters} mel filters have no bin of a transform of {fft_length} points",
            hint=f"use about {fft_length // 8} filters, or a longer fft_length",
        )
    return FilterBank(weights.astype(np.float32))


def _to_mel(frequency_hz: float) -> float:
    return float(_MEL * np.log(1 + frequency_hz / _BREAK_HZ))
