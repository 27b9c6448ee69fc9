"""Loops of DEPTHWISE_CONV_2D.

CMSIS-NN: `arm_depthwise_conv_3x3_s8`, `arm_depthwise_conv_s8_opt`, `arm_depthwise_conv_s8`; with Helium and one
input channel `arm_convolve_wrapper_s8` on transposed filters. Reference: `DepthwiseConvPerChannel`.
"""

from __future__ import annotations

from functools import lru_cache

from tuner.devices.instructions.convolution import matrix_product
from tuner.devices.instructions.loops import Call, Loops, Path, Plane, Window, copy, plane

_CHANNELS_PER_BLOCK = 124
"""Channels that CMSIS-NN's Helium kernel takes at once (CH_IN_BLOCK_MVE)."""


def depthwise_convolution(call: Call, path: Path) -> Loops:
    """Count the loops of a depthwise convolution."""
    _, height, width, outputs = call.input(1).shape
    window = plane(call, height, width)
    channels = call.input(0).shape[3]
    if call.has_float:
        return Loops("depthwise_f32", _reference(window, channels, outputs))
    if path is Path.REFERENCE:
        return Loops("depthwise_reference", _reference(window, channels, outputs))
    if path is Path.MVE and channels == 1 and outputs > 1:
        return Loops("depthwise_as_conv_mve", _as_convolution(window, outputs))
    undilated = window.rows.dilation == window.columns.dilation == 1
    if channels != outputs or not undilated:
        by_four = undilated and outputs // channels % 4 == 0
        return Loops(f"depthwise_{'by_four' if by_four else 'generic'}_{path}", _generic(window, outputs, by_four))
    if path is Path.MVE:
        return Loops("depthwise_mve", _blocks_mve(window, channels))
    if height == width == 3 and window.rows.pad <= 1 and window.columns.pad <= 1:
        return Loops(f"depthwise_3x3_{path}", _three_by_three(window, channels))
    if path is Path.DSP:
        return Loops("depthwise_dsp", _columns(window, channels))
    return Loops("depthwise_generic_plain", _generic(window, outputs, False))


def _reference(window: Plane, channels: int, outputs: int) -> dict[str, float]:
    return {
        "call": 1,
        "pixel": window.positions,
        "channel": window.positions * channels,
        "output": window.positions * outputs,
        "filter_row": window.positions * outputs * window.rows.kernel,
        "tap": window.positions * outputs * window.kernel,
        "mac": window.valid * outputs,
    }


def _generic(window: Plane, outputs: int, by_four: bool) -> dict[str, float]:
    groups = outputs // 4 if by_four else outputs
    return {
        "call": 1,
        "row": window.rows.outputs,
        "pixel": window.positions,
        "output": window.positions * groups,
        "filter_row": window.rows.valid * window.columns.outputs * groups,
        "mac": window.valid * groups,
    }


def _three_by_three(window: Plane, channels: int) -> dict[str, float]:
    quads, rest = divmod(channels, 4)
    lines = window.rows.valid * window.columns.outputs
    return {
        "call": 1,
        "row": window.rows.outputs,
        "pixel": window.positions,
        "quad": window.positions * quads,
        "quad_line": lines * quads,
        "quad_tap": window.valid * quads,
        "rest": window.positions * rest,
        "rest_line": lines * rest,
        "rest_tap": window.valid * rest,
    }


def _columns(window: Plane, channels: int) -> dict[str, float]:
    quads, rest = divmod(channels, 4)
    lines = window.rows.valid * window.columns.outputs
    taps = window.rows.valid * window.columns.valid
    return {
        "call": 1,
        "row": window.rows.outputs,
        "pixel": window.positions,
        "line": lines,
        "padding_tap": lines * window.columns.kernel - taps,
        "padding_line": window.positions * window.rows.kernel - lines,
        "tap": taps,
        "tap_quad": taps * quads,
        "tap_rest": taps * rest,
        "quad": window.positions * quads,
        "quad_pair": window.positions * quads * (window.kernel // 2),
        "quad_odd": window.positions * quads * (window.kernel % 2),
        "rest": window.positions * rest,
        "rest_mac": window.positions * rest * window.kernel,
    }


def _blocks_mve(window: Plane, channels: int) -> dict[str, float]:
    blocks = -(-channels // _CHANNELS_PER_BLOCK)
    quads = -(-channels // 4)
    inner, padded = _groups_of_four(window.rows, window.columns)
    left = window.positions % 4
    vectors = blocks - 1 and (blocks - 1) * 8
    vectors += -(-(channels - (blocks - 1) * _CHANNELS_PER_BLOCK) // 16)
    padding = window.positions * window.kernel - window.valid
    return {
        "call": 1,
        "block": blocks,
        "row": window.rows.outputs * blocks,
        "pixel": window.positions * blocks,
        "kernel_row": window.positions * window.rows.kernel * blocks,
        "tap": window.valid * blocks,
        "tap_vector": window.valid * vectors,
        "padding_tap": padding * blocks,
        "padding_vector": padding * vectors,
        "inner": inner * blocks,
        "inner_quad": inner * quads,
        "inner_mac": inner * quads * window.kernel,
        "padded": padded * blocks,
        "padded_quad": padded * quads,
        "padded_mac": padded * quads * window.kernel,
        "left": left * blocks,
        "left_quad": left * quads,
        "left_mac": left * quads * window.kernel,
    }


@lru_cache(maxsize=1024)
def _groups_of_four(rows: Window, columns: Window) -> tuple[int, int]:
    """Groups of four consecutive output pixels without and with padding; the last ones left over are not counted."""
    across = [columns.inside(position) for position in range(columns.outputs)]
    beside_padding = [False] * columns.outputs
    pixels: list[bool] = []
    for row in range(rows.outputs):
        pixels += across if rows.inside(row) else beside_padding
    groups = len(pixels) // 4
    inner = sum(all(pixels[4 * group : 4 * group + 4]) for group in range(groups))
    return inner, groups - inner


def _as_convolution(window: Plane, outputs: int) -> dict[str, float]:
    weights = window.kernel * outputs
    return {
        "call": 1,
        "weight": weights,
        "pixel": window.positions,
        "kernel_row": window.positions * window.rows.kernel,
        "padding_tap": window.positions * window.kernel - window.valid,
        **copy(1, window.valid),
        **matrix_product(1, window.positions, window.kernel, outputs, Path.MVE),
    }
