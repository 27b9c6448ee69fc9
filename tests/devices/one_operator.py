"""Models of one operator, written without TensorFlow, for the real interpreter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

_TYPES = {"float32": np.float32, "int8": np.int8, "int32": np.int32, "bool": np.bool_}


@dataclass(frozen=True)
class OneOperator:
    """An operator with its inputs and outputs.

    An input is a shape, or an array of constants; the outputs are shapes. Types are those of the model, but constants
    of integers and outputs named in `outputs_as` keep theirs.
    """

    kind: str
    inputs: Sequence[Any]
    outputs: Sequence[tuple[int, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)
    options_class: str = ""
    outputs_as: str = ""
    types: tuple[str, ...] = ("float32", "int8")

    def tflite(self, dtype: str) -> bytes:
        model = schema.ModelT()
        model.version = 3
        model.buffers = [schema.BufferT()]
        model.subgraphs = [schema.SubGraphT()]
        graph = model.subgraphs[0]
        graph.tensors, graph.inputs, graph.outputs = [], [], []
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = [], []
        for given in self.inputs:
            operator.inputs.append(_add(model, given, dtype))
            if not isinstance(given, np.ndarray):
                graph.inputs.append(operator.inputs[-1])
        for shape in self.outputs:
            operator.outputs.append(_add(model, shape, self.outputs_as or dtype))
        graph.outputs = list(operator.outputs)
        operator.opcodeIndex = 0
        if self.options_class:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, self.options_class)
            operator.builtinOptions = getattr(schema, f"{self.options_class}T")()
            for name, value in self.options.items():
                setattr(operator.builtinOptions, name, value)
        graph.operators = [operator]
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, self.kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        model.operatorCodes = [code]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _add(model: Any, given: Any, dtype: str) -> int:
    tensor = schema.TensorT()
    constant = isinstance(given, np.ndarray)
    if constant and given.dtype != np.float32:
        dtype = str(given.dtype)
    tensor.shape = list(given.shape if constant else given)
    tensor.type = getattr(schema.TensorType, dtype.upper())
    tensor.buffer = 0
    if constant:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(given.astype(_TYPES[dtype]).tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    if dtype == "int8":
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = [1 / 256], [0]
        tensor.quantization = quantization
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1
