"""The hypervolume: how much of the objective space a set of points covers.

It is the only unary measure of a front that grows whenever the front gets better (Zitzler et al., "Performance
assessment of multiobjective optimizers", 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tuner.search.front import Points, as_points


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Return the volume that the points dominate, bounded by the reference.

    Exact. A sweep over the last objective reduces each point to the part it covers alone in one dimension less
    (as WFG does: While, Bradstreet, Barone, "A fast way of calculating exact hypervolumes", 2012); a hundred
    points of four objectives take some tens of milliseconds.

    Args:
        points: N × M, all minimized; those not better than the reference in every objective cover nothing.
        reference: M, the worst corner.

    Raises:
        ValueError: the shapes do not fit, a figure is NaN or a point is minus infinity.
    """
    corner, inside = _bounded(points, reference)
    return _volume(_front(corner - inside))


def contribution(point: ArrayLike, points: ArrayLike, reference: ArrayLike) -> float:
    """Return by how much the hypervolume of `points` grows when `point` joins them.

    Args:
        point: M.
        points: N × M; N may be zero.
        reference: M.

    Raises:
        ValueError: as for `hypervolume`.
    """
    point = np.asarray(point, dtype=np.float64)
    corner, own = _bounded(point[None, :], reference)
    if not len(own):
        return 0.0
    others = np.asarray(points, dtype=np.float64).reshape(-1, len(point))
    _, inside = _bounded(others, corner)
    return _alone((corner - own)[0], corner - inside)


def _bounded(points: ArrayLike, reference: ArrayLike) -> tuple[Points, Points]:
    """Return the reference and the points strictly inside of it."""
    points = as_points(points)
    corner = np.asarray(reference, dtype=np.float64)
    if corner.shape != points.shape[1:]:
        raise ValueError(f"the reference has the shape {corner.shape}, the points are {points.shape}")
    if not np.isfinite(corner).all() or np.isneginf(points).any():
        raise ValueError("hypervolume needs a finite reference and points above minus infinity")
    return corner, points[(points < corner).all(axis=1)]


# Below, points are extents: distances from the reference, all positive, larger is better. A point then covers
# the box between the origin and itself.


def _volume(front: Points) -> float:
    """Return the volume of the union of the boxes of mutually non-dominated extents."""
    if not len(front):
        return 0.0
    if front.shape[1] == 1:
        return float(front.max())
    order = np.argsort(-front[:, -1], kind="stable")
    front = front[order]
    if front.shape[1] == 2:
        # From tall to flat each box is wider than the last and adds the difference.
        return float(np.diff(front[:, 0], prepend=0.0) @ front[:, 1])
    # From tall to flat: what a box covers alone in the other dimensions, it covers from the floor to its height.
    base = front[:, :-1]
    return sum(float(front[index, -1]) * _alone(base[index], base[:index]) for index in range(len(front)))


def _alone(extent: Points, others: Points) -> float:
    """Return the volume of the box of `extent` that no box of `others` covers."""
    box = float(np.prod(extent))
    if not len(others):
        return box
    clipped = np.minimum(others, extent)
    return max(0.0, box - _volume(_front(clipped)))


def _front(extents: Points) -> Points:
    """Return the non-dominated extents, each once."""
    if len(extents) < 2:
        return extents
    extents = np.unique(extents, axis=0)
    # By pairs rather than by `non_dominated`: the sets here are small and many.
    covered = (extents[:, None, :] <= extents[None, :, :]).all(axis=2)
    mask: NDArray[np.bool_] = covered.sum(axis=1) == 1
    return extents[mask]
