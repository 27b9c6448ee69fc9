"""What of a model a device's runtime cannot run: operators it lacks, and types its kernels do not take."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tuner.devices.profile import DeviceProfile
from tuner.graph import Graph, Operator

_WEIGHTED = {"CONV_2D": (0, 1), "DEPTHWISE_CONV_2D": (0, 1), "FULLY_CONNECTED": (0, 1), "TRANSPOSE_CONV": (2, 1)}
"""Positions of activations and weights."""
_WEIGHTED_TYPES = {("float32", "float32"), ("int8", "int8"), ("int8", "int4"), ("int16", "int8")}
_POOLED_TYPES = {"float32", "int8", "int16"}


def unsupported(graph: Graph, profile: DeviceProfile, kinds: Collection[str]) -> tuple[str, ...]:
    """Return what the runtime lacks, each once, in the order of execution.

    TensorFlow Lite Micro takes neither weights of 8 bits with activations in floating point ("dynamic range
    quantization") nor the older quantization to unsigned bytes; full TensorFlow Lite takes both.

    Args:
        graph: the model.
        profile: the device.
        kinds: the operators that the core runs; others are a neural processing unit's.
    """
    missing = [kind for kind in dict.fromkeys(kinds) if not profile.supports(kind)]
    if profile.runtime.name == "tflm":
        missing += dict.fromkeys(_wrong_types(graph, kinds))
    return tuple(missing)


def _wrong_types(graph: Graph, kinds: Collection[str]) -> Iterator[str]:
    for operator in graph.operators:
        if operator.kind not in kinds:
            continue
        if operator.kind in _WEIGHTED:
            activations, weights = (_dtype(graph, operator, position) for position in _WEIGHTED[operator.kind])
            if (activations, weights) not in _WEIGHTED_TYPES:
                yield f"{operator.kind} of {activations} with {weights} weights"
        elif operator.kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            activations = _dtype(graph, operator, 0)
            if activations not in _POOLED_TYPES:
                yield f"{operator.kind} of {activations}"


def _dtype(graph: Graph, operator: Operator, position: int) -> str:
    index = operator.inputs[position] if position < len(operator.inputs) else -1
    return graph.tensors[index].dtype if index >= 0 else "nothing"
