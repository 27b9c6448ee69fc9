"""Objects and detections of many images in one array each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Objects = NDArray[np.float32]
"""N images × M objects × 5: class, left, top, right, bottom. The class is an index; −1 fills up images that hold fewer
than M."""

Detections = NDArray[np.float32]
"""M × 6, of one image, best first: class, score, left, top, right, bottom."""

NOTHING = -1.0
"""The class of what only fills up."""

_VISIBLE = 0.25
"""An object of which less than this share remains in the picture after cropping is no object to find."""


def padded(images: Sequence[NDArray[np.float32]]) -> Objects:
    """Return one array of the objects of each image, each M × 5 with an M of its own."""
    most = max((len(objects) for objects in images), default=0)
    found = np.full((len(images), max(most, 1), 5), NOTHING, np.float32)
    for row, objects in zip(found, images, strict=True):
        row[: len(objects)] = objects
    return found


def present(objects: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the objects of one image without what fills up: M × 5."""
    return objects[objects[:, 0] >= 0]


def clipped(objects: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the objects of one image, cut off at its edges, without those that lie outside for the most part."""
    inside = objects.copy()
    inside[:, 1:] = np.clip(objects[:, 1:], 0, 1)
    size, whole = inside[:, 3:] - inside[:, 1:3], objects[:, 3:] - objects[:, 1:3]
    visible = size.prod(axis=1) >= _VISIBLE * whole.prod(axis=1)
    remaining: NDArray[np.float32] = inside[visible & (size > 0).all(axis=1)]
    return remaining
