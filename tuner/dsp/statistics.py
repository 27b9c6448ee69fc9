"""Statistics of many signals at once; along the last dimension."""

from __future__ import annotations

import numpy as np

from tuner.dsp.block import Float32

_CONSTANT = np.float32(1e-6)
"""A signal whose deviation is below this share of its magnitude is constant up to the rounding of single precision."""


def centre(values: Float32) -> tuple[Float32, Float32]:
    """Return the signals less their means, and the means."""
    mean = values.mean(axis=-1, keepdims=True)
    return values - mean, mean[..., 0]


def shape(centred: Float32, magnitude: Float32) -> tuple[Float32, Float32, Float32]:
    """Return variance, skewness and excess kurtosis of signals whose mean has been subtracted.

    The biased (population) estimates, as `scipy.stats.skew` and `scipy.stats.kurtosis` give by default. A constant
    signal has skewness and kurtosis 0, not NaN, for its features are still fed to a network.

    Args:
        centred: … × n.
        magnitude: … of each signal before centring, e.g. the absolute mean: decides what counts as constant.
    """
    count = centred.shape[-1]
    second = np.einsum("...i,...i->...", centred, centred) / np.float32(count)
    constant = second <= np.square(_CONSTANT * magnitude)
    # Scaled to deviation 1 first: the fourth power of a spectrum of 16-bit audio overflows single precision.
    unit = centred * np.where(constant, 0, 1 / np.sqrt(np.where(constant, 1, second)))[..., None]
    square = unit * unit
    skewness = np.einsum("...i,...i->...", square, unit) / count
    kurtosis = np.where(constant, 0, np.einsum("...i,...i->...", square, square) / count - 3)
    return second, skewness.astype(np.float32), kurtosis.astype(np.float32)


def root_mean_square(values: Float32) -> Float32:
    """Return the root of the mean of the squares."""
    return np.sqrt(np.einsum("...i,...i->...", values, values) / values.shape[-1])  # type: ignore[no-any-return]
