"""Batch normalization folded into the layer before it, as the converter does it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import BatchNorm, Network, Node
from tuner.training.layers import BATCH_NORM_EPSILON, bare_nodes, depthwise_nodes
from tuner.training.weights import Weights


def fold(network: Network, weights: Weights) -> tuple[Network, dict[str, NDArray[np.float32]]]:
    """Return a network that computes the same without the normalizations that have a layer to go into."""
    bare, depthwise = bare_nodes(network), depthwise_nodes(network)
    folded = dict(weights)
    into: dict[str, str] = {}
    nodes: list[Node] = []
    for node in network.nodes:
        if isinstance(node.layer, BatchNorm) and node.inputs[0] in bare:
            layer = into[node.name] = node.inputs[0]
            gamma, beta, mean, variance = (folded.pop(f"{node.name}/{role}") for role in _ROLES)
            scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
            folded[f"{layer}/kernel"] = folded[f"{layer}/kernel"] * (
                scale[:, np.newaxis] if layer in depthwise else scale
            )
            folded[f"{layer}/bias"] = beta - mean * scale
        else:
            nodes.append(replace(node, inputs=tuple(into.get(name, name) for name in node.inputs)))
    return replace(network, nodes=tuple(nodes)), folded


_ROLES = ("gamma", "beta", "mean", "variance")
