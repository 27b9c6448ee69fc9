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

_FAST, _SLOW = 0.9, 0.99
_SHORT, _LONG = 0.99, 0.999
_EPSILON = 1e-8
_LOSS_DECAYS = (0.8, 0.98)


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

    fast: Tensor
    """R × N: mean of the gradients, decay 0.9; `slow` 0.99."""
    slow: Tensor
    short: Tensor
    """R × N: mean of their squares, decay 0.99; `long` 0.999."""
    long: Tensor
    losses: Tensor
    """R × 2: mean of the loss, decays 0.8 and 0.98."""

    def parts(self) -> tuple[Tensor, ...]:
        """Return its tensors in order."""
        return self.fast, self.slow, self.short, self.long, self.losses


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """The rule for tensors of given shapes, without replicas."""

    parameters: NDArray[np.float32]
    tensors: Tensors

    def first(self) -> tuple[NDArray[np.float32], ...]:
        """Return what `Memory` starts with."""
        empty = np.zeros((1, len(self.tensors.index)), np.float32)
        return empty, empty, empty, empty, np.zeros((1, len(_LOSS_DECAYS)), np.float32)

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
        return weights[0], memory.parts()


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
    memory = Memory(
        memory.fast + (1 - _FAST) * (gradient - memory.fast),
        memory.slow + (1 - _SLOW) * (gradient - memory.slow),
        memory.short + (1 - _SHORT) * (tf.square(gradient) - memory.short),
        memory.long + (1 - _LONG) * (tf.square(gradient) - memory.long),
        memory.losses + (1 - tf.constant(_LOSS_DECAYS)) * (loss[:, None] - memory.losses),
    )
    fast, slow = memory.fast / (1 - _FAST**count), memory.slow / (1 - _SLOW**count)
    square = memory.long / (1 - _LONG**count)
    inverse = tf.math.rsqrt(square + _EPSILON**2)
    sums = _sums([weights**2, gradient**2, square, fast**2, slow**2, fast * gradient], tensors)
    features = _features(sums / tensors.sizes[:, None], tensors, memory.losses, count, total)
    outputs = _controls(parameters, features)
    adam = fast * inverse
    directions = (
        adam,
        fast * tf.math.rsqrt(memory.short / (1 - _SHORT**count) + _EPSILON**2),
        tf.clip_by_value(gradient * inverse, -3.0, 3.0),
        slow * inverse,
        tf.where(fast * gradient > 0, adam, 0.0),
    )
    rate = PEAK * _cosine(count, total) * tf.exp(tf.clip_by_value(outputs[..., 0], -5.0, 4.0))
    blend = rate[..., None] * (outputs[..., 1 : 1 + _DIRECTIONS] + tf.eye(1, _DIRECTIONS)[0])
    decay = rate * 0.1 * tf.nn.relu(outputs[..., -1])
    shares = tf.gather(tf.concat([blend, decay[..., None]], -1), tensors.index, axis=1)
    step = shares[..., -1] * weights
    for place, direction in enumerate(directions):
        step += shares[..., place] * direction
    return weights - step, memory


def _cosine(count: Tensor, total: Tensor) -> Tensor:
    """From 1 to nearly nothing; the last step still moves."""
    return 0.5 * (1 + tf.cos(math.pi * (count - 1) / total))


def _sums(values: list[Tensor], tensors: Tensors) -> Tensor:
    """Return R × T × values: each summed over the weights of a tensor."""
    stacked = tf.transpose(tf.stack(values, -1), (1, 0, 2))
    return tf.transpose(tf.math.unsorted_segment_sum(stacked, tensors.index, len(tensors.sizes)), (1, 0, 2))


def _features(means: Tensor, tensors: Tensors, losses: Tensor, count: Tensor, total: Tensor) -> Tensor:
    """Return R × T × features, all of the order of 1."""
    replicas, number = tf.shape(means)[0], len(tensors.sizes)
    share = (count - 1) / total
    time = tf.stack(
        [
            2 * share - 1,
            tf.tanh(10 * (share - 0.1)),
            tf.tanh(10 * (share - 0.9)),
            (tf.math.log(total) - 6) / 1.5,
            tf.math.log(count) / 4 - 1,
        ]
    )
    corrected = losses / (1 - tf.constant(_LOSS_DECAYS) ** count)
    logs = tf.math.log(tf.maximum(corrected, 1e-6))
    course = tf.stack(
        [tf.clip_by_value(logs[:, 0] / 2, -2.0, 2.0), tf.clip_by_value(3 * (logs[:, 0] - logs[:, 1]), -2.0, 2.0)], -1
    )
    weight, gradient, square, fast, slow, agreement = tf.unstack(means, axis=-1)
    floor = 1e-20
    measured = tf.stack(
        [
            tf.clip_by_value(_log(weight, 1e-8) / 4 + 1, -2.0, 2.0),
            tf.clip_by_value(_log(gradient / (square + floor), 1e-4) / 2, -2.0, 2.0),
            _log(fast / (square + floor), 1e-4) / 2 + 1,
            _log(slow / (square + floor), 1e-4) / 2 + 1,
            agreement * tf.math.rsqrt(fast * gradient + floor**2),
            _log(slow / (fast + floor), 1e-4) / 2 + 1,
        ],
        -1,
    )
    everywhere = tf.concat([tf.tile(time[None], (replicas, 1)), course, tf.ones((replicas, 1))], -1)
    static = tf.tile(tensors.features[None], (replicas, 1, 1))
    return tf.concat([tf.tile(everywhere[:, None], (1, number, 1)), static, measured], -1)


def _log(value: Tensor, floor: float) -> Tensor:
    return tf.math.log(value + floor)


def _controls(parameters: Tensor, features: Tensor) -> Tensor:
    """Return R × T × outputs: step size, blend, weight decay."""
    parts = tf.split(parameters, [math.prod(shape) for shape in _SHAPES.values()], axis=1)
    layers = {name: tf.reshape(part, (-1, *shape)) for (name, shape), part in zip(_SHAPES.items(), parts, strict=True)}
    hidden = tf.tanh(features @ layers["hidden_1"])
    pooled = tf.broadcast_to(tf.reduce_mean(hidden, axis=1, keepdims=True), tf.shape(hidden))
    both = tf.concat([hidden, pooled, tf.ones_like(hidden[..., :1])], -1)
    return tf.tanh(both @ layers["hidden_2"]) @ layers["output"] + features @ layers["skip"]
