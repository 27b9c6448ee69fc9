"""The canonical form of a `.tflite` file: what the device needs, in one order, and nothing else.

A device needs operators, tensors and data. Names, descriptions, metadata, signatures, calibration ranges and one
empty buffer per activation are what tools leave behind; together they are a fifth to a third of a small model's
flash. The canonical form drops them, numbers tensors in the order in which the operators mention them, stores equal
shapes and all-zero zero points once, and aligns data to 16 bytes as the format asks.

Its size follows from the graph alone, so it is known before anything is trained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tuner.graph import Graph, Operator, OptionValue, Tensor
from tuner.tflite.read import read_graph

_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_ALIGNMENT = 16
"""Of constant data: kernels may load it in vectors."""


def repack(model: bytes) -> bytes:
    """Return the model in canonical form; what it computes stays the same to the bit.

    An offline memory plan, which is metadata too, is dropped with the rest.

    Raises:
        ModelError: the bytes are no model that `read_graph` reads.
    """
    read_graph(model)
    return _pack(_canonical(schema.ModelT.InitFromPackedBuf(bytearray(model), 0)))


def packed_size(graph: Graph) -> int:
    """Bytes that `repack` gives for a model of this graph, whatever its weights.

    Exact if no two constants share their data and per-channel zero points are zero, as full integer quantization
    makes them.

    Raises:
        ValueError: an operator is none of those that networks are lowered to.
    """
    return len(_pack(_canonical(_skeleton(graph))))


def _canonical(model: Any) -> Any:
    """Return the same model with tensors, operator codes and buffers in the order of their first use."""
    subgraph = model.subgraphs[0]
    tensors = _Order(_absent=-1)
    codes = _Order()
    for index in subgraph.inputs:
        tensors[index]
    for operator in subgraph.operators:
        operator.opcodeIndex = codes[operator.opcodeIndex]
        operator.inputs = tensors.all(operator.inputs)
        operator.outputs = tensors.all(operator.outputs)
    return schema.ModelT(
        version=_SCHEMA_VERSION,
        operatorCodes=[model.operatorCodes[index] for index in codes],
        subgraphs=[
            schema.SubGraphT(
                tensors=[subgraph.tensors[index] for index in tensors],
            )
        ],
    )
