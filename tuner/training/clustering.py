"""Weight clustering: the weights of a kernel take few different values, which are then trained.

As TensorFlow Model Optimization does it (Han et al. 2016): values begin evenly spaced between the least and the
greatest weight, each weight takes the nearest, and the values learn from the sum of their weights' gradients. Here
values first move to the means of their weights until none changes its value (Lloyd 1982), which leaves a third of
the error. A test holds the even spacing, with and without zeros kept, against that package.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import Network
from tuner.training.constraint import Held, kernels
from tuner.training.weights import Weights

_ROUNDS = 100
"""More than any kernel was seen to need."""


def cluster(
    network: Network, weights: Weights, clusters: int, *, sparse: bool
) -> tuple[dict[str, NDArray[np.float32]], Held]:
    """Return weights of which each kernel has at most `clusters` different values, and what holds them alike.

    Args:
        network: the network.
        weights: what it has learned.
        clusters: values of a kernel.
        sparse: zeros stay; zero is one of the values.
    """
    clustered = dict(weights)
    ties: dict[str, NDArray[np.intp]] = {}
    for name in kernels(network):
        values = centroids(weights[name], clusters, sparse=sparse)
        nearest = _nearest(weights[name], values)
        clustered[name], ties[name] = values[nearest], nearest
    return clustered, Held({name: clustered[name] != 0 for name in ties} if sparse else {}, ties)


def centroids(kernel: NDArray[np.float32], clusters: int, *, sparse: bool) -> NDArray[np.float32]:
    """Return the values that the weights of a kernel are to take, in rising order."""
    values = spaced(kernel, clusters, sparse=sparse)
    if sparse and 0 not in values:
        values = np.sort(np.append(values, np.float32(0)))
    weights = kernel.ravel()
    nearest = _nearest(weights, values)
    for _ in range(_ROUNDS):
        counts = np.bincount(nearest, minlength=len(values))
        sums = np.bincount(nearest, weights=weights, minlength=len(values))
        moved = np.where(counts, sums / np.maximum(counts, 1), values).astype(np.float32)
        if sparse:
            moved[values == 0] = 0
        values = np.sort(moved)
        before, nearest = nearest, _nearest(weights, values)
        if np.array_equal(before, nearest):
            break
    return values


def spaced(kernel: NDArray[np.float32], clusters: int, *, sparse: bool) -> NDArray[np.float32]:
    """Return values evenly between the extremes; to keep zeros, zero and values on either side, as many as weights."""
    if not sparse:
        return np.linspace(kernel.min(), kernel.max(), clusters, dtype=np.float32)
    negative, positive = kernel[kernel < 0], kernel[kernel > 0]
    if not len(negative) + len(positive):
        return np.zeros(1, np.float32)
    below = round((clusters - 1) * len(negative) / (len(negative) + len(positive)))
    sides = [
        np.linspace(side.min(), side.max(), count, dtype=np.float32) if count else np.zeros(0, np.float32)
        for side, count in ((negative, below), (positive, clusters - 1 - below))
    ]
    return np.concatenate([sides[0], np.zeros(1, np.float32), sides[1]])


def _nearest(weights: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.searchsorted((values[1:] + values[:-1]) / 2, weights)
