"""The shape of every layer's output; the one place that knows which layer fits on which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tuner.errors import BuildError
from tuner.models.network import (
    INPUT,
    LSTM,
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Network,
    Padding,
    Pool1D,
    Pool2D,
    Reshape,
)

Shape = tuple[int, ...]


def output_shapes(network: Network) -> Mapping[str, Shape]:
    """Return the shape of the input and of each node's output, by name, without the batch.

    Raises:
        BuildError: a layer does not fit on what it reads, or nothing reads it and it is not the last.
    """
    shapes: dict[str, Shape] = {INPUT: network.input_shape}
    for node in network.nodes:
        unknown = [name for name in node.inputs if name not in shapes]
        if unknown:
            raise BuildError(f"layer '{node.name}' reads '{unknown[0]}', which is no layer before it")
        shapes[node.name] = _output_shape(node.name, node.layer, [shapes[name] for name in node.inputs])
    read = {name for node in network.nodes for name in node.inputs}
    for node in network.nodes[:-1]:
        if node.name not in read:
            raise BuildError(f"layer '{node.name}' leads nowhere: no layer reads it, and it is not the last")
    return shapes


def _output_shape(name: str, layer: Layer, inputs: Sequence[Shape]) -> Shape:
    if isinstance(layer, Add | Concatenate):
        return _merged(name, layer, inputs)
    if len(inputs) != 1:
        raise BuildError(f"layer '{name}' reads {len(inputs)} layers, expected one")
    shape = inputs[0]
    match layer:
        case Dense():
            _expect(name, shape, 1, "a dense layer")
            return (layer.units,)
        case Conv1D():
            _expect(name, shape, 2, "a 1-D convolution")
            return (
                _slid(name, shape[0], layer.kernel, layer.stride, layer.padding, dilation=layer.dilation),
                layer.filters,
            )
        case DepthwiseConv1D():
            _expect(name, shape, 2, "a 1-D depthwise convolution")
            return (_slid(name, shape[0], layer.kernel, layer.stride, layer.padding), shape[1])
        case Pool1D():
            _expect(name, shape, 2, "1-D pooling")
            return (_slid(name, shape[0], layer.size, layer.stride, layer.padding), shape[1])
        case Conv2D():
            _expect(name, shape, 3, "a 2-D convolution")
            return (*_slid_2d(name, shape, layer.kernel, layer.stride, layer.padding), layer.filters)
        case DepthwiseConv2D():
            _expect(name, shape, 3, "a 2-D depthwise convolution")
            return (*_slid_2d(name, shape, layer.kernel, layer.stride, layer.padding), shape[2])
        case Pool2D():
            _expect(name, shape, 3, "2-D pooling")
            return (*_slid_2d(name, shape, layer.size, layer.stride, layer.padding), shape[2])
        case GlobalAveragePool():
            if len(shape) < 2:
                raise BuildError(f"layer '{name}': global pooling needs length × channels, got {_text(shape)}")
            return (shape[-1],)
        case Flatten():
            return (math.prod(shape),)
        case Reshape():
            if math.prod(layer.shape) != math.prod(shape):
                raise BuildError(f"layer '{name}': {_text(shape)} has not as many values as {_text(layer.shape)}")
            return layer.shape
        case LSTM():
            _expect(name, shape, 2, "an LSTM")
            return (shape[0], layer.units) if layer.sequence else (layer.units,)
        case BatchNorm() | Activate() | Dropout():
            return shape


def _merged(name: str, layer: Add | Concatenate, inputs: Sequence[Shape]) -> Shape:
    if len(inputs) < 2:
        raise BuildError(f"layer '{name}' reads {len(inputs)} layer, expected two or more")
    first = inputs[0]
    if isinstance(layer, Add):
        if any(shape != first for shape in inputs):
            raise BuildError(f"layer '{name}' adds layers of different shapes: {_texts(inputs)}")
        return first
    if any(shape[:-1] != first[:-1] for shape in inputs):
        raise BuildError(f"layer '{name}' joins layers that differ in more than channels: {_texts(inputs)}")
    return (*first[:-1], sum(shape[-1] for shape in inputs))


def _expect(name: str, shape: Shape, dimensions: int, layer: str) -> None:
    if len(shape) != dimensions:
        wanted = {1: "a flat vector", 2: "length × channels", 3: "height × width × channels"}[dimensions]
        raise BuildError(f"layer '{name}': {layer} needs {wanted}, got {_text(shape)}")


def _slid_2d(name: str, shape: Shape, window: Shape, stride: Shape, padding: Padding) -> Shape:
    return tuple(_slid(name, shape[axis], window[axis], stride[axis], padding) for axis in (0, 1))


def _slid(name: str, length: int, window: int, stride: int, padding: Padding, *, dilation: int = 1) -> int:
    """Positions of a sliding window, as TensorFlow counts them."""
    if padding == "same":
        return math.ceil(length / stride)
    span = (window - 1) * dilation + 1
    if span > length:
        raise BuildError(f"layer '{name}' slides a window of {span} over {length} values, which is too few")
    return (length - span) // stride + 1


def _text(shape: Shape) -> str:
    return " × ".join(str(size) for size in shape)


def _texts(shapes: Sequence[Shape]) -> str:
    return ", ".join(_text(shape) for shape in shapes)
