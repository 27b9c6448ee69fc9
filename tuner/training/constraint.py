"""What training must keep as it is: weights that are zero stay zero, weights that are equal stay equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import LSTM, Conv1D, Conv2D, Dense, Network
from tuner.training.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Arrays of the shape of the weights they are named after; what is not named is free."""

    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """False where a weight is zero, and stays."""
    ties: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    """Weights with the same number, within one array, are equal, and stay so."""


class Constraint(Protocol):
    """Decides what is held, epoch by epoch."""

    @property
    def settled(self) -> int:
        """The first epoch after which weights are as they are meant to be."""
        ...

    def held(self, epoch: int, weights: Weights) -> Held | None:
        """Return what is held from this epoch on, counted from 1, given the weights before it; `None`: as before."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """The same from first to last; the weights that training starts from comply."""

    what: Held
    settled: int = 0

    def held(self, epoch: int, weights: Weights) -> Held | None:  # noqa: ARG002 (whatever the weights)
        """Return it once."""
        return self.what if epoch == 1 else None


def kernels(network: Network) -> tuple[str, ...]:
    """Return the weights that sparsity and clusters apply to: kernels, but not depthwise ones."""
    names = [f"{node.name}/kernel" for node in network.nodes if isinstance(node.layer, Dense | Conv1D | Conv2D | LSTM)]
    return (*names, *(f"{node.name}/recurrent" for node in network.nodes if isinstance(node.layer, LSTM)))


def preserving(network: Network, weights: Weights, *, sparse: bool, clustered: bool) -> Held:
    """Return what holds the zeros, or the equal weights of each output channel, of a network as it stands.

    Channels are looked at one by one because batch normalization, once folded in, gives each a scale of its own.
    """
    names = kernels(network)
    masks = {name: weights[name] != 0 for name in names} if sparse else {}
    ties = {name: _equal_in_channel(weights[name]) for name in names} if clustered else {}
    return Held(masks, ties)


def _equal_in_channel(kernel: NDArray[np.float32]) -> NDArray[np.intp]:
    rows = kernel.reshape(-1, kernel.shape[-1])
    numbers = np.empty(rows.shape, np.intp)
    first = 0
    for channel in range(rows.shape[1]):
        values, inverse = np.unique(rows[:, channel], return_inverse=True)
        numbers[:, channel] = first + inverse
        first += len(values)
    return numbers.reshape(kernel.shape)
