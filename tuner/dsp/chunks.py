"""Extraction over a whole data set in pieces, so that working memory stays bounded whatever its size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuner.dsp.block import Float32

WORKING_BYTES = 4 << 20
"""Intermediate results of one piece: near the size of a second-level cache, which is where they are fastest."""


def in_chunks(
    extract: Callable[[Float32], Float32], windows: Float32, shape: tuple[int, ...], *, bytes_per_window: int
) -> Float32:
    """Return N × `shape`: `extract` applied to a few windows at a time.

    Args:
        extract: from n × samples × axes to n × `shape`.
        windows: N × samples × axes; may be memory-mapped, and is read piece by piece.
        shape: of the features of one window.
        bytes_per_window: of intermediate results that `extract` holds for each window.
    """
    features = np.empty((len(windows), *shape), np.float32)
    step = max(1, WORKING_BYTES // max(1, bytes_per_window))
    for start in range(0, len(windows), step):
        piece = np.asarray(windows[start : start + step], dtype=np.float32)
        features[start : start + step] = extract(piece)
    return features


def by_axis(windows: Float32, scale: float = 1.0) -> Float32:
    """Return windows × axes × samples, contiguous and scaled, from windows × samples × axes."""
    values = np.ascontiguousarray(windows.transpose(0, 2, 1))
    return values if scale == 1.0 else values * np.float32(scale)
