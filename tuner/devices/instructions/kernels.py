"""Which loops each operator runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tuner.devices.instructions import convolution, dense, depthwise, elementwise, pooling
from tuner.devices.instructions.loops import Call, Loops, Path

_ELEMENTWISE = (
    *("ABS", "ADD", "ADD_N", "CEIL", "COS", "CUMSUM", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD"),
    *("GREATER", "GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOG"),
    *("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "NEG", "NOT_EQUAL"),
    *("PRELU", "RELU", "RELU6", "ROUND", "RSQRT", "SELECT_V2", "SIN", "SQRT", "SQUARE", "SQUARED_DIFFERENCE"),
    *("SUB", "TANH"),
)


_KERNELS: Mapping[str, Callable[[Call, Path], Loops]] = MappingProxyType(
    {
        "CONV_2D": convolution.convolution,
        "TRANSPOSE_CONV": convolution.transpose_convolution,
        "DEPTHWISE_CONV_2D": depthwise.depthwise_convolution,
        "FULLY_CONNECTED": dense.fully_connected,
        "SVDF": dense.svdf,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": dense.lstm,
        "BATCH_MATMUL": dense.batch_matmul,
        "AVERAGE_POOL_2D": pooling.pooling,
        "MAX_POOL_2D": pooling.pooling,
        "MEAN": pooling.reduction,
        "SUM": pooling.reduction,
        "REDUCE_MAX": pooling.reduction,
        "REDUCE_MIN": pooling.reduction,
        "SOFTMAX": elementwise.softmax,
        "LOG_SOFTMAX": elementwise.softmax,
        "QUANTIZE": elementwise.conversion,
        "DEQUANTIZE": elementwise.conversion,
        "CAST": elementwise.conversion,
        "RESIZE_NEAREST_NEIGHBOR": elementwise.resize,
        "RESIZE_BILINEAR": elementwise.resize,
        "PAD": elementwise.pad,
        "PADV2": elementwise.pad,
        "CONCATENATION": elementwise.concatenation,
    }
    | dict.fromkeys(_ELEMENTWISE, elementwise.elementwise)
)


def loops(call: Call, path: Path) -> Loops:
    """Return the kernel an operator runs and how often its loops turn.

    An operator without a model of its own counts as one that moves its output.

    Raises:
        ModelError: the operator lacks an input.
    """
    return _KERNELS.get(call.kind, elementwise.move)(call, path)
