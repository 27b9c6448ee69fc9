"""Frames and their power spectra, of many signals at once."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from tuner.dsp.block import Float32

_SCRATCH_BYTES = 1 << 18
"""Frames that are transformed at a time: they, their spectra and powers fit a second-level cache together."""


def frames(values: Float32, length: int, stride: int) -> Float32:
    """Return … × frames × length: a view of … × samples, a frame every `stride` samples, no part frame."""
    return sliding_window_view(values, length, axis=-1)[..., ::stride, :]


def power(framed: Float32, length: int, *, scale: float = 1.0) -> Float32:
    """Return |FFT|² / `length` of the bins 0 … `length` / 2 of frames that are first multiplied by `scale`.

    Frames are cut or padded with zeros to `length`.
    """
    used = min(framed.shape[-1], length)
    factor = np.float32(scale / np.sqrt(length))
    powers = np.empty((*framed.shape[:-1], length // 2 + 1), np.float32)
    step = max(1, _SCRATCH_BYTES * len(framed) // (4 * powers[..., 0].size * length))
    for start in range(0, len(framed), step):
        piece = framed[start : start + step, ..., :used]
        # Copied once: the transform is twice as fast on frames that lie one after the other.
        padded = np.zeros((*piece.shape[:-1], length), np.float32)
        np.multiply(piece, factor, out=padded[..., :used])
        parts = fft.rfft(padded, axis=-1).view(np.float32)
        np.square(parts, out=parts)
        np.add(parts[..., ::2], parts[..., 1::2], out=powers[start : start + step])
    return powers


def max_hold(values: Float32, length: int, overlap: int) -> Float32:
    """Return … × (`length` / 2 + 1): the largest power of each bin over frames that cover the signal.

    A frame starts every `length - overlap` samples as long as there are samples left; the last ones are padded
    with zeros.
    """
    samples, stride = values.shape[-1], length - overlap
    count = frame_count(samples, length, overlap)
    missing = (count - 1) * stride + length - samples
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)]) if missing > 0 else values
    return power(frames(padded, length, stride)[..., :count, :], length).max(axis=-2)  # type: ignore[no-any-return]


def frame_count(samples: int, length: int, overlap: int) -> int:
    """Return how many frames `max_hold` takes."""
    return -(-samples // (length - overlap))
