"""The weights of a network before training has touched them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tuner.models.network import Network
from tuner.models.shapes import output_shapes
from tuner.training.layers import Pass, Tensor, forward, tensor_shape
from tuner.training.runtime import tf

Weights = Mapping[str, NDArray[np.float32]]
"""Arrays by "node/role", the role being kernel, recurrent, bias, gamma, beta, mean or variance."""

_STATISTICS = ("mean", "variance")
_RANDOM = ("kernel", "recurrent")
_CONSTANTS = {"bias": 0.0, "beta": 0.0, "mean": 0.0, "gamma": 1.0, "variance": 1.0}


def is_statistic(name: str) -> bool:
    """Tell the weights that training gathers from those it learns."""
    return _role(name) in _STATISTICS


def initial_weights(network: Network, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return the values that Keras would start from: Glorot-uniform kernels, zero biases, unit scales.

    Raises:
        BuildError: a layer does not fit its input.
    """
    generator = np.random.default_rng(seed)
    weights: dict[str, NDArray[np.float32]] = {}

    def create(name: str, shape: tuple[int, ...]) -> Tensor:
        role = _role(name)
        weights[name] = (
            _glorot(generator, shape) if role in _RANDOM else np.full(shape, _CONSTANTS[role], dtype=np.float32)
        )
        return tf.compat.v1.placeholder(tf.float32, shape)

    output_shapes(network)  # TensorFlow itself aborts the process on some layers that do not fit
    with tf.Graph().as_default():
        inputs = tf.compat.v1.placeholder(tf.float32, (1, *tensor_shape(network.input_shape)))
        forward(network, inputs, Pass(create))
    return weights


def random_weights(network: Network, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return weights such as training might leave: no bias is zero, no two channels share a scale.

    From its first values a network converts to a smaller model than the trained one, for zero biases are left
    out and equal buffers shared.
    """
    generator = np.random.default_rng((seed, 1))
    weights = initial_weights(network, seed)
    for name, values in weights.items():
        role = _role(name)
        if role in ("gamma", "variance"):
            weights[name] = generator.uniform(0.5, 1.5, values.shape).astype(np.float32)
        elif role not in _RANDOM:
            weights[name] = generator.normal(0.0, 0.1, values.shape).astype(np.float32)
    return weights


def _role(name: str) -> str:
    return name.rpartition("/")[2]


def _glorot(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    field = math.prod(shape[:-2])
    limit = math.sqrt(6.0 / (field * (shape[-2] + shape[-1])))
    return generator.uniform(-limit, limit, shape).astype(np.float32)
