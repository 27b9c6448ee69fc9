"""Loops of MAX_POOL_2D, AVERAGE_POOL_2D and the reductions MEAN, SUM, REDUCE_MAX.

CMSIS-NN: `arm_max_pool_s8`, `arm_avgpool_s8`; reductions run the reference kernel on every stack.
"""

from __future__ import annotations

from tuner.devices.instructions.loops import Call, Loops, Path, Plane, copy, plane


def pooling(call: Call, path: Path) -> Loops:
    """Count the loops of a maximum or average over windows."""
    window = plane(call, call.option("filter_height", 1), call.option("filter_width", 1))
    channels = call.output.shape[-1]
    name = "max_pool" if call.kind == "MAX_POOL_2D" else "average_pool"
    if call.has_float:
        return Loops(f"{name}_f32", _by_output(window, channels, window.valid))
    if path is Path.REFERENCE:
        return Loops(f"{name}_reference", _by_output(window, channels, window.valid))
    if path is Path.MVE:
        return Loops(f"{name}_mve", _by_vector(window, channels))
    if name == "max_pool":
        return Loops(f"max_pool_{path}", _maximum(window, channels))
    if path is Path.PLAIN:
        # Taps beside the input are looked at as well, only to be skipped.
        return Loops("average_pool_plain", _by_output(window, channels, window.positions * window.kernel))
    return Loops("average_pool_dsp", _average(window, channels))


def _by_output(window: Plane, channels: int, taps: int) -> dict[str, float]:
    return {
        "call": 1,
        "pixel": window.positions,
        "output": window.positions * channels,
        "row": window.rows.valid * window.columns.outputs * channels,
        "tap": taps * channels,
    }


def _by_pixel(window: Plane) -> dict[str, float]:
    lines = window.rows.valid * window.columns.outputs
    return {"call": 1, "row": window.rows.outputs, "pixel": window.positions, "line": lines}


def _by_vector(window: Plane, channels: int) -> dict[str, float]:
    vectors = -(-channels // 16)
    taps, pixels = window.valid, window.positions
    return _by_pixel(window) | {"tap": taps, "tap_vector": taps * vectors, "pixel_vector": pixels * vectors}


def _maximum(window: Plane, channels: int) -> dict[str, float]:
    """The first tap of each window is copied, later ones are compared by words; the result is clamped at the end."""
    later = window.valid - window.positions
    words, rest = divmod(channels, 4)
    counts = _by_pixel(window) | {"tap": later, "tap_word": later * words, "tap_rest": later * rest}
    return counts | copy(channels, window.positions) | {"clamp": window.positions * channels / 4}


def _average(window: Plane, channels: int) -> dict[str, float]:
    counts = _by_pixel(window) | {"tap": window.valid, "tap_channel": window.valid * channels}
    return counts | {"output": window.positions * channels}


def reduction(call: Call, path: Path) -> Loops:  # noqa: ARG001 - one kernel serves every stack
    """Count the loops of a mean, sum or maximum over axes."""
    source, axes = call.input(0), call.input(1).elements
    variant = "f32" if call.has_float else "s8"
    rank = len(source.shape)
    name = "reduce_max" if call.kind in ("REDUCE_MAX", "REDUCE_MIN") else "mean"
    return Loops(
        f"{name}_{variant}",
        {
            "call": 1,
            "output": call.output.elements,
            "input": source.elements,
            "input_rank": source.elements * (rank - 1),
            "input_axis": source.elements * (rank * axes - 2),
        },
    )
