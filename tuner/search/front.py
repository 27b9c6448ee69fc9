"""Pareto fronts: what no other point beats, and the point that compromises best."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
"""N × M: N points, M objectives, all minimized."""


def non_dominated(points: ArrayLike) -> NDArray[np.bool_]:
    """Return a mask of the Pareto front.

    A point dominates another if it is nowhere worse and somewhere better. Equal points do not dominate each
    other: the front holds every copy, so the mask does not depend on the points' order.

    Args:
        points: N × M, all minimized; infinity is a value like any other.

    Raises:
        ValueError: the points are not N × M, or one of them is NaN.
    """
    points = as_points(points)
    mask = np.zeros(len(points), dtype=bool)
    remaining = np.lexsort(points.T[::-1])
    while len(remaining):
        first = points[remaining[0]]
        rest = points[remaining]
        better = (rest < first).any(axis=1)
        equal = (rest == first).all(axis=1)
        # A dominator precedes in lexicographic order, so nothing that remains dominates `first`; and what was
        # discarded was dominated by a point of the front, which would have discarded `first` too.
        mask[remaining[equal]] = True
        remaining = remaining[better]
    return mask


def knee(points: ArrayLike) -> int:
    """Return the index of the front's best compromise.

    Each objective is scaled by the front's range to 0 … 1; the knee is the point nearest to the corner where
    every objective is at its best (compromise programming: Zeleny, Linear Multiobjective Programming, 1973).
    Ties go to the point that comes first when sorted by its objectives, not by its place in `points`.

    Args:
        points: N × M, all minimized, finite; dominated ones may be among them and are never chosen.

    Raises:
        ValueError: there are no points, or one is not finite.
    """
    points = as_points(points)
    if not len(points):
        raise ValueError("no points, so no knee")
    if not np.isfinite(points).all():
        raise ValueError("the knee needs finite points")
    indices = np.flatnonzero(non_dominated(points))
    front = points[indices]
    spread = np.ptp(front, axis=0)
    scaled = (front - front.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    # Rounded, so that the sum's order of evaluation cannot break a tie.
    distance = np.round(np.square(scaled).sum(axis=1), 12)
    return int(indices[np.lexsort((*front.T[::-1], distance))[0]])


def as_points(points: ArrayLike) -> Points:
    """Return N × M floats.

    Raises:
        ValueError: the points are not N × M, or one of them is NaN.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"points must be N × M, got the shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError("points must not be NaN")
    return array
