"""Boxes as arrays: … × 4, left, top, right, bottom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """Return the area of each box; 0 of one whose sides are swapped."""
    size = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    area: NDArray[np.float32] = size[..., 0] * size[..., 1]
    return area


def overlaps(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return the intersection over the union of each of N boxes with each of M: N × M."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = areas(np.concatenate([corner, opposite], axis=-1))
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    shares: NDArray[np.float32] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return shares


def suppressed(boxes: Boxes, scores: NDArray[np.float32], limit: float) -> NDArray[np.int64]:
    """Return the boxes that remain when each takes away those it overlaps, best first (non-maximum suppression).

    Args:
        boxes: N × 4, of one class.
        scores: N.
        limit: overlap above which the worse of two goes.
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlaps(boxes[best][None], boxes[left])[0] <= limit]
    return np.array(kept, np.int64)
