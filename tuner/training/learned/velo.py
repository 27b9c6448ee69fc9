"""VeLO and CELO: a recurrent network per tensor, a small perceptron per weight.

VeLO (Metz et al. 2022, arXiv:2211.09760) blends the perceptron of a tensor from 256 published ones, as its LSTM says
from statistics of the tensor, of the loss and of time. CELO (Moudgil et al. 2025, arXiv:2501.12670) has one
perceptron for all, and an LSTM that sees loss and time alone, so one row of it stands for all tensors. N weights in
T tensors; momenta have decays of 0.9, 0.99 and 0.999.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.training.learned.factored import Factored, Means
from tuner.training.learned.published import INPUT_SIZES, Arrays
from tuner.training.learned.scheduler import Scheduler, first_losses, fraction_features, loss_features
from tuner.training.learned.update import Now, Slots, Tensor
from tuner.training.runtime import tf

_DECAYS = np.array([0.9, 0.99, 0.999], np.float32)
_SQUARE_DECAY = 0.999
_GREATEST_GRADIENT = 1000.0
_STEP = 0.001
_MAGNITUDE = 0.001
_RANKS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Velo:
    """The rule for tensors of given shapes."""

    arrays: Arrays
    shapes: Sequence[tuple[int, ...]]
    tensors: Means
    factored: Factored
    per_tensor: bool
    """VeLO; else CELO."""

    @classmethod
    def of(cls, arrays: Arrays, shapes: Sequence[tuple[int, ...]], *, per_tensor: bool) -> Velo:
        """Make the rule for tensors of these shapes."""
        whole = [np.zeros(math.prod(shape), np.int64) for shape in shapes]
        return cls(arrays, shapes, Means.of(whole), Factored.of(shapes), per_tensor)

    def first(self) -> tuple[NDArray[np.float32], ...]:
        """Return momenta, squares, rows, columns, the scheduler's state and the course of the loss."""
        count = len(self.tensors.group)
        sizes = (3, count), (1, count), (3, len(self.factored.rows.sizes)), (3, len(self.factored.columns.sizes))
        scheduler = Scheduler(self.arrays).first(len(self.shapes) if self.per_tensor else 1)
        return (*(np.zeros(size, np.float32) for size in sizes), *scheduler, *first_losses())

    def moved(self, now: Now, slots: Slots) -> tuple[Tensor, Slots]:
        """Take a step."""
        momenta, squares, rows, columns, hidden, cell, means, least = slots
        course, losses = loss_features(now.loss, means, least, now.count, now.total)
        features = tf.concat([fraction_features(now.count, now.total), course], axis=0)[None]
        if self.per_tensor:
            features = self._tensor_features(features, now.weights, momenta, squares)
        scheduler = Scheduler(self.arrays)
        hidden, cell = scheduler(features, hidden, cell)
        gradient = tf.clip_by_value(now.gradient, -_GREATEST_GRADIENT, _GREATEST_GRADIENT)
        momenta = _DECAYS[:, None] * momenta + (1 - _DECAYS[:, None]) * gradient
        squares = _SQUARE_DECAY * squares + (1 - _SQUARE_DECAY) * tf.square(gradient)
        rows, columns = self.factored.moved(gradient, rows, columns, tf.constant(_DECAYS))
        inputs = self._inputs(now.weights, gradient, momenta, squares, rows, columns)
        direction, magnitude = self._outputs(inputs, scheduler, hidden)
        scale = tf.sqrt(self.tensors(tf.square(now.weights)[None]) + 1e-9)
        factor = scheduler.step_size(hidden)
        factor = factor if self.per_tensor else tf.exp(factor) * 0.1
        length = self.tensors.spread(scale * factor * _STEP)[0]
        step = direction * tf.exp(magnitude * _MAGNITUDE) * length
        return now.weights - step, (momenta, squares, rows, columns, hidden, cell, *losses)

    def _tensor_features(self, everywhere: Tensor, weights: Tensor, momenta: Tensor, squares: Tensor) -> Tensor:
        """Return T × 30: time and loss, then size and spread of the moments before this step, and the rank.

        The spread of the squares is that around the means of the momenta: published as such, so kept.
        """
        norm = tf.math.rsqrt(tf.maximum(1e-9, self.tensors(tf.square(weights)[None])))
        momenta, squares = momenta * self.tensors.spread(norm), squares * self.tensors.spread(norm)
        mean = self.tensors(momenta)
        spread = self.tensors(tf.square(momenta - self.tensors.spread(mean)))
        square_spread = self.tensors(tf.square(squares - self.tensors.spread(mean)))
        ranks = np.array([sum(size > 1 for size in shape) for shape in self.shapes])
        rank = np.eye(max(_RANKS, ranks.max() + 1), dtype=np.float32)[ranks, :_RANKS]
        parts = (_log(self.tensors(squares)), tf.constant(rank.T), _log(spread), _log(square_spread))
        return tf.concat([tf.tile(everywhere, (len(self.shapes), 1)), tf.transpose(tf.concat(parts, axis=0))], axis=1)

    def _inputs(
        self, weights: Tensor, gradient: Tensor, momenta: Tensor, squares: Tensor, rows: Tensor, columns: Tensor
    ) -> Tensor:
        """Return 30 × N: what the perceptron of each weight reads, before it is scaled by tensor."""
        inverse = tf.math.rsqrt(squares + 1e-6)
        for_gradient, for_momentum = self.factored.factors(rows, columns)
        row, column = self.factored.rows.spread(rows), self.factored.columns.spread(columns)
        groups = (
            gradient[None],
            tf.clip_by_value(gradient, -0.1, 0.1)[None],
            weights[None],
            momenta,
            squares,
            momenta * inverse,
            inverse,
            gradient * for_gradient,
            gradient * inverse,
            row,
            column,
            tf.math.rsqrt(row + 1e-8),
            tf.math.rsqrt(column + 1e-8),
            momenta * for_momentum,
        )
        return tf.concat(groups, axis=0)

    def _outputs(self, inputs: Tensor, scheduler: Scheduler, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return direction and magnitude, N each."""
        scale = tf.math.rsqrt(self.tensors(tf.square(inputs)) + 1e-5)
        layers = self._layers(scheduler, hidden)
        sizes = [math.prod(shape) for shape in self.shapes]
        results = []
        for place, part in enumerate(tf.split(inputs, sizes, axis=1)):
            (w0, b0), (w1, b1), (w2, b2) = ((w[place % len(w)], b[place % len(b)]) for w, b in layers)
            value = tf.nn.relu(tf.matmul(part * scale[:, place, None], w0, transpose_a=True) + b0)
            results.append(tf.nn.relu(value @ w1 + b1) @ w2 + b2)
        joined = tf.concat(results, axis=0)
        return joined[:, 0], joined[:, 1]

    def _layers(self, scheduler: Scheduler, hidden: Tensor) -> list[tuple[list[Tensor], list[Tensor]]]:
        """Return kernels and biases of the perceptron's layers: one for each tensor, or one for all."""
        first = np.concatenate([self.arrays[f"ff_mod_stack|~|w0__{n}"] for n in range(len(INPUT_SIZES))], axis=1)
        kernels = (first, self.arrays["ff_mod_stack|~|w1"], self.arrays["ff_mod_stack|~|w2"])
        biases = [self.arrays[f"ff_mod_stack|~|b{layer}"] for layer in range(3)]
        if not self.per_tensor:
            return [([kernel[0]], [bias[0]]) for kernel, bias in zip(kernels, biases, strict=True)]
        blend = scheduler.linear("rnn_to_controls", hidden) * (100 / len(first))

        def blended(stack: NDArray[np.float32]) -> list[Tensor]:
            return list(tf.unstack(tf.tensordot(blend, stack, 1), num=len(self.shapes)))

        return [(blended(kernel), blended(bias)) for kernel, bias in zip(kernels, biases, strict=True)]


def _log(value: Tensor) -> Tensor:
    return tf.clip_by_value(tf.math.log(1e-8 + tf.abs(value * 10)), -5.0, 5.0) * 0.5
