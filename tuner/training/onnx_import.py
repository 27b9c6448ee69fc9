"""ONNX models as TensorFlow functions: reads the file, folds what is constant, walks the nodes.

ONNX keeps channels before space, TensorFlow Lite after it. An input of a convolutional network changes to channels last
(height × width × channels), as the firmware will feed it, and everything after it stays so; `onnx_layout` tracks which
axis is which. A TRANSPOSE remains in the result only where the network itself mixes the axes: a reshape of feature
maps to something else than a vector, or the sum of values in different layouts. A flattened feature map needs none
before a dense layer, whose rows are reordered instead; before the sum or concatenation of vectors it costs a GATHER.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx.reference import ReferenceEvaluator

from tuner.errors import ModelError
from tuner.training.onnx_layout import Value, channels_last
from tuner.training.onnx_operators import OPERATORS, SPATIAL, Node
from tuner.training.runtime import tf

_OLDEST_OPERATORS = 13
"""Older sets are brought here by onnx itself: from 13 on axes are inputs and softmax is of one axis."""
_STANDARD = ("", "ai.onnx")

Call = Callable[..., Any]


def import_onnx(path: Path) -> tuple[Call, list[tuple[list[int | None], Any]]]:
    """Return a function of the model's inputs for a batch of one, and the shape and type of each of them.

    Raises:
        ModelError: the file is no ONNX model, or has operators or inputs that are not supported.
    """
    model = _read(path)
    graph = model.graph
    constants = {tensor.name: _constant(onnx.numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    _refuse_unknown(graph, set(constants), path)
    inputs = [value for value in graph.input if value.name not in constants]
    orders = [_input_order(value, graph) for value in inputs]
    shapes = [_physical_shape(value, order, path) for value, order in zip(inputs, orders, strict=True)]

    def call(*tensors: Any) -> Any:
        values: dict[str, Value | np.ndarray] = dict(constants)
        for value, order, tensor in zip(inputs, orders, tensors, strict=True):
            values[value.name] = Value(tensor, order)
        for proto in graph.node:
            values |= _evaluate(proto, values, path)
        return [_output(values[output.name]) for output in graph.output]

    return call, [(shape, tf.float32) for shape in shapes]


def _read(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
        version = max((entry.version for entry in model.opset_import if entry.domain in _STANDARD), default=0)
        if version < _OLDEST_OPERATORS:
            model = onnx.version_converter.convert_version(model, _OLDEST_OPERATORS)
    except (DecodeError, onnx.checker.ValidationError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error) or type(error).__name__).strip().partition("\n")[0]
        raise ModelError(f"{path.name} is no valid ONNX model: {reason}", hint="export the model again") from error
    return model


def _constant(array: np.ndarray) -> np.ndarray:
    """Weights as float32, whichever float the file keeps them in; what counts or indexes stays an integer."""
    return array.astype(np.float32) if array.dtype in (np.float16, np.float64) else array


def _refuse_unknown(graph: onnx.GraphProto, constants: set[str], path: Path) -> None:
    """Name every operator that is missing at once; what depends on constants alone needs none of ours."""
    missing = set()
    for node in graph.node:
        if node.op_type == "Shape" or all(name in constants for name in node.input if name):
            constants.update(node.output)
        elif node.op_type not in OPERATORS or node.domain not in _STANDARD:
            missing.add(f"{node.domain}.{node.op_type}" if node.domain not in _STANDARD else node.op_type)
    if missing:
        raise ModelError(
            f"{path.name} has operators that are not supported: {', '.join(sorted(missing))}",
            hint="convert it with the program that made it and give the .tflite file",
        )


def _input_order(value: onnx.ValueInfoProto, graph: onnx.GraphProto) -> tuple[int, ...]:
    """Channels last for what a convolutional network takes, unless it already is and the network transposes it."""
    rank = len(value.type.tensor_type.shape.dim)
    kinds = {node.op_type for node in graph.node}
    transposed = any(node.op_type == "Transpose" and value.name in node.input for node in graph.node)
    if rank < 3 or transposed or not kinds & SPATIAL:
        return tuple(range(rank))
    return channels_last(rank)


def _physical_shape(value: onnx.ValueInfoProto, order: tuple[int, ...], path: Path) -> list[int | None]:
    kind = value.type.tensor_type.elem_type
    if kind != onnx.TensorProto.FLOAT:
        name = onnx.TensorProto.DataType.Name(kind)
        raise ModelError(f"{path.name} has the input '{value.name}' of type {name}", hint="export it with float inputs")
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim]
    return [sizes[axis] for axis in order]


def _evaluate(
    proto: onnx.NodeProto, values: dict[str, Value | np.ndarray], path: Path
) -> dict[str, Value | np.ndarray]:
    """Return the outputs of one node: computed now if its inputs are known, a part of the function otherwise."""
    inputs = [values[name] if name else None for name in proto.input]
    if proto.op_type == "Shape" and isinstance(inputs[0], Value):
        attributes = {attribute.name: attribute.i for attribute in proto.attribute}
        shape = inputs[0].shape[attributes.get("start", 0) : attributes.get("end")]
        return {proto.output[0]: np.array(shape, np.int64)}
    if not any(isinstance(value, Value) for value in inputs):
        known = {name: value for name, value in zip(proto.input, inputs, strict=True) if name}
        results = ReferenceEvaluator(proto).run(None, known)
        return dict(zip(proto.output, map(_constant, results), strict=True))
    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in proto.attribute}
    node = Node(proto.op_type, proto.name or proto.output[0], inputs, attributes)
    try:
        return {proto.output[0]: OPERATORS[proto.op_type](node)}
    except ModelError as error:
        raise ModelError(f"{path.name}: {error.message}", hint=error.hint) from error


def _output(value: Value | np.ndarray) -> Any:
    return value.plain() if isinstance(value, Value) else tf.constant(value)
