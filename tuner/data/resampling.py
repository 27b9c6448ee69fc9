"""Recordings at another rate, whole or any stretch of them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

from tuner.data.dataset import Dataset, Float32, Recording

_LARGEST_DENOMINATOR = 1000
"""Rates are taken as the ratio of two whole numbers: exact for all in use, within 1 ppm else."""

_TAPS = 10
"""Half the length of the low-pass filter, in samples of the lower rate; what `scipy.signal.resample_poly` uses."""


def ratio(recording: Recording, frequency_hz: float) -> Fraction:
    """Samples at `frequency_hz` for each sample of the recording."""
    return _ratio(recording.frequency_hz, frequency_hz)


@lru_cache(maxsize=256)
def _ratio(from_hz: float, to_hz: float) -> Fraction:
    """Cached, for finding the fraction takes longer than all else that counting windows does."""
    return Fraction(to_hz / from_hz).limit_denominator(_LARGEST_DENOMINATOR)


def resampled_length(recording: Recording, frequency_hz: float) -> int:
    """Samples of the recording at another rate."""
    return -int(-recording.samples * ratio(recording, frequency_hz) // 1)


def load_resampled(dataset: Dataset, recording: Recording, frequency_hz: float, start: int, stop: int) -> Float32:
    """Read samples `start` up to `stop` of what the whole recording would be at `frequency_hz`.

    Polyphase filtering with SciPy's default Kaiser window. Beyond its ends a recording is taken to keep its first and
    last value, for with zeros there an accelerometer at rest would see gravity come and go.
    """
    step = ratio(recording, frequency_hz)
    if step == 1:
        return dataset.load(recording, start, stop)
    from scipy.signal import resample_poly  # noqa: PLC0415  a quarter second that most data sets never need

    up, down = step.numerator, step.denominator
    # Stretches begin and end at multiples of `down`, where input and output samples fall together, and reach beyond
    # by more than the filter does, so any stretch equals that part of the whole.
    margin = down * (1 + (_TAPS * max(up, down) // up + 1) // down)
    first, last = start // up * down - margin, -(-stop // up) * down + margin
    values = dataset.load(recording, max(first, 0), min(last, recording.samples))
    padding = (max(-first, 0), max(last - recording.samples, 0))
    padded = np.pad(values, (padding, (0, 0)), mode="edge")
    offset = first // down * up
    result: Float32 = resample_poly(padded, up, down, axis=0)[start - offset : stop - offset]
    return result.astype(np.float32, copy=False)
