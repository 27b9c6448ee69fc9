"""Filters that run before the analysis: decimation and Butterworth, in single precision as a device runs them."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from scipy import signal as sps

from tuner.dsp.block import Float32
from tuner.errors import BuildError

DECIMATION_STEPS = {1: (), 3: (3,), 10: (10,), 30: (3, 10), 100: (10, 10), 1000: (10, 10, 10)}
"""Ratios that decimation supports, and the steps each is taken in."""

DECIMATION_SECTIONS = 4
"""Second-order sections of the filter before each step of decimation (order 8)."""


@cache
def butterworth(kind: Literal["low", "high"], order: int, cutoff_hz: float, frequency_hz: float) -> Float32:
    """Return the second-order sections of a Butterworth filter.

    Raises:
        BuildError: the cut-off lies at or above half the sampling frequency, or so close to 0 or to it that the
            filter is unstable in single precision.
    """
    if cutoff_hz >= frequency_hz / 2:
        raise BuildError(
            f"filter-cutoff {cutoff_hz:g} Hz is not below half the sampling frequency ({frequency_hz / 2:g} Hz)",
            hint="lower the cut-off",
        )
    sections: Float32 = sps.butter(order, cutoff_hz, btype=kind, output="sos", fs=frequency_hz).astype(np.float32)
    a1, a2 = sections[:, 4], sections[:, 5]
    if not (np.all(np.abs(a2) < 1) and np.all(np.abs(a1) < 1 + a2)):
        raise BuildError(
            f"a filter of order {order} at {cutoff_hz:g} Hz is unstable in single precision at {frequency_hz:g} Hz",
            hint="move the cut-off away from 0 and from half the sampling frequency, or lower the order",
        )
    return sections


def decimate(values: Float32, ratio: int) -> Float32:
    """Keep every `ratio`-th sample of the last dimension, step by step, each after a low-pass filter.

    Chebyshev, type 1, order 8, 0.05 dB ripple, edge at 0.8 of the new half sampling frequency; its state starts
    as if the first sample had been there forever.
    """
    for step in DECIMATION_STEPS[ratio]:
        sections, state = _chebyshev(step)
        start = _started(state, values)
        values = np.ascontiguousarray(sps.sosfilt(sections, values, axis=-1, zi=start)[0][..., ::step])
    return values


def decimated_length(samples: int, ratio: int) -> int:
    """Return how many samples `decimate` leaves."""
    for step in DECIMATION_STEPS[ratio]:
        samples = -(-samples // step)
    return samples


def sections_filter(sections: Float32, values: Float32) -> Float32:
    """Run the filter over the last dimension, from rest."""
    return sps.sosfilt(sections, values, axis=-1)  # type: ignore[no-any-return]


@cache
def _chebyshev(step: int) -> tuple[Float32, Float32]:
    sections = sps.cheby1(8, 0.05, 0.8 / step, output="sos")
    return sections.astype(np.float32), sps.sosfilt_zi(sections).astype(np.float32)


def _started(state: Float32, values: Float32) -> Float32:
    expanded = state.reshape(len(state), *(1,) * (values.ndim - 1), 2)
    return expanded * values[None, ..., :1]
