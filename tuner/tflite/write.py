"""The canonical form of a `.tflite` file: what the device needs, in one order, and nothing else.

A device needs operators, tensors and data. Names, descriptions, metadata, signatures, calibration ranges and one
empty buffer per activation are what tools leave behind; together they are a fifth to a third of a small model's
flash. The canonical form drops them, brings operators and tensors into the order of `tuner.tflite.order`, stores
equal shapes and all-zero zero points once, and aligns data to 16 bytes as the format asks.

Its size follows from the graph alone, so it is known before anything is trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tuner.graph import Graph, Operator, OptionValue, Tensor
from tuner.tflite.builder import CountingBuilder, PackingBuilder
from tuner.tflite.order import Numbering, execution_order
from tuner.tflite.read import read_graph

_SCHEMA_VERSION = 3


def repack(model: bytes) -> bytes:
    """Return the model in canonical form; what it computes stays the same to the bit.

    An offline memory plan is metadata too and goes with the rest: its entries name the old tensors.

    Raises:
        ModelError: `read_graph` cannot read the bytes.
    """
    read_graph(model)
    return _pack(_canonical(schema.ModelT.InitFromPackedBuf(bytearray(model), 0)))


def packed_size(graph: Graph) -> int:
    """Bytes that `repack` gives for a model of this graph, whatever its weights.

    Exact if no two constants share their data and the zero points of constants are zero, as full integer
    quantization makes them.

    Raises:
        ValueError: an operator is none of those that networks are lowered to.
    """
    builder = CountingBuilder()
    return builder.packed_size(_canonical(_skeleton(graph, range)).Pack(builder))


def blank(graph: Graph) -> bytes:
    """Return a model of this graph, in canonical form, filled with zeros.

    Raises:
        ValueError: an operator is none of those that networks are lowered to.
    """
    return _pack(_canonical(_skeleton(graph, bytes)))


def _canonical(model: Any) -> Any:
    source = model.subgraphs[0]
    numbering = Numbering()
    codes: dict[int, int] = {}
    inputs = numbering.of(source.inputs)
    operators = [source.operators[position] for position in _order(source)]
    for operator in operators:
        operator.opcodeIndex = codes.setdefault(operator.opcodeIndex, len(codes))
        operator.inputs = _vector(numbering.of(operator.inputs))
        operator.outputs = _vector(numbering.of(operator.outputs))
        inner = operator.intermediates
        operator.intermediates = None if inner is None or not len(inner) else _vector(numbering.of(inner))
    outputs = numbering.of(source.outputs)

    buffers: dict[int, int] = {}
    tensors = [source.tensors[index] for index in numbering.mentioned]
    for tensor in tensors:
        _strip(tensor, model.buffers, buffers)
    return schema.ModelT(
        version=_SCHEMA_VERSION,
        operatorCodes=[model.operatorCodes[index] for index in codes],
        subgraphs=[schema.SubGraphT(tensors, _vector(inputs), _vector(outputs), operators)],
        buffers=[_Buffer(), *(_Buffer(model.buffers[index].data) for index in buffers)],
    )


def _order(subgraph: Any) -> Sequence[int]:
    """Return the order of the operators; those that share a state between inferences stay where they are."""
    mentioned = [int(tensor) for operator in subgraph.operators for tensor in operator.inputs if tensor >= 0]
    shared = any(subgraph.tensors[tensor].isVariable and mentioned.count(tensor) > 1 for tensor in set(mentioned))
    if shared or not all(len(operator.outputs) for operator in subgraph.operators):
        return range(len(subgraph.operators))
    return execution_order([(operator.inputs, operator.outputs) for operator in subgraph.operators], subgraph.outputs)


def _vector(indices: tuple[int, ...]) -> NDArray[np.int32]:
    return np.array(indices, np.int32)


def _strip(tensor: Any, buffers: list[Any], used: dict[int, int]) -> None:
    """Leave shape, type, scales and data; all tensors without data share the empty buffer 0."""
    tensor.name = tensor.shapeSignature = None
    tensor.hasRank = False
    data = buffers[tensor.buffer].data
    tensor.buffer = 0 if data is None or not len(data) else used.setdefault(tensor.buffer, len(used) + 1)
    quantization = tensor.quantization
    if quantization is None:
        return
    quantization.min = quantization.max = None
    if quantization.scale is None or not len(quantization.scale):
        tensor.quantization = None


class _Buffer(schema.BufferT):  # type: ignore[misc]
    """Constant data."""

    def Pack(self, builder: Any) -> int:  # noqa: N802 - the name the generated code calls
        vector = None if self.data is None else builder.aligned_vector(self.data)
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return int(schema.BufferEnd(builder))


def _pack(model: Any) -> bytes:
    data = sum(0 if buffer.data is None else len(buffer.data) for buffer in model.buffers)
    builder = PackingBuilder(data + 4096)
    return builder.packed(model.Pack(builder))


_OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "HARD_SWISH": None,
    "LEAKY_RELU": "LeakyReluOptions",
    "LOGISTIC": None,
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MUL": "MulOptions",
    "RELU": None,
    "RELU6": None,
    "RESHAPE": None,
    "SOFTMAX": "SoftmaxOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "TANH": None,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
}
"""The table of options that the converter writes for an operator."""

_LAST_OPERATOR_IN_A_BYTE = 127
"""The number that a file's old one-byte operator code holds when the operator's own does not fit."""


def _skeleton(graph: Graph, zeros: Callable[[int], Any]) -> Any:
    """Return a model of that graph whose constants are what `zeros` makes of their size."""
    kinds = list(dict.fromkeys((operator.kind, operator.version) for operator in graph.operators))
    axes = {operator.inputs[1]: 3 for operator in graph.operators if operator.kind == "DEPTHWISE_CONV_2D"}
    constants = [index for index, tensor in enumerate(graph.tensors) if tensor.constant]
    buffers = {tensor: position for position, tensor in enumerate(constants, start=1)}
    subgraph = schema.SubGraphT(
        tensors=[
            _tensor(tensor, buffers.get(index, 0), axes.get(index, 0)) for index, tensor in enumerate(graph.tensors)
        ],
        inputs=graph.inputs,
        outputs=graph.outputs,
        operators=[_operator(operator, kinds) for operator in graph.operators],
    )
    return schema.ModelT(
        operatorCodes=[_code(kind, version) for kind, version in kinds],
        subgraphs=[subgraph],
        buffers=[schema.BufferT(), *(schema.BufferT(zeros(graph.tensors[index].bytes)) for index in constants)],
    )


def _tensor(tensor: Tensor, buffer: int, axis: int) -> Any:
    quantization = None
    if tensor.scales:
        quantization = schema.QuantizationParametersT(
            scale=np.ones(tensor.scales, np.float32),
            zeroPoint=np.zeros(tensor.scales, np.int64),
            quantizedDimension=axis,
        )
    return schema.TensorT(
        shape=np.array(tensor.shape, np.int32),
        type=getattr(schema.TensorType, tensor.dtype.upper()),
        buffer=buffer,
        quantization=quantization,
        isVariable=tensor.variable,
    )


def _code(kind: str, version: int) -> Any:
    if kind not in _OPTIONS:
        raise ValueError(f"the packed size of operator {kind} is not known; known: {', '.join(_OPTIONS)}")
    number = getattr(schema.BuiltinOperator, kind)
    return schema.OperatorCodeT(
        deprecatedBuiltinCode=min(number, _LAST_OPERATOR_IN_A_BYTE), version=version, builtinCode=number
    )


def _operator(operator: Operator, kinds: list[tuple[str, int]]) -> Any:
    packed = schema.OperatorT(
        opcodeIndex=kinds.index((operator.kind, operator.version)), inputs=operator.inputs, outputs=operator.outputs
    )
    if operator.intermediates:
        packed.intermediates = operator.intermediates
    table = _OPTIONS.get(operator.kind)
    if table is not None:
        packed.builtinOptionsType = getattr(schema.BuiltinOptions, table)
        packed.builtinOptions = getattr(schema, f"{table}T")()
        for name, value in operator.options.items():
            setattr(packed.builtinOptions, _camel_case(name), _number(name, value))
    return packed


def _camel_case(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def _number(name: str, value: OptionValue) -> OptionValue:
    if name == "padding":
        return int(getattr(schema.Padding, str(value)))
    if name == "fused_activation_function":
        return int(getattr(schema.ActivationFunctionType, str(value)))
    return value
