"""What goes into training and what comes out, as values that any process can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Features and what is true of them."""

    features: NDArray[np.float32]
    """N × the network's input shape."""
    truth: NDArray[Any]
    """N × …, in the form that the loss takes: N class indices, N × labels of 0 and 1, N × values."""

    def __post_init__(self) -> None:
        if len(self.features) != len(self.truth):
            raise ValueError(f"{len(self.features)} rows of features, but {len(self.truth)} of truth")

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class Epoch:
    """How training stood after one pass over the training examples."""

    number: int
    """Counted from 1."""
    loss: float
    """Mean over the epoch, class weights and regularization as in training."""
    measure: float
    """What goes with the loss, e.g. accuracy; of the predictions made while training, with dropout and augmentation."""
    val_loss: float
    """Without class weights, dropout and augmentation."""
    val_measure: float


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network with the weights of its best epoch."""

    network: Network
    weights: Mapping[str, NDArray[np.float32]]
    """By "node/name": "dense_0/kernel", "dense_0/bias", "batchnorm_1/mean", …; see `tuner.training.weights`."""
    history: tuple[Epoch, ...]
    best_epoch: int
    """The epoch of the least validation loss, counted from 1; 0 for weights that no epoch has improved."""
    seconds: float
    """Wall time of training, tracing included."""
