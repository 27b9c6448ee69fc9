"""Running a network as if it were stored in 8 bits, with gradients, as the converter will quantize it.

Weights: symmetric, a scale per output channel, ±127. Activations: a range per tensor, zero included, fixed. Gradients
pass through the rounding as if it were not there (Bengio et al. 2013; Jacob et al. 2018).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import (
    INPUT,
    Activate,
    Add,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    GlobalAveragePool,
    Network,
)
from tuner.training.layers import Pass, Tensor, depthwise_nodes, forward, readers_of, tensor_shape
from tuner.training.runtime import tf
from tuner.training.weights import Weights

Ranges = tuple[tuple[str, float, float], ...]
"""Node, least and greatest value it gives."""

_COMPUTING = (Dense, Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D, Add, GlobalAveragePool, BatchNorm)
"""Layers whose output is quantized anew; the others pass their input's scale on."""

_FUSED = ("relu", "relu6")
"""Activations that belong to the operator before them, so nothing is quantized in between."""


def activation_ranges(network: Network, weights: Weights, features: NDArray[np.float32]) -> Ranges:
    """Return the ranges that the examples reach in every tensor that will have a scale of its own."""
    wanted = _quantized_nodes(network)
    ranges: list[tuple[str, float, float]] = []

    def record(name: str, value: Tensor) -> Tensor:
        if name in wanted:
            low, high = float(tf.reduce_min(value)), float(tf.reduce_max(value))
            ranges.append((name, min(low, 0.0), max(high, 1e-6)))
        return value

    rows = tf.constant(features.reshape(-1, *tensor_shape(network.input_shape)))
    forward(network, rows, Pass(lambda name, _: tf.constant(weights[name]), after=record))
    return tuple(ranges)


def quantized_pass(network: Network, weights: Mapping[str, Tensor], ranges: Ranges) -> Pass:
    """Return a pass that rounds weights and activations to what 8 bits can hold."""
    limits = {name: (low, high) for name, low, high in ranges}
    depthwise = depthwise_nodes(network)

    def weight(name: str, _shape: tuple[int, ...]) -> Tensor:
        node, _, role = name.rpartition("/")
        return _rounded(weights[name], -2 if node in depthwise else -1) if role == "kernel" else weights[name]

    def after(name: str, value: Tensor) -> Tensor:
        if name not in limits:
            return value
        low, high = limits[name]
        return tf.quantization.fake_quant_with_min_max_args(value, low, high)

    return Pass(weight, after=after)


def _quantized_nodes(network: Network) -> frozenset[str]:
    readers = readers_of(network)
    names = {INPUT}
    for node in network.nodes:
        if isinstance(node.layer, Activate):
            names.add(node.name)
        elif isinstance(node.layer, _COMPUTING):
            following = [reader.layer for reader in readers[node.name]]
            fused = len(following) == 1 and isinstance(following[0], Activate) and following[0].activation in _FUSED
            if not fused:
                names.add(node.name)
    return frozenset(names)


def _rounded(kernel: Tensor, channel: int) -> Tensor:
    others = [axis for axis in range(len(kernel.shape)) if axis != channel % len(kernel.shape)]
    scale = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=others, keepdims=True), 1e-9) / 127.0
    return kernel + tf.stop_gradient(tf.round(kernel / scale) * scale - kernel)
