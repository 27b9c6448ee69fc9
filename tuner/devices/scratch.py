"""Scratch memory that CMSIS-NN's int8 kernels ask for, by instruction set (GCC builds).

Each function is named after the `arm_…_get_buffer_size` it follows.
"""

from __future__ import annotations

from enum import StrEnum

from tuner.devices.instructions.loops import Call, Plane, plane
from tuner.graph import Tensor


class Isa(StrEnum):
    """Which of CMSIS-NN's kernels are compiled in."""

    PLAIN = "plain"
    """Plain C: Cortex-M0, M0+, M3, M23."""
    DSP = "dsp"
    """The DSP extension: Cortex-M4, M7, M33."""
    MVE = "mve"
    """Helium vectors: Cortex-M55, M85."""


_MVE_LANES = 16
_MVE_COLUMN_BUFFERS = 4
_MVE_DEPTHWISE_CHANNELS = 124
_WORTH_REVERSING = 16
"""Input channels above which a transposed convolution runs as a convolution with the kernel reversed."""


def convolve_s8(taps: int, depth: int, isa: Isa) -> int:
    """Columns of `taps` × `depth` values, widened to int16 in pairs or, with Helium, four at a time as int8."""
    length = taps * depth
    if isa is Isa.MVE:
        return _MVE_COLUMN_BUFFERS * _MVE_LANES * -(-length // _MVE_LANES)
    return 2 * 2 * 4 * -(-length // 4)


def convolve_wrapper_s8(call: Call, isa: Isa) -> int:
    """CONV_2D: nothing for a pointwise kernel, else its columns."""
    filters, window = call.input(1).shape, plane(call, *call.input(1).shape[1:3])
    return _convolution(window, call.input(0), filters[3], isa)


def _convolution(window: Plane, source: Tensor, filter_depth: int, isa: Isa) -> int:
    depth = source.shape[3]
    rows, columns = window.rows, window.columns
    undilated = rows.dilation == columns.dilation == 1
    whole_depth = depth == filter_depth
    if window.kernel == 1 and not window.padded and undilated and whole_depth:
        return 0
    in_one_row = rows.size == 1 and rows.kernel == 1 and columns.dilation == 1
    if isa is Isa.MVE and in_one_row and columns.stride * depth % 4 == 0 and whole_depth:
        return _convolve_1_x_n_s8_mve(window, depth)
    return convolve_s8(window.kernel, depth, isa)


def _convolve_1_x_n_s8_mve(window: Plane, depth: int) -> int:
    columns = window.columns
    excess = (columns.outputs - 1) * columns.stride + columns.kernel - columns.size
    uneven = excess - 2 * int(excess / 2)  # C's remainder: it has the sign of the dividend
    right = max(1, (columns.pad + uneven + columns.stride - 1) // columns.stride) if columns.pad + uneven else 0
    left = max(1, (columns.pad + columns.stride - 1) // columns.stride) if columns.pad else 0
    if right + max(columns.outputs - right - left, 0) + left != columns.outputs:
        return convolve_s8(window.kernel, depth, Isa.MVE)
    left_bytes = columns.pad * depth
    right_bytes = right * depth if uneven else left_bytes
    return max(columns.kernel * depth + left_bytes, (columns.kernel - 1) * depth + right_bytes)


def depthwise_conv_wrapper_s8(call: Call, isa: Isa) -> int:
    """DEPTHWISE_CONV_2D: nothing unless each input channel has one output channel; 3 × 3 needs none with DSP."""
    source, filters = call.input(0), call.input(1).shape
    window = plane(call, filters[1], filters[2])
    taps, outputs = window.kernel, call.output.shape[3]
    if isa is Isa.MVE and source.shape[3] == 1 and outputs > 1:
        return _convolution(window, source, 1, isa) + taps * outputs
    undilated = window.rows.dilation == window.columns.dilation == 1
    if source.shape[3] != outputs or source.shape[0] != 1 or not undilated or isa is Isa.PLAIN:
        return 0
    if isa is Isa.MVE:
        return 4 * _MVE_DEPTHWISE_CHANNELS * taps
    if window.rows.kernel == window.columns.kernel == 3 and max(window.rows.pad, window.columns.pad) <= 1:
        return 0
    return 2 * source.shape[3] * taps


def transpose_conv_s8(call: Call, isa: Isa) -> tuple[int, int]:
    """TRANSPOSE_CONV: working memory, and the kernel reversed where that is worth it."""
    (_, _, width, depth), (outputs, taps_y, taps_x, _) = call.input(2).shape, call.input(1).shape
    stride_y, stride_x = call.option("stride_h", 1), call.option("stride_w", 1)
    if max(stride_x, stride_y) <= 2 and depth > _WORTH_REVERSING:
        return convolve_s8(taps_y * taps_x, depth, isa), depth * taps_y * taps_x * outputs
    across = ((width - 1) * stride_x + max(taps_x, stride_y)) * outputs
    return 4 * across * max(taps_y, stride_y), 0


def avgpool_s8(call: Call, isa: Isa) -> int:
    """AVERAGE_POOL_2D: one sum per channel; Helium and plain C keep them in registers."""
    return 4 * call.input(0).shape[3] if isa is Isa.DSP else 0


def fully_connected_s8(outputs: int, isa: Isa) -> int:
    """FULLY_CONNECTED: sums over the kernel with Helium."""
    return 4 * outputs if isa is Isa.MVE else 0
