"""Loops of the operators that multiply a vector by a matrix: FULLY_CONNECTED, SVDF, LSTM, BATCH_MATMUL.

CMSIS-NN: `arm_fully_connected_s8`, `arm_nn_vec_mat_mult_t_s8`, `arm_svdf_s8`, `arm_lstm_unidirectional_s8`.
"""

from __future__ import annotations

import math

from tuner.devices.instructions.convolution import matrix_product
from tuner.devices.instructions.loops import Call, Loops, Path


def fully_connected(call: Call, path: Path) -> Loops:
    """Count the loops of a fully connected layer."""
    units, depth = call.input(1).shape[-2:]
    batches = call.output.elements // max(units, 1)
    if call.has_float:
        return Loops("dense_f32", _plain_product(batches, units, depth))
    if path is Path.REFERENCE:
        return Loops("dense_reference", _plain_product(batches, units, depth))
    per_channel = call.input(1).scales > 1
    if len(call.output.shape) > 2 and depth % 4 == 0 and not per_channel:
        counts = {"call": 1, "parameters": units, **matrix_product(1, batches, depth, units, path)}
        return Loops(f"pointwise_{path}", counts)
    biased = len(call.inputs) > 2 and call.inputs[2] is not None
    return Loops(f"dense_{path}", _vector_product(batches, units, depth, path, biased=biased))


def svdf(call: Call, path: Path) -> Loops:
    """Count the loops of an SVDF layer: features by a matrix, then over the memory of each, then rank by rank."""
    filters, depth = call.input(1).shape
    memory = call.input(2).shape[1]
    variant = "f32" if call.has_float else str(path)
    return Loops(
        f"svdf_{variant}",
        {
            "call": 1,
            "filter": filters,
            "mac": filters * depth,
            "memory": filters * memory,
            "unit": call.output.elements,
        },
    )


def lstm(call: Call, path: Path) -> Loops:
    """Count the loops of a unidirectional LSTM over a sequence."""
    batch_or_time = call.input(0).shape
    steps, depth = math.prod(batch_or_time[:-1]), batch_or_time[-1]
    units = call.output.shape[-1]
    variant = "f32" if call.has_float else str(path)
    return Loops(
        f"lstm_{variant}",
        {"call": 1, "step": steps, "unit": steps * units, "mac": 4 * steps * units * (depth + units)},
    )


def batch_matmul(call: Call, path: Path) -> Loops:
    """Count the loops of a product of two activations."""
    depth = call.input(0).shape[-1]
    outputs = call.output.elements
    variant = "f32" if call.has_float else str(path)
    return Loops(f"batch_matmul_{variant}", {"call": 1, "output": outputs, "mac": outputs * depth})


def _plain_product(batches: int, units: int, depth: int) -> dict[str, float]:
    return {"call": 1, "batch": batches, "output": batches * units, "mac": batches * units * depth}


def _vector_product(batches: int, units: int, depth: int, path: Path, *, biased: bool) -> dict[str, float]:
    lanes = {Path.DSP: 2, Path.MVE: 4, Path.PLAIN: 3}[path]
    groups, left = divmod(units, lanes)
    counts: dict[str, float] = {"call": 1, "batch": batches}
    for name, turns in (("group", batches * groups), ("single", batches * left)):
        counts[name] = turns
        counts[f"{name}_bias"] = turns * biased
        if path is Path.DSP:
            counts[f"{name}_four"] = turns * (depth // 4)
            counts[f"{name}_unrolled"] = turns * (depth // 4 % 8 > 0)
            counts[f"{name}_rest"] = turns * (depth % 4)
        elif path is Path.MVE:
            counts[f"{name}_vector"] = turns * -(-depth // 16)
        else:
            counts[f"{name}_mac"] = turns * depth
    return counts
