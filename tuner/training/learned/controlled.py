"""The optimizer that this project meta-trained: a small network sets a step size and a blend for every tensor.

An update is a blend of five directions that are known per parameter (Adam's, Adam's with a short second moment,
the normalized gradient, slow momentum, and Adam's where it agrees with the gradient), taken with a step size that
follows a cosine over the training. A multilayer perceptron of a few hundred weights, shared by all tensors, sees
statistics of each tensor and of the loss and says how much of each direction, how long the step, and how much the
weights shrink. With its last layer at zero the rule is Adam with a cosine schedule, which is where meta-training
starts. The idea of a controller per tensor is VeLO's (Metz et al. 2022, arXiv:2211.09760).

Everything has an axis of replicas in front, R, so that meta-training runs many perturbed rules at once; training
uses one. N weights in T tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tuner.training.learned.update import Now, Slots, Tensor
from tuner.training.runtime import tf

PEAK = 0.003
"""Step size before the network has its say."""

_HIDDEN = 12
_DIRECTIONS = 5
_OUTPUTS = _DIRECTIONS + 2
_STATIC = 7
_TIME = 5
_LOSS = 2
_MEASURED = 6
_FEATURES = _TIME + _LOSS + _STATIC + _MEASURED + 1

_SHAPES: dict[str, tuple[int, ...]] = {
    "hidden_1": (_FEATURES, _HIDDEN),
    "hidden_2": (2 * _HIDDEN + 1, _HIDDEN),
    "output": (_HIDDEN, _OUTPUTS),
    "skip": (_FEATURES, _OUTPUTS),
}

PARAMETERS = sum(math.prod(shape) for shape in _SHAPES.values())

_DECAYS = np.array([0.9, 0.99, 0.99, 0.999], np.float32)
"""Of fast and slow momentum, of short and long memory of the squares."""
_LOSS_DECAYS = np.array([0.8, 0.98], np.float32)
_EPSILON = 1e-8
_GREATEST_DECAY = 0.1
_ADAM = np.eye(_DIRECTIONS, dtype=np.float32)[0]
_STEPS = ((50.0, 1.0), (1500.0, 1500.0))
"""Least and greatest length of a training, and number of a step, in meta-training."""

_MEMBERS = 100_000

_SHARES = np.array([1.0, 9.0], np.float32)
"""Tenths of the training after which the beginning is over and the end begins."""
_TINY = 1e-20
_FLOORS = np.array([1e-8, 1e-4, 1e-4, 1e-4, 1e-4], np.float32)
_SCALES = np.array([0.25, 0.5, 0.5, 0.5, 0.5], np.float32)
_SHIFTS = np.array([1.0, 0.0, 1.0, 1.0, 1.0], np.float32)
_CEILINGS = np.array([2.0, 2.0, np.inf, np.inf, np.inf], np.float32)
"""Of the logarithms of the squares of weights, gradients, momenta and their ratio: made to lie around zero."""


def first_parameters(generator: np.random.Generator) -> NDArray[np.float32]:
    """Return the weights of the controller that leaves Adam alone: random within, nothing comes out."""
    values = {name: np.zeros(shape) for name, shape in _SHAPES.items()}
    for name in ("hidden_1", "hidden_2"):
        values[name] = generator.normal(size=_SHAPES[name]) / math.sqrt(_SHAPES[name][0])
    return np.concatenate([part.ravel() for part in values.values()]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Tensors:
    """Which tensors the flat vector of weights consists of."""

    index: NDArray[np.int32]
    """N: the tensor of each weight."""
    sizes: NDArray[np.float32]
    """T."""
    features: NDArray[np.float32]
    """T × static features: size, fan-in, depth, and whether it is a vector, a convolution, depthwise, normalized."""

    @property
    def small(self) -> bool:
        """Whether `members` is, so that two matrix products are faster than operators for each tensor."""
        return len(self.index) * len(self.sizes) <= _MEMBERS

    def members(self) -> NDArray[np.float32]:
        """Return N × T: 1 where a weight belongs to a tensor."""
        return np.eye(len(self.sizes), dtype=np.float32)[self.index]

    @classmethod
    def of(cls, shapes: Sequence[tuple[int, ...]]) -> Tensors:
        """Describe tensors in the order in which they stand in the vector."""
        sizes = [math.prod(shape) for shape in shapes]
        normalized = _normalized(shapes)
        rows = []
        for place, (shape, size) in enumerate(zip(shapes, sizes, strict=True)):
            depthwise = len(shape) == 4 and shape[-1] == 1
            fan_in = math.prod(shape[:2]) if depthwise else math.prod(shape[:-1])
            rows.append(
                (
                    min(math.log(size), 9.0) / 3 - 2,  # meta-training saw no larger tensor
                    min(math.log(fan_in), 6.0) / 2 - 1 if len(shape) > 1 else 0.0,
                    2 * place / max(len(shapes) - 1, 1) - 1,
                    len(shape) < 2,
                    len(shape) > 2,
                    depthwise,
                    normalized[place],
                )
            )
        index = np.repeat(np.arange(len(shapes)), sizes).astype(np.int32)
        return cls(index, np.array(sizes, np.float32), np.array(rows, np.float32).reshape(-1, _STATIC))


def _normalized(shapes: Sequence[tuple[int, ...]]) -> list[bool]:
    """Tell the tensors of layers under a normalization: two vectors or more follow their kernel, not one."""
    groups: list[list[int]] = [[]]
    for place, shape in enumerate(shapes):
        if len(shape) > 1:
            groups.append([])
        groups[-1].append(place)
    counts = {place: sum(len(shapes[other]) < 2 for other in group) for group in groups for place in group}
    return [counts[place] > 1 for place in range(len(shapes))]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the rule keeps between steps; all of it starts at zero."""

    moments: Tensor
    """R × 4 × N: means of the gradients, decays 0.9 and 0.99, and of their squares, decays 0.99 and 0.999."""
    losses: Tensor
    """R × 2: mean of the loss, decays 0.8 and 0.98."""

    @classmethod
    def empty(cls, replicas: int, size: int) -> Memory:
        """Return the memory before the first step."""
        return cls(np.zeros((replicas, len(_DECAYS), size), np.float32), np.zeros((replicas, 2), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """The rule for tensors of given shapes, without replicas."""

    parameters: NDArray[np.float32]
    tensors: Tensors

    def first(self) -> tuple[NDArray[np.float32], ...]:
        """Return what `Memory` starts with."""
        memory = Memory.empty(1, len(self.tensors.index))
        return memory.moments, memory.losses

    def moved(self, now: Now, slots: Slots) -> tuple[Tensor, Slots]:
        """Take a step."""
        weights, memory = moved(
            self.parameters[None],
            self.tensors,
            now.weights[None],
            now.gradient[None],
            now.loss[None],
            Memory(*slots),
            (now.count, now.total),
        )
        return weights[0], (memory.moments, memory.losses)


@lru_cache(maxsize=1)
def shipped_parameters() -> NDArray[np.float32]:
    """Return the weights of the controller that come with this package."""
    with np.load(Path(__file__).with_name("learned.npz"), allow_pickle=False) as file:
        theta: NDArray[np.float32] = file["theta"]
    return theta


def moved(
    parameters: Tensor,
    tensors: Tensors,
    weights: Tensor,
    gradient: Tensor,
    loss: Tensor,
    memory: Memory,
    time: tuple[Tensor, Tensor],
) -> tuple[Tensor, Memory]:
    """Return the weights and the memory after a step.

    Most networks here are so small that a step costs by the operator, not by the weight: hence the stacks.

    Args:
        parameters: R × `PARAMETERS`, those of the controller.
        tensors: how the weights are divided.
        weights: R × N; `gradient` likewise.
        gradient: of the loss.
        loss: R.
        memory: of the step before.
        time: number of this step as a float, 1 for the first, and how many there will be.
    """
    count, total = time
    squared = tf.square(gradient)
    seen = tf.stack([gradient, gradient, squared, squared], 1)
    memory = Memory(
        memory.moments + (1 - _DECAYS)[:, None] * (seen - memory.moments),
        memory.losses + (1 - _LOSS_DECAYS) * (loss[:, None] - memory.losses),
    )
    corrected = memory.moments * (1 / (1 - _DECAYS**count))[:, None]
    fast, slow, short, square = tf.unstack(corrected, axis=1)
    agreement = fast * gradient
    means = _means([tf.square(weights), squared, square, tf.square(fast), tf.square(slow), agreement], tensors)
    outputs = _controls(parameters, _features(means, tensors, memory.losses, count, total))

    inverse = tf.math.rsqrt(square + _EPSILON**2)
    adam = fast * inverse
    directions = (
        adam,
        fast * tf.math.rsqrt(short + _EPSILON**2),
        tf.clip_by_value(gradient * inverse, -3.0, 3.0),
        slow * inverse,
        tf.where(agreement > 0, adam, 0.0),
        weights,
    )
    cosine = 0.5 * (1 + tf.cos(math.pi * (count - 1) / total))  # from 1 to nearly nothing; the last step still moves
    rate = PEAK * cosine * tf.exp(tf.clip_by_value(outputs[..., :1], -5.0, 4.0))
    shrink = _GREATEST_DECAY * tf.nn.relu(outputs[..., -1:])
    blend = rate * tf.concat([outputs[..., 1:-1] + _ADAM, shrink], -1)
    return weights - _blended(blend, directions, tensors), memory


def _blended(blend: Tensor, directions: Sequence[Tensor], tensors: Tensors) -> Tensor:
    """Return R × N: in each tensor the directions by their shares, R × T × directions."""
    stacked = tf.stack(directions, 1)
    if tensors.small:
        shares = tf.matmul(blend, tensors.members(), transpose_a=True, transpose_b=True)
        return tf.reduce_sum(shares * stacked, axis=1)
    parts = tf.split(stacked, tensors.sizes.astype(int), axis=2)
    rows = tf.unstack(blend[:, :, None], axis=1)
    return tf.concat([row @ part for row, part in zip(rows, parts, strict=True)], -1)[:, 0]


def _means(values: Sequence[Tensor], tensors: Tensors) -> Tensor:
    """Return R × T × values: each averaged over the weights of a tensor."""
    stacked = tf.stack(values, 1)
    if tensors.small:
        sums = stacked @ tensors.members()
    else:
        sums = tf.stack(
            [tf.reduce_sum(part, axis=2) for part in tf.split(stacked, tensors.sizes.astype(int), axis=2)], -1
        )
    return tf.transpose(sums / tensors.sizes, (0, 2, 1))


def _features(means: Tensor, tensors: Tensors, losses: Tensor, count: Tensor, total: Tensor) -> Tensor:
    """Return R × T × features, all of the order of 1; those of longer trainings are of the longest in meta-training."""
    share = 10 * (count - 1) / total
    steps = tf.math.log(tf.clip_by_value(tf.stack([total, count]), *_STEPS))
    time = tf.concat([share[None] / 5 - 1, tf.tanh(share - _SHARES), steps / (1.5, 4.0) - (4.0, 1.0)], 0)
    recent, longer = tf.unstack(tf.math.log(tf.maximum(losses / (1 - _LOSS_DECAYS**count), 1e-6)), axis=-1)
    course = tf.clip_by_value(tf.stack([recent / 2, 3 * (recent - longer)], -1), -2.0, 2.0)
    everywhere = tf.concat([tf.ones_like(course[:, :1]) * time, course, tf.ones_like(course[:, :1])], -1)

    _, gradient, square, fast, _, agreement = tf.unstack(means, axis=-1)
    above, below = tf.gather(means, (0, 1, 3, 4, 4), axis=-1), tf.stack([square, square, square, fast], -1)
    below = tf.concat([tf.ones_like(square)[..., None], below + _TINY], -1)
    logs = tf.math.log(above / below + _FLOORS) * _SCALES + _SHIFTS
    measured = tf.maximum(tf.minimum(logs, _CEILINGS), -_CEILINGS)
    # By two roots: the product of the squares leaves the range of float32 where gradients vanish.
    agreed = agreement * tf.math.rsqrt(fast + _TINY) * tf.math.rsqrt(gradient + _TINY)
    static = tf.ones_like(everywhere[:, None, :1]) * tensors.features
    spread = tf.ones_like(static[..., :1]) * everywhere[:, None]
    return tf.concat([spread, static, measured[..., :4], agreed[..., None], measured[..., 4:]], -1)


def _controls(parameters: Tensor, features: Tensor) -> Tensor:
    """Return R × T × outputs: step size, blend, weight decay."""
    parts = tf.split(parameters, [math.prod(shape) for shape in _SHAPES.values()], axis=1)
    layers = {name: tf.reshape(part, (-1, *shape)) for (name, shape), part in zip(_SHAPES.items(), parts, strict=True)}
    hidden = tf.tanh(features @ layers["hidden_1"])
    pooled = tf.ones_like(hidden) * tf.reduce_mean(hidden, axis=1, keepdims=True)
    both = tf.concat([hidden, pooled, tf.ones_like(hidden[..., :1])], -1)
    return tf.tanh(both @ layers["hidden_2"]) @ layers["output"] + features @ layers["skip"]
