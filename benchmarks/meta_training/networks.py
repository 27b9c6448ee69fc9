"""Networks of meta-training, many replicas at once: every weight has an axis of replicas, R, in front.

Convolutions are matrix products of patches, since TensorFlow has no convolution whose kernel differs along the batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.training.runtime import tf

Tensor = Any

EPSILON = 1e-3


@dataclass(frozen=True)
class Dense:
    units: int
    activation: str = "relu"


@dataclass(frozen=True)
class Conv:
    """With padding, over height and width; 1-D data has a height of 1."""

    filters: int
    kernel: tuple[int, int]
    stride: int = 1
    activation: str = "relu"


@dataclass(frozen=True)
class Depthwise:
    kernel: tuple[int, int]


@dataclass(frozen=True)
class Norm:
    """Batch normalization with the statistics of the batch, then ReLU."""


@dataclass(frozen=True)
class Pool:
    size: tuple[int, int]


@dataclass(frozen=True)
class Flatten:
    pass


@dataclass(frozen=True)
class Mean:
    """Global average."""


Layer = Dense | Conv | Depthwise | Norm | Pool | Flatten | Mean

ACTIVATIONS = {"relu": tf.nn.relu, "tanh": tf.tanh, "elu": tf.nn.elu, "linear": lambda x: x}


@dataclass(frozen=True)
class Model:
    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    def shapes(self) -> list[tuple[int, ...]]:
        """Of the weights of one replica, in the order in which `run` reads them."""
        shapes: list[tuple[int, ...]] = []

        def note(shape: tuple[int, ...]) -> Tensor:
            shapes.append(shape)
            return tf.zeros((1, *shape))

        self._walk(tf.zeros((1, 2, *self.input_shape)), note)
        return shapes

    def first(self, replicas: int, generator: np.random.Generator) -> NDArray[np.float32]:
        """R × N: as the product starts, each replica differently."""
        parts = []
        scales = iter(self._scales())
        for shape in self.shapes():
            size = math.prod(shape)
            if len(shape) > 1:
                field = math.prod(shape[:-2])
                limit = math.sqrt(6 / (field * (shape[-2] + shape[-1])))
                parts.append(generator.uniform(-limit, limit, (replicas, size)))
            else:
                parts.append(np.full((replicas, size), next(scales)))
        return np.concatenate(parts, 1).astype(np.float32)

    def _scales(self) -> Iterator[float]:
        """First values of the vectors: biases 0, scales 1 and offsets 0."""
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Norm):
                yield 1.0
                yield 0.0
            elif isinstance(layer, Dense | Conv | Depthwise) and not self._bare(index):
                yield 0.0

    def _bare(self, index: int) -> bool:
        return index + 1 < len(self.layers) and isinstance(self.layers[index + 1], Norm)

    def run(self, weights: Tensor, x: Tensor) -> Tensor:
        """Logits, R × B × classes, of weights R × N and inputs R × B × `input_shape`."""
        shapes = self.shapes()
        parts = iter(
            tf.reshape(part, (-1, *shape))
            for part, shape in zip(tf.split(weights, [math.prod(s) for s in shapes], axis=1), shapes, strict=True)
        )
        return self._walk(x, lambda _: next(parts))

    def _walk(self, x: Tensor, weight: Any) -> Tensor:
        for index, layer in enumerate(self.layers):
            x = self._apply(layer, x, weight, bare=self._bare(index))
        return x

    def _apply(self, layer: Layer, x: Tensor, weight: Any, *, bare: bool) -> Tensor:
        match layer:
            case Dense(units, activation):
                x = x @ weight((x.shape[-1], units))
                return x if bare else ACTIVATIONS[activation](x + weight((units,))[:, None])
            case Conv(filters, kernel, stride, activation):
                height, width = x.shape[2:4]
                patches = tf.concat(shifted(x, kernel), -1)
                patches = patches[:, :, ::stride, ::stride] if height > 1 else patches[:, :, :, ::stride]
                rows, columns, size = patches.shape[2:]
                table = tf.reshape(weight((*kernel, x.shape[-1], filters)), (-1, size, filters))
                flat = tf.reshape(patches, (tf.shape(x)[0], -1, size)) @ table
                out = tf.reshape(flat, (tf.shape(x)[0], -1, rows, columns, filters))
                if bare:
                    return out
                return ACTIVATIONS[activation](out + weight((filters,))[:, None, None, None])
            case Depthwise(kernel):
                channels = x.shape[-1]
                taps = tf.reshape(weight((*kernel, channels, 1)), (-1, math.prod(kernel), channels))
                out = tf.add_n(
                    [part * taps[:, place, None, None, None] for place, part in enumerate(shifted(x, kernel))]
                )
                return out if bare else tf.nn.relu(out + weight((channels,))[:, None, None, None])
            case Norm():
                axes = list(range(1, len(x.shape) - 1))
                mean, variance = tf.nn.moments(x, axes, keepdims=True)
                shape = (-1, *([1] * len(axes)), x.shape[-1])
                gamma, beta = (tf.reshape(weight((x.shape[-1],)), shape) for _ in range(2))
                return tf.nn.relu((x - mean) * tf.math.rsqrt(variance + EPSILON) * gamma + beta)
            case Pool((rows, columns)):
                height, width, channels = x.shape[2:]
                x = x[:, :, : height // rows * rows, : width // columns * columns]
                shape = (tf.shape(x)[0], -1, height // rows, rows, width // columns, columns, channels)
                return tf.reduce_max(tf.reshape(x, shape), axis=(3, 5))
            case Flatten():
                return tf.reshape(x, (tf.shape(x)[0], tf.shape(x)[1], math.prod(x.shape[2:])))
            case Mean():
                return tf.reduce_mean(x, axis=(2, 3))


def shifted(x: Tensor, kernel: tuple[int, int]) -> list[Tensor]:
    """The input as each tap of a kernel sees it, zeros around."""
    height, width = x.shape[2:4]
    top, left = (kernel[0] - 1) // 2, (kernel[1] - 1) // 2
    padded = tf.pad(x, ((0, 0), (0, 0), (top, kernel[0] - 1 - top), (left, kernel[1] - 1 - left), (0, 0)))
    return [
        padded[:, :, row : row + height, column : column + width]
        for row in range(kernel[0])
        for column in range(kernel[1])
    ]


def model(input_shape: Sequence[int], *layers: Layer) -> Model:
    return Model(tuple(input_shape), layers)
