"""Tensors that know which axis of the ONNX model each of their own axes is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.training.runtime import tf


def channels_last(rank: int) -> tuple[int, ...]:
    """Return the order in which the second axis comes last: that of TensorFlow Lite's operators on feature maps."""
    return (0, *range(2, rank), 1)


@dataclass(frozen=True)
class Value:
    """A tensor of the function being built.

    Args:
        tensor: as TensorFlow holds it, of a known shape.
        order: the ONNX axis that each axis of `tensor` is.
        columns: the ONNX column that each column of `tensor`, a flattened feature map, is; None for their own order.
    """

    tensor: Any
    order: tuple[int, ...]
    columns: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the ONNX model gives it."""
        return tuple(int(self.tensor.shape[axis]) for axis in np.argsort(self.order))

    def axis(self, onnx_axis: int) -> int:
        """Return where an axis of the ONNX model is in `tensor`."""
        return self.order.index(onnx_axis % len(self.order))

    def plain(self) -> Any:
        """Return the tensor with its columns in the model's order, the axes as they are."""
        return self.tensor if self.columns is None else tf.gather(self.tensor, np.argsort(self.columns), axis=1)

    def to(self, order: tuple[int, ...]) -> Value:
        """Return the same in another order; a transposition unless only axes of size one change their place."""
        if order == self.order:
            return Value(self.plain(), order)
        permutation = [self.order.index(axis) for axis in order]
        long = [axis for axis in permutation if self.tensor.shape[axis] != 1]
        if long == sorted(long):
            return Value(tf.reshape(self.tensor, [self.tensor.shape[axis] for axis in permutation]), order)
        return Value(tf.transpose(self.tensor, permutation), order)

    def onnx(self) -> Any:
        """Return the tensor exactly as the ONNX model has it."""
        return self.to(tuple(range(len(self.order)))).tensor

    def with_tensor(self, tensor: Any) -> Value:
        """Return another tensor in the same layout: that of an operation on each element by itself."""
        return Value(tensor, self.order, self.columns)


def plain_value(tensor: Any) -> Value:
    """Return a tensor whose axes are those of the ONNX model."""
    return Value(tensor, tuple(range(len(tensor.shape))))


def flatten(value: Value) -> Value:
    """Return all axes but the first as one, without moving a number; `columns` says which is which."""
    tensor = tf.reshape(value.plain(), [value.shape[0], -1])
    places = np.arange(tensor.shape[1]).reshape(value.shape[1:])
    if value.order[0] != 0:
        return plain_value(tf.reshape(value.onnx(), tensor.shape))
    columns = places.transpose([axis - 1 for axis in value.order[1:]]).ravel()
    return Value(tensor, (0, 1), None if np.array_equal(columns, places.ravel()) else columns)


def aligned(values: list[Value | np.ndarray]) -> tuple[list[Any], tuple[int, ...]]:
    """Return operands of one rank in one order, with that order; the shorter ones get leading axes of size one."""
    rank = max(value.ndim if isinstance(value, np.ndarray) else len(value.order) for value in values)
    known = [value for value in values if isinstance(value, Value) and len(value.order) == rank]
    order = known[0].order if known else tuple(range(rank))
    tensors = []
    for value in values:
        if isinstance(value, np.ndarray):
            tensors.append(value.reshape((1,) * (rank - value.ndim) + value.shape).transpose(order))
        elif len(value.order) == rank:
            tensors.append(value.to(order).tensor)
        else:
            tensor = value.onnx()
            lengthened = plain_value(tf.reshape(tensor, [1] * (rank - len(tensor.shape)) + list(tensor.shape)))
            tensors.append(lengthened.to(order).tensor)
    return tensors, order
