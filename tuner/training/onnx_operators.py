"""ONNX operators of microcontroller networks, each as the TensorFlow operations that convert to the like.

A convolution or pooling whose padding is not TensorFlow's `SAME` becomes a PAD and one without padding: `SAME` pads
the end more than the beginning, and frameworks that export ONNX often pad both alike, with stride 2 the usual case.
A convolution in groups that is not depthwise becomes a SPLIT, one convolution a group and a CONCATENATION.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.errors import ModelError
from tuner.training.onnx_layout import Value, aligned, channels_last, flatten, plain_value
from tuner.training.runtime import tf

SPATIAL = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"}
"""Operators on feature maps, with channels as the second axis."""


@dataclass(frozen=True)
class Node:
    """One node with its inputs: values of the function, arrays that are known, None where one is left out."""

    kind: str
    name: str
    inputs: list[Value | np.ndarray | None]
    attributes: dict[str, Any]

    def value(self) -> Value:
        """Return the first input."""
        value = self.inputs[0]
        if not isinstance(value, Value):
            raise self.error("takes a constant as its first input")
        return value

    def constant(self, index: int) -> np.ndarray | None:
        """Return an input that must be known, or None if it is left out."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if isinstance(value, Value):
            raise self.error(f"computes its input {index}, expected a constant")
        return value

    def weights(self, index: int) -> np.ndarray:
        """Return an input that must be known and be there."""
        value = self.constant(index)
        if value is None:
            raise self.error(f"lacks its input {index}")
        return value

    def get(self, name: str, default: Any) -> Any:
        """Return an attribute, text as a string."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def error(self, problem: str) -> ModelError:
        """Return the error that names this node."""
        hint = "convert it with the program that made it and give the .tflite file"
        return ModelError(f"the {self.kind} '{self.name}' {problem}", hint=hint)


@dataclass(frozen=True)
class _Window:
    """A kernel's way over the height and width of a feature map; in one dimension the height is 1."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: tuple[tuple[int, int], tuple[int, int]]
    beyond: tuple[int, int]
    """Further padding at the ends that `ceil_mode` asks for, which an average never counts."""
    same: bool
    """Whether `pads` are those of TensorFlow's `SAME`."""


def _image(node: Node) -> tuple[Any, int]:
    """Return the first input as batch × height × width × channels, with the rank it has in the model."""
    value = node.value()
    rank = len(value.order)
    if rank not in (3, 4):
        raise node.error(f"is over {rank - 2} dimensions, expected 1 or 2")
    tensor = value.to(channels_last(rank)).tensor
    return (tf.expand_dims(tensor, 1) if rank == 3 else tensor), rank


def _feature_map(tensor: Any, rank: int) -> Value:
    return Value(tf.squeeze(tensor, [1]) if rank == 3 else tensor, channels_last(rank))


def _window(node: Node, size: tuple[int, int], kernel: list[int]) -> _Window:
    flat = len(kernel) == 1

    def pair(name: str) -> tuple[int, int]:
        values = list(node.get(name, [1] * len(kernel)))
        return (1, values[0]) if flat else (values[0], values[1])

    strides, dilations = pair("strides"), pair("dilations")
    shape = (1, kernel[0]) if flat else (kernel[0], kernel[1])
    given = list(node.get("pads", [0] * 2 * len(kernel)))
    starts, ends = ([0, given[0]], [0, given[1]]) if flat else (given[:2], given[2:])
    pads, beyond, same = [], [], []
    for axis in range(2):
        reach = (shape[axis] - 1) * dilations[axis] + 1
        needed = max((math.ceil(size[axis] / strides[axis]) - 1) * strides[axis] + reach - size[axis], 0)
        least = needed // 2
        automatic = {"SAME_UPPER": (least, needed - least), "SAME_LOWER": (needed - least, least), "VALID": (0, 0)}
        pad = automatic.get(node.get("auto_pad", "NOTSET"), (starts[axis], ends[axis]))
        over = (size[axis] + sum(pad) - reach) % strides[axis]
        # The last window of ceil_mode must begin within the feature map or the padding before it.
        last = (size[axis] + sum(pad) - reach) // strides[axis] * strides[axis] + strides[axis]
        rounds_up = node.get("ceil_mode", 0) and over and last < size[axis] + pad[0]
        pads.append(pad)
        beyond.append(strides[axis] - over if rounds_up else 0)
        same.append((pad[0], pad[1] + beyond[axis]) == automatic["SAME_UPPER"])
    return _Window(shape, strides, dilations, (pads[0], pads[1]), (beyond[0], beyond[1]), all(same))


def _padded(tensor: Any, window: _Window, fill: float) -> Any:
    """Return the feature map with its padding as numbers of its own, unless it needs none."""
    (top, bottom), (left, right) = window.pads
    pads = [[0, 0], [top, bottom + window.beyond[0]], [left, right + window.beyond[1]], [0, 0]]
    return tf.pad(tensor, pads, constant_values=fill) if np.any(pads) else tensor


def _conv(node: Node) -> Value:
    tensor, rank = _image(node)
    weights = node.weights(1)
    weights = weights[:, :, None, :] if rank == 3 else weights
    window = _window(node, tensor.shape[1:3], list(weights.shape[4 - rank + 2 :]))
    groups, channels = node.get("group", 1), tensor.shape[3]
    padding = "SAME" if window.same else "VALID"
    tensor = tensor if window.same else _padded(tensor, window, 0.0)
    filters, depth, height, width = weights.shape
    if groups == channels and depth == 1 and groups > 1:
        kernel = weights.transpose(2, 3, 0, 1).reshape(height, width, channels, filters // channels)
        # Over a height of 1 its stride changes nothing, and TensorFlow wants both alike.
        strides = (window.strides[1],) * 2 if rank == 3 else window.strides
        result = tf.nn.depthwise_conv2d(tensor, kernel, (1, *strides, 1), padding, dilations=window.dilations)
    else:
        kernel = weights.transpose(2, 3, 1, 0)
        parts = [
            tf.nn.conv2d(part, part_kernel, window.strides, padding, dilations=window.dilations)
            for part, part_kernel in zip(
                tf.split(tensor, groups, axis=3) if groups > 1 else [tensor],
                np.split(kernel, groups, axis=3),
                strict=True,
            )
        ]
        result = tf.concat(parts, axis=3) if groups > 1 else parts[0]
    bias = node.constant(2)
    return _feature_map(result if bias is None else tf.nn.bias_add(result, bias), rank)


def _pool_window(node: Node, tensor: Any) -> _Window:
    window = _window(node, tensor.shape[1:3], list(node.get("kernel_shape", [])))
    if window.dilations != (1, 1):
        raise node.error(f"has dilations {window.dilations}, expected none")
    return window


def _max_pool(node: Node) -> Value:
    tensor, rank = _image(node)
    window = _pool_window(node, tensor)
    padding = "SAME" if window.same else "VALID"
    tensor = tensor if window.same else _padded(tensor, window, float(np.finfo(np.float32).min))
    return _feature_map(tf.nn.max_pool2d(tensor, window.kernel, window.strides, padding), rank)


def _average_pool(node: Node) -> Value:
    tensor, rank = _image(node)
    window = _pool_window(node, tensor)
    with_pads = bool(node.get("count_include_pad", 0))
    if window.same and not (with_pads and np.any(window.pads)):
        return _feature_map(tf.nn.avg_pool2d(tensor, window.kernel, window.strides, "SAME"), rank)
    counted = np.ones(tensor.shape[1:3], np.float32)
    counted = np.pad(counted, window.pads, constant_values=float(with_pads))
    counted = np.pad(counted, [(0, beyond) for beyond in window.beyond])
    windows = np.lib.stride_tricks.sliding_window_view(counted, window.kernel)
    share = windows[:: window.strides[0], :: window.strides[1]].mean((2, 3))
    result = tf.nn.avg_pool2d(_padded(tensor, window, 0.0), window.kernel, window.strides, "VALID")
    return _feature_map(result if np.all(share == 1) else result / share[None, :, :, None], rank)


def _global(reduce: Callable[..., Any]) -> Callable[[Node], Value]:
    def operator(node: Node) -> Value:
        value = node.value()
        axes = [value.axis(axis) for axis in range(2, len(value.order))]
        return value.with_tensor(reduce(value.tensor, axes, keepdims=True))

    return operator


def _reduce_mean(node: Node) -> Value:
    value = node.value()
    rank = len(value.order)
    given = node.constant(1)
    chosen = node.get("axes", range(rank)) if given is None else given.tolist()
    axes = {int(axis) % rank for axis in chosen}
    keepdims = bool(node.get("keepdims", 1))
    mean = tf.reduce_mean(value.plain(), [value.axis(axis) for axis in axes], keepdims=keepdims)
    return Value(mean, value.order if keepdims else _without(value.order, axes))


def _without(order: tuple[int, ...], axes: set[int]) -> tuple[int, ...]:
    """Return the order of what is left of a value without some axes."""
    kept = [axis for axis in order if axis not in axes]
    return tuple(sorted(kept).index(axis) for axis in kept)


def _squeeze(node: Node) -> Value:
    value = node.value()
    given = node.constant(1)
    ones = [axis for axis, size in enumerate(value.shape) if size == 1]
    axes = {int(axis) % len(value.order) for axis in (ones if given is None else given.tolist())}
    sizes = [value.shape[axis] for axis in value.order if axis not in axes]
    return Value(tf.reshape(value.plain(), sizes), _without(value.order, axes))


def _unsqueeze(node: Node) -> Value:
    value = node.value()
    new = node.weights(1).tolist()
    rank = len(value.order) + len(new)
    added = {int(axis) % rank for axis in new}
    sizes = iter(value.shape)
    return plain_value(tf.reshape(value.onnx(), [1 if axis in added else next(sizes) for axis in range(rank)]))


def _flatten(node: Node) -> Value:
    value = node.value()
    axis = node.get("axis", 1)
    if axis == 1:
        return flatten(value)
    return plain_value(tf.reshape(value.onnx(), [math.prod(value.shape[:axis]), -1]))


def _reshape(node: Node) -> Value:
    value = node.value()
    target = [int(size) for size in node.weights(1)]
    if not node.get("allowzero", 0):
        target = [value.shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    known = math.prod(size for size in target if size != -1)
    target = [math.prod(value.shape) // known if size == -1 else size for size in target]
    if math.prod(target) != math.prod(value.shape):
        raise node.error(f"makes {target} of {list(value.shape)}, expected a batch of 1")
    if len(target) == 2 and target[0] == value.shape[0]:
        return flatten(value)
    return plain_value(tf.reshape(value.onnx(), target))


def _transpose(node: Node) -> Value:
    """Move no number: the axes get new names."""
    value = node.value()
    permutation = list(node.get("perm", range(len(value.order))[::-1]))
    return Value(value.plain(), tuple(permutation.index(axis) for axis in value.order))


def _gemm(node: Node) -> Value:
    value, weights, bias = node.value(), node.weights(1), node.constant(2)
    if node.get("transA", 0):
        raise node.error("transposes its first input")
    weights = (weights.T if node.get("transB", 0) else weights) * np.float32(node.get("alpha", 1.0))
    result = _times(value, weights)
    return plain_value(result if bias is None else result + bias * np.float32(node.get("beta", 1.0)))


def _matmul(node: Node) -> Value:
    value, other = node.value(), node.inputs[1]
    if isinstance(other, np.ndarray) and other.ndim == 2:
        return plain_value(_times(value, other))
    return plain_value(tf.matmul(value.onnx(), other.onnx() if isinstance(other, Value) else other))


def _times(value: Value, weights: np.ndarray) -> Any:
    if value.columns is not None:
        return tf.matmul(value.tensor, weights[value.columns])
    return tf.matmul(value.onnx(), weights)


def _batch_normalization(node: Node) -> Value:
    """Scale and shift of each channel, which the converter folds into a convolution before it."""
    value = node.value()
    scale, shift, mean, variance = (node.weights(index) for index in range(1, 5))
    factor = scale / np.sqrt(variance + np.float32(node.get("epsilon", 1e-5)))
    offset = shift - mean * factor
    if value.columns is not None:
        return value.with_tensor(value.tensor * factor[value.columns] + offset[value.columns])
    trailing = (slice(None), *(None,) * (len(value.order) - 2))
    (tensor, by, plus), order = aligned([value, factor[trailing], offset[trailing]])
    return Value(tensor * by + plus, order)


def _binary(operation: Callable[[Any, Any], Any]) -> Callable[[Node], Value]:
    def operator(node: Node) -> Value:
        (left, right), order = aligned([value for value in node.inputs if value is not None])
        return Value(operation(left, right), order)

    return operator


def _sum(node: Node) -> Value:
    tensors, order = aligned([value for value in node.inputs if value is not None])
    return Value(functools.reduce(tf.add, tensors), order)


def _concat(node: Node) -> Value:
    tensors, order = aligned([value for value in node.inputs if value is not None])
    return Value(tf.concat(tensors, axis=order.index(node.get("axis", 0) % len(order))), order)


def _elementwise(operation: Callable[[Node, Any], Any]) -> Callable[[Node], Value]:
    def operator(node: Node) -> Value:
        value = node.value()
        return value.with_tensor(operation(node, value.tensor))

    return operator


def _clip(node: Node, tensor: Any) -> Any:
    low, high = node.constant(1), node.constant(2)
    if low is not None and high is not None and (float(low), float(high)) == (0.0, 6.0):
        return tf.nn.relu6(tensor)
    tensor = tensor if low is None else tf.maximum(tensor, low)
    return tensor if high is None else tf.minimum(tensor, high)


def _hard_sigmoid(node: Node, tensor: Any) -> Any:
    return tf.clip_by_value(tensor * node.get("alpha", 0.2) + node.get("beta", 0.5), 0.0, 1.0)


def _softmax(node: Node) -> Value:
    value = node.value()
    return Value(tf.nn.softmax(value.plain(), axis=value.axis(node.get("axis", -1))), value.order)


def _pad(node: Node) -> Value:
    value, mode = node.value(), node.get("mode", "constant")
    rank = len(value.order)
    if mode not in ("constant", "reflect"):
        raise node.error(f"has the mode '{mode}', expected constant or reflect")
    given, axes, fill = node.weights(1).tolist(), node.constant(3), node.constant(2)
    chosen = range(rank) if axes is None else [int(axis) % rank for axis in axes]
    pads = [[0, 0] for _ in range(rank)]
    for place, axis in enumerate(chosen):
        pads[value.axis(axis)] = [given[place], given[len(chosen) + place]]
    number = 0.0 if fill is None else float(fill.item())
    return Value(tf.pad(value.plain(), pads, mode=mode.upper(), constant_values=number), value.order)


OPERATORS: dict[str, Callable[[Node], Value]] = {
    "Add": _binary(tf.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Clip": _elementwise(_clip),
    "Concat": _concat,
    "Conv": _conv,
    "Div": _binary(tf.divide),
    "Dropout": _elementwise(lambda _, tensor: tensor),
    "Elu": _elementwise(lambda _, tensor: tf.nn.elu(tensor)),
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _global(tf.reduce_mean),
    "GlobalMaxPool": _global(tf.reduce_max),
    "HardSigmoid": _elementwise(_hard_sigmoid),
    "HardSwish": _elementwise(lambda _, tensor: tensor * tf.nn.relu6(tensor + 3.0) * (1 / 6)),
    "Identity": _elementwise(lambda _, tensor: tensor),
    "LeakyRelu": _elementwise(lambda node, tensor: tf.nn.leaky_relu(tensor, node.get("alpha", 0.01))),
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mul": _binary(tf.multiply),
    "Pad": _pad,
    "ReduceMean": _reduce_mean,
    "Relu": _elementwise(lambda _, tensor: tf.nn.relu(tensor)),
    "Reshape": _reshape,
    "Sigmoid": _elementwise(lambda _, tensor: tf.sigmoid(tensor)),
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Sub": _binary(tf.subtract),
    "Sum": _sum,
    "Tanh": _elementwise(lambda _, tensor: tf.tanh(tensor)),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""What each operator becomes. Dropout and batch normalization are those of inference."""
