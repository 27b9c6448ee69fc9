"""Loops of CONV_2D and TRANSPOSE_CONV.

CMSIS-NN: `arm_convolve_1x1_s8_fast`, `arm_convolve_1x1_s8`, `arm_convolve_1_x_n_s8`, `arm_convolve_s8`,
`arm_nn_mat_mult_nt_t_s8`, `arm_nn_mat_mult_kernel_s8_s16`. Reference: `reference_integer_ops::ConvPerChannel`.
"""

from __future__ import annotations

from tuner.devices.instructions.loops import Call, Loops, Path, Plane, copy, plane


def convolution(call: Call, path: Path) -> Loops:
    """Count the loops of a convolution."""
    filters = call.input(1).shape
    window = plane(call, filters[1], filters[2])
    depth = filters[3]
    if call.has_float:
        return Loops("conv_f32", _reference(window, depth, filters[0]))
    if path is Path.REFERENCE:
        return Loops("conv_s8_reference", _reference(window, depth, filters[0]))
    undilated = window.rows.dilation == window.columns.dilation == 1
    if not window.padded and window.kernel == 1 and undilated:
        return _pointwise(window, depth, filters[0], path)
    if path is Path.MVE and _is_row(call, window):
        return Loops("conv_1xn_mve", _row_mve(window, depth, filters[0]))
    if path is Path.MVE:
        return Loops("conv_mve", _columns_mve(window, depth, filters[0]))
    return Loops(f"conv_{path}", _columns(window, depth, filters[0], 4 if path is Path.DSP else 1))


def transpose_convolution(call: Call, path: Path) -> Loops:
    """Count the loops of a transposed convolution; inputs are the output shape, the filters and the data."""
    filters, source = call.input(1).shape, call.input(2).shape
    pixels = source[1] * source[2]
    macs = pixels * filters[0] * filters[1] * filters[2] * filters[3]
    variant = "f32" if call.has_float else "reference" if path is Path.REFERENCE else str(path)
    return Loops(
        f"transpose_conv_{variant}",
        {"call": 1, "output": call.output.elements, "input": source[3] * pixels, "mac": macs},
    )


def _is_row(call: Call, window: Plane) -> bool:
    _, height, _, depth = call.input(0).shape
    aligned = window.columns.stride * depth % 4 == 0
    return height == 1 and window.rows.kernel == 1 and window.columns.dilation == 1 and aligned


def _reference(window: Plane, depth: int, filters: int) -> dict[str, float]:
    outputs = window.positions * filters
    return {
        "call": 1,
        "pixel": window.positions,
        "output": outputs,
        "filter_row": outputs * window.rows.kernel,
        "tap": outputs * window.kernel,
        "valid_tap": window.valid * filters,
        "mac": window.valid * filters * depth,
    }


def _pointwise(window: Plane, depth: int, filters: int, path: Path) -> Loops:
    strided = window.rows.stride > 1 or window.columns.stride > 1
    calls, rows = (window.rows.outputs, window.columns.outputs) if strided else (1, window.positions)
    suffix = "_strided" if strided and path is Path.MVE else ""
    return Loops(f"pointwise_{path}{suffix}", {"call": 1, **matrix_product(calls, rows, depth, filters, path)})


def matrix_product(calls: int, rows: int, depth: int, filters: int, path: Path) -> dict[str, float]:
    """Count the loops of `calls` products of `rows` × `depth` by `depth` × `filters` (`arm_nn_mat_mult_nt_t_s8`)."""
    if path is Path.MVE:
        blocks, left = divmod(rows, 4)
        vectors = -(-depth // 16)
        return {
            "product": calls,
            "block": calls * blocks,
            "block_filter": calls * blocks * filters,
            "block_vector": calls * blocks * filters * vectors,
            "row": calls * left,
            "row_filter": calls * left * filters,
            "row_vector": calls * left * filters * vectors,
        }
    pairs, odd_filter = divmod(filters, 2)
    row_pairs, odd_row = divmod(rows, 2)
    counts: dict[str, float] = {"product": calls, "filter_pair": calls * pairs, "weight_sum": calls * pairs * depth}
    for name, turns in (
        ("pair", calls * pairs * row_pairs),
        ("row", calls * pairs * odd_row),
    ):
        counts[name] = turns
        if path is Path.DSP:
            counts |= _by_sixteen(name, turns, depth)
        else:
            counts[f"{name}_mac"] = turns * depth
    single = calls * odd_filter * rows
    return counts | {"single": single, "single_mac": single * depth}


def _by_sixteen(name: str, turns: float, depth: int) -> dict[str, float]:
    return {
        f"{name}_wide": turns * (depth >= 16),
        f"{name}_sixteen": turns * (depth // 16),
        f"{name}_narrow": turns * (depth % 16 >= 4),
        f"{name}_four": turns * (depth % 16 // 4),
        f"{name}_mac": turns * (depth % 4),
    }


def _columns(window: Plane, depth: int, filters: int, lane: int) -> dict[str, float]:
    """Image to columns, two pixels at a time, then a product of two columns by two filters."""
    length = window.kernel * depth
    pixel_pairs, odd_pixel = divmod(window.positions, 2)
    pairs, odd_filter = divmod(filters, 2)
    counts: dict[str, float] = {
        "call": 1,
        "row": window.rows.outputs,
        "pixel": window.positions,
        "kernel_row": window.positions * window.rows.kernel,
        "padding_tap": window.positions * window.kernel - window.valid,
        **copy(depth, window.valid),
        "widen_lane": window.positions * (length // 4),
        "widen_rest": window.positions * (length % 4),
        "pixel_pair": pixel_pairs,
    }
    for name, turns in (
        ("pair", pixel_pairs * pairs),
        ("odd_filter", pixel_pairs * odd_filter),
        ("odd_pixel", odd_pixel * filters),
    ):
        counts[name] = turns
        counts[f"{name}_lane"] = turns * (length // lane)
        if lane > 1:
            counts[f"{name}_rest"] = turns * (length % lane)
    return counts


def _columns_mve(window: Plane, depth: int, filters: int) -> dict[str, float]:
    length = window.kernel * depth
    return {
        "call": 1,
        "out_row": window.rows.outputs,
        "pixel": window.positions,
        "kernel_row": window.positions * window.rows.kernel,
        "tap": window.valid,
        "tap_vector": window.valid * -(-depth // 16),
        "padding_tap": window.positions * window.kernel - window.valid,
        **matrix_product(1, window.positions, length, filters, Path.MVE),
    }


def _row_mve(window: Plane, depth: int, filters: int) -> dict[str, float]:
    """Positions beside padding are copied and multiplied one by one; the others read the input in place."""
    columns = window.columns
    inside = sum(columns.inside(position) for position in range(columns.outputs))
    border = columns.outputs - inside
    counts = matrix_product(1, inside, columns.kernel * depth, filters, Path.MVE)
    vectors = -(-columns.kernel * depth // 16)
    counts["row"] += border
    counts["row_filter"] += border * filters
    counts["row_vector"] += border * filters * vectors
    return {"call": 1, "border": border, "border_vector": border * vectors, **counts}
