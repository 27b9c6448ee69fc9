"""Loops of MAX_POOL_2D, AVERAGE_POOL_2D and the reductions MEAN, SUM, REDUCE_MAX.

CMSIS-NN: `arm_max_pool_s8`, `arm_avgpool_s8`; reductions run the reference kernel on every stack.
"""

from __future__ import annotations

from tuner.devices.instructions.loops import Call, Loops, Path, copy, plane


def pooling(call: Call, path: Path) -> Loops:
    """Count the loops of a maximum or average over windows."""
    window = plane(call, call.option("filter_height", 1), call.option("filter_width", 1))
    channels = call.output.shape[-1]
    name = "max_pool" if call.kind == "MAX_POOL_2D" else "average_pool"
    pixels = window.positions
    if call.has_float or path in (Path.REFERENCE, Path.PLAIN):
        plain = path is Path.PLAIN and not call.has_float and name == "max_pool"
        if not plain:
            variant = "f32" if call.has_float else str(path)
            taps = window.kernel * pixels if path is Path.PLAIN else window.valid
            return Loops(
                f"{name}_{variant}",
                {
                    "call": 1,
                    "pixel": pixels,
                    "output": pixels * channels,
                    "row": window.rows.valid * window.columns.outputs * channels,
                    "tap": taps * channels,
                },
            )
    counts: dict[str, float] = {"call": 1, "row": window.rows.outputs, "pixel": pixels}
    counts["line"] = window.rows.valid * window.columns.outputs
    if path is Path.MVE:
        vectors = -(-channels // 16)
        counts |= {"tap": window.valid, "tap_vector": window.valid * vectors, "pixel_vector": pixels * vectors}
    elif name == "max_pool":
        later = window.valid - pixels
        counts |= {"tap": later, "tap_word": later * (channels // 4), "tap_rest": later * (channels % 4)}
        counts |= {**copy(channels, pixels), "clamp": pixels * channels / 4}
    else:
        counts |= {"tap": window.valid, "tap_channel": window.valid * channels, "output": pixels * channels}
    return Loops(f"{name}_{path}", counts)


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
