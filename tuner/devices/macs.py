"""Multiply-accumulates of operators, as papers count them: padding included, bias and activations left out."""

from __future__ import annotations

import math

from tuner.devices.instructions.loops import Call
from tuner.graph import Graph


def graph_macs(graph: Graph) -> int:
    """Return the multiply-accumulates of one inference."""
    return sum(operator_macs(Call.of(operator, graph)) for operator in graph.operators)


def operator_macs(call: Call) -> int:
    """Return the multiply-accumulates of one operator; 0 for those that multiply no weights."""
    match call.kind:
        case "CONV_2D":
            return call.output.elements * math.prod(call.input(1).shape[1:])
        case "DEPTHWISE_CONV_2D":
            return call.output.elements * math.prod(call.input(1).shape[1:3])
        case "FULLY_CONNECTED":
            return call.output.elements * call.input(1).shape[-1]
        case "TRANSPOSE_CONV":
            return call.input(2).elements * math.prod(call.input(1).shape[:3])
        case "BATCH_MATMUL":
            left = call.input(0).shape
            return call.output.elements * left[-2 if call.option("adj_x") else -1]
        case "SVDF":
            return call.input(0).shape[0] * (call.input(1).elements + call.input(2).elements)
        case "UNIDIRECTIONAL_SEQUENCE_LSTM":
            steps = math.prod(call.input(0).shape[:2])
            gates = [tensor for tensor in call.inputs[1:9] if tensor is not None]
            return steps * sum(weights.elements for weights in gates)
        case _:
            return 0
