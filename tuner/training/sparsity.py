"""Magnitude pruning: the smallest weights of each kernel become zero while the others learn to do without them.

Zhu & Gupta 2017, as TensorFlow Model Optimization does it: the share of zeros rises with a cubic polynomial, masks
are drawn anew from the weights' magnitudes, and depthwise kernels are left alone. A test holds masks and schedule
against that package; it is not called here, for importing it takes a worker 1.6 s, and its wrappers need Keras layers
and a training loop of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import Network
from tuner.training.constraint import Held, kernels
from tuner.training.weights import Weights


@dataclass(frozen=True, slots=True)
class Pruning:
    """Zeros rise to their share over the first half of the epochs, and stay for the rest."""

    network: Network
    sparsity: float
    epochs: int

    @property
    def settled(self) -> int:
        """The epoch with the final share."""
        return math.ceil(self.epochs / 2)

    def held(self, epoch: int, weights: Weights) -> Held | None:
        """Return masks with this epoch's share of zeros."""
        if epoch > self.settled:
            return None
        share = scheduled_sparsity(epoch, self.settled, self.sparsity)
        return Held({name: magnitude_mask(weights[name], share) for name in kernels(self.network)})


def scheduled_sparsity(epoch: int, last: int, sparsity: float) -> float:
    """Return the share of zeros in an epoch, counted from 1: a cubic that reaches `sparsity` in the last."""
    return sparsity * (1 - (1 - epoch / last) ** 3)


def magnitude_mask(kernel: NDArray[np.float32], sparsity: float) -> NDArray[np.bool_]:
    """Return false for the share `sparsity` of weights that are least in magnitude; at least one stays."""
    magnitudes = np.abs(kernel)
    kept = max(round(float(np.float32(kernel.size) * np.float32(1 - sparsity))), 1)
    mask: NDArray[np.bool_] = magnitudes >= np.sort(magnitudes, axis=None)[-kept]
    return mask
