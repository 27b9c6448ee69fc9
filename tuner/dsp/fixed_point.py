"""Integer arithmetic of the TensorFlow Lite Micro audio front end, bit by bit, for many frames at once.

Re-implemented from its sources (Apache-2.0) and those of the transform it uses, kissfft with 16-bit samples (BSD).
Values are held in wider integers than on the device; where 16 or 32 bits of the original overflow, so do these.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Complex = tuple[NDArray[np.int32], NDArray[np.int32]]

_ROUND = 1 << 14
_SAMPLE_MAX = 32767
_LOG_SEGMENTS = 128
_LN_2 = 45426
"""The natural logarithm of 2, in units of 2⁻¹⁶."""


def bit_length(values: NDArray[np.integer]) -> Integers:
    """Return the position of the highest bit that is set, from 1; 0 of 0. Exact below 2⁵³."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def real_fft(frames: NDArray[np.int16]) -> Complex:
    """Return real and imaginary parts of the bins 0 … n / 2, … × n / 2 + 1, of … × n samples; n a power of two.

    Every stage divides by its radix and rounds, so the result is 1 / n of the transform.
    """
    half = frames.shape[-1] // 2
    real, imaginary = _complex_fft((frames[..., ::2].astype(np.int32), frames[..., 1::2].astype(np.int32)))
    first = _divided(real[..., :1], 2), _divided(imaginary[..., :1], 2)
    low = np.arange(1, half // 2 + 1)
    here = [_divided(part[..., low], 2) for part in (real, imaginary)]
    there = [_divided(part[..., half - low], 2) for part in (real, _wrapped(-imaginary))]
    even = [_wrapped(here[c] + there[c]) for c in range(2)]
    odd = [_wrapped(here[c] - there[c]) for c in range(2)]
    turned = [_wrapped(part) for part in _product((odd[0], odd[1]), _turns(2 * half, half // 2, quarter=True))]
    upper = [(even[0] - turned[0]) >> 1, (turned[1] - even[1]) >> 1]
    ends = [(first[0] + first[1], first[0] - first[1]), (np.zeros_like(first[0]),) * 2]
    bins = [
        _wrapped(np.concatenate([start, (even[c] + turned[c])[..., :-1] >> 1, upper[c][..., ::-1], end], axis=-1))
        for c, (start, end) in enumerate(ends)
    ]
    return bins[0], bins[1]


def _complex_fft(values: Complex) -> Complex:
    """Decimation in time, radix 4 as long as it divides the length, radix 2 for the rest."""
    length = values[0].shape[-1]
    if length == 1:
        return values
    radix = 4 if length % 4 == 0 else 2
    split = [part.reshape(*part.shape[:-1], length // radix, radix).swapaxes(-1, -2) for part in values]
    real, imaginary = _complex_fft((split[0], split[1]))
    parts = [(_divided(real[..., q, :], radix), _divided(imaginary[..., q, :], radix)) for q in range(radix)]
    turned = [parts[0]]
    turned += [_product(parts[q], _turns(length, length // radix, step=q)) for q in range(1, radix)]
    combined = _radix_4(turned) if radix == 4 else _radix_2(turned)
    result = [np.stack([part[c] for part in combined], axis=-2).reshape(values[0].shape) for c in range(2)]
    return _wrapped(result[0]), _wrapped(result[1])


def _radix_4(parts: list[Complex]) -> list[Complex]:
    (a, b), (c, d), (e, f), (g, h) = parts
    sum_even, difference_even = (a + e, b + f), (a - e, b - f)
    sum_odd, difference_odd = (c + g, d + h), (c - g, d - h)
    return [
        (sum_even[0] + sum_odd[0], sum_even[1] + sum_odd[1]),
        (difference_even[0] + difference_odd[1], difference_even[1] - difference_odd[0]),
        (sum_even[0] - sum_odd[0], sum_even[1] - sum_odd[1]),
        (difference_even[0] - difference_odd[1], difference_even[1] + difference_odd[0]),
    ]


def _radix_2(parts: list[Complex]) -> list[Complex]:
    (a, b), (c, d) = parts
    return [(a + c, b + d), (a - c, b - d)]


@cache
def _turns(length: int, count: int, *, step: int = 1, quarter: bool = False) -> Complex:
    """Twiddle factors exp(−2πi · step · k / length), k < count; from k = 1 and a quarter turn on, if asked."""
    start = 1 if quarter else 0
    phases = [-2 * math.pi * (step * k / length + (0.25 if quarter else 0)) for k in range(start, count + start)]
    real = [math.floor(0.5 + _SAMPLE_MAX * math.cos(phase)) for phase in phases]
    imaginary = [math.floor(0.5 + _SAMPLE_MAX * math.sin(phase)) for phase in phases]
    return np.array(real, np.int32), np.array(imaginary, np.int32)


def _divided(values: NDArray[np.int32], divisor: int) -> NDArray[np.int32]:
    return (values * np.int32(_SAMPLE_MAX // divisor) + np.int32(_ROUND)) >> 15


def _product(a: Complex, b: Complex) -> Complex:
    real = (a[0] * b[0] - a[1] * b[1] + np.int32(_ROUND)) >> 15
    return real, (a[0] * b[1] + a[1] * b[0] + np.int32(_ROUND)) >> 15


def _wrapped(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """What a 16-bit variable would hold."""
    return values.astype(np.int16).astype(np.int32)


def square_root(values: Integers) -> Integers:
    """Return the rounded root of numbers below 2⁵³; as the original, it never rounds up to 2¹⁶ below 2³²."""
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    rounds_up = (values - root * root > root) & ((root != 0xFFFF) | (values >> 32 > 0))
    rounded: Integers = root + rounds_up
    return rounded


def logarithm(values: Integers, scale_shift: int) -> Integers:
    """Return the natural logarithm in units of 2^-`scale_shift` of numbers above 1, piecewise linear; 0 of others."""
    whole = np.maximum(bit_length(values) - 1, 0)
    fraction = values - (np.int64(1) << whole)
    fraction = np.where(whole < 16, fraction << np.maximum(16 - whole, 0), fraction >> np.maximum(whole - 16, 0))
    table = _log_table()
    segment = fraction >> 9
    base, following = table[segment], table[segment + 1]
    fraction = fraction + base + (((following - base) * (fraction - (segment << 9))) >> 16)
    natural = (_LN_2 * ((whole << 16) + fraction) + (1 << 15)) >> 16
    return np.where(values > 1, ((natural << scale_shift) + (1 << 15)) >> 16, 0)


@cache
def _log_table() -> Integers:
    """How far log2(1 + x) lies above x at multiples of 1/128, in units of 2⁻¹⁶; one entry beyond the end."""
    x = np.arange(_LOG_SEGMENTS + 1) / _LOG_SEGMENTS
    return np.append(np.floor((np.log2(1 + x) - x) * 65536 + 0.5).astype(np.int64), 0)
