"""Channels removed from a trained network: those of least norm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import LSTM, BatchNorm, DepthwiseConv1D, DepthwiseConv2D, Network
from tuner.models.thinning import Channels, Computing, channels_of, thinned
from tuner.training.folding import fold
from tuner.training.weights import Weights

Kept = Mapping[int, NDArray[np.intp]]
"""The channels of each group that stay, in order."""


def thin(network: Network, weights: Weights, width: float) -> tuple[Network, dict[str, NDArray[np.float32]]]:
    """Return the network with the share `width` of its channels, and the weights that are left.

    A channel's norm is that of all weights that compute it (L2), batch normalization folded in; where a sum joins the
    channels of several layers, that of all of them.

    Raises:
        BuildError: no layer's channels can be removed.
    """
    channels = channels_of(network)
    kept = _kept(network, weights, channels, width)
    left = dict(weights)
    for node in network.nodes:
        read = _positions(channels, kept, channels.layout[node.inputs[0]])
        if isinstance(node.layer, Computing):
            given = kept[channels.layout[node.name][0]]
            _cut(left, f"{node.name}/kernel", -2, read)
            for role in ("kernel", "bias"):
                _cut(left, f"{node.name}/{role}", -1, given)
        elif isinstance(node.layer, LSTM):
            _cut(left, f"{node.name}/kernel", -2, read)
        elif isinstance(node.layer, DepthwiseConv1D | DepthwiseConv2D):
            _cut(left, f"{node.name}/kernel", -2, read)
            _cut(left, f"{node.name}/bias", -1, read)
        elif isinstance(node.layer, BatchNorm):
            for role in ("gamma", "beta", "mean", "variance"):
                _cut(left, f"{node.name}/{role}", -1, read)
    return thinned(network, width), left


def _kept(network: Network, weights: Weights, channels: Channels, width: float) -> Kept:
    folded = fold(network, weights)[1]
    squares = {group: np.zeros(size) for group, size in channels.sizes.items()}
    for node in network.nodes:
        if isinstance(node.layer, Computing):
            kernel = folded[f"{node.name}/kernel"].astype(np.float64)
            squares[channels.layout[node.name][0]] += np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1)))
    return {
        group: np.sort(np.argsort(-values, kind="stable")[: channels.kept(group, width)])
        for group, values in squares.items()
    }


def _positions(channels: Channels, kept: Kept, layout: tuple[int, ...]) -> NDArray[np.intp]:
    """Return where on the last dimension the channels stand that stay."""
    sizes = [channels.sizes[group] for group in layout]
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.intp)
    return np.concatenate([start + kept[group] for start, group in zip(starts, layout, strict=True)])


def _cut(weights: dict[str, NDArray[np.float32]], name: str, axis: int, positions: NDArray[np.intp]) -> None:
    if name in weights:  # a layer before a batch normalization has no bias
        weights[name] = np.take(weights[name], positions, axis)
