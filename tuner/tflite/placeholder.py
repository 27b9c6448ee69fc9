"""A model to compile before there is a training: the right graph, weights drawn at random.

Compilers want bytes. What they answer depends on the weights only through their compression, so weights are drawn
like trained ones; the constants that are shapes and axes follow from the graph.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tuner.graph import Graph, Operator
from tuner.tflite.read import read_graph
from tuner.tflite.write import blank

_SPREAD_OF_WEIGHTS = 42.0
"""Standard deviation of int8 weights, of which the largest of each channel is 127."""


def placeholder(graph: Graph, *, seed: int = 0) -> bytes:
    """Return a `.tflite` of this graph with random weights; it computes nothing of use.

    Raises:
        ValueError: an operator is none of those that networks are lowered to.
    """
    packed = blank(graph)
    model, canonical = schema.ModelT.InitFromPackedBuf(bytearray(packed), 0), read_graph(packed)
    generator = np.random.default_rng(seed)
    tensors = model.subgraphs[0].tensors
    for index, tensor in enumerate(canonical.tensors):
        if tensor.constant and tensor.dtype == "int8":
            weights = generator.normal(0.0, _SPREAD_OF_WEIGHTS, tensor.elements).clip(-127, 127)
            _fill(model, tensors[index], weights.astype(np.int8))
    for operator in canonical.operators:
        if operator.kind in _PARAMETERS:
            _fill(model, tensors[operator.inputs[1]], _PARAMETERS[operator.kind](canonical, operator))
    builder = flatbuffers.Builder(len(packed) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _fill(model: Any, tensor: Any, values: NDArray[Any]) -> None:
    model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)


def _new_shape(graph: Graph, operator: Operator) -> NDArray[np.int32]:
    return np.array(graph.tensors[operator.outputs[0]].shape, np.int32)


def _reduced_axes(graph: Graph, operator: Operator) -> NDArray[np.int32]:
    """Return as many axes as the model names, the spatial ones of an image first."""
    count = graph.tensors[operator.inputs[1]].elements
    return np.arange(1, 1 + count, dtype=np.int32)


_PARAMETERS = {"RESHAPE": _new_shape, "MEAN": _reduced_axes}
"""Operators whose second input is no weight, and what it holds."""
