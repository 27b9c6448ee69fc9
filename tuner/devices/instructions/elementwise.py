"""Loops of operators that go through their elements one by one, and of those that only move data.

CMSIS-NN: `arm_elementwise_add_s8`, `arm_elementwise_mul_s8`, `arm_maximum_s8`, `arm_softmax_s8`, `arm_pad_s8`,
`arm_transpose_s8`; the others run the reference kernel on every stack.
"""

from __future__ import annotations

import math

from tuner.devices.instructions.loops import Call, Loops, Path, copy

_OWN_KERNEL = frozenset({"ADD", "MUL", "MAXIMUM", "MINIMUM", "SOFTMAX", "PAD", "PADV2", "TRANSPOSE"})
"""Operators for which CMSIS-NN has a kernel of its own."""


def elementwise(call: Call, path: Path) -> Loops:
    """Count the loops of an operator that computes each element from those at the same place."""
    inputs = [tensor for tensor in call.inputs if tensor is not None]
    broadcast = len(inputs) > 1 and len({tensor.elements for tensor in inputs[:2]}) > 1
    counts: dict[str, float] = {"call": 1, "element": call.output.elements}
    variant = f"{_dtype(call)}_broadcast" if broadcast else _variant(call, path)
    return Loops(f"{call.kind.lower()}_{variant}", counts)


def conversion(call: Call, path: Path) -> Loops:  # noqa: ARG001 - one kernel serves every stack
    """Count the loops of QUANTIZE, DEQUANTIZE and CAST, whose kernel follows from the types at either end."""
    name = f"{call.kind.lower()}_{call.input(0).dtype}_{call.output.dtype}"
    return Loops(name, {"call": 1, "element": call.output.elements})


def softmax(call: Call, path: Path) -> Loops:
    """Count the loops of a softmax over the last dimension; how many exponentials it skips depends on the data."""
    row = call.output.shape[-1]
    rows = call.output.elements // max(row, 1)
    return Loops(f"softmax_{_variant(call, path)}", {"call": 1, "row": rows, "element": call.output.elements})


def move(call: Call, path: Path) -> Loops:
    """Count the loops of an operator that copies its elements in one piece or one by one."""
    return Loops(
        f"{call.kind.lower()}_{_variant(call, path)}",
        {"call": 1, "rank": len(call.output.shape), "byte": sum(tensor.bytes for tensor in call.outputs)},
    )


def resize(call: Call, path: Path) -> Loops:
    """Count the loops of a nearest-neighbour or bilinear resize: one copy, or one blend, per output pixel."""
    target = call.output.shape
    pixels = math.prod(target[:-1])
    counts = {
        "call": 1,
        "row": math.prod(target[:-2]),
        **copy(target[-1] * call.output.bytes // call.output.elements, pixels),
    }
    if call.kind == "RESIZE_BILINEAR":
        counts = {"call": 1, "pixel": pixels, "element": call.output.elements}
    return Loops(f"{call.kind.lower()}_{_variant(call, path)}", counts)


def pad(call: Call, path: Path) -> Loops:
    """Count the loops of a padding: CMSIS-NN copies rows or pieces of rows, the reference element by element."""
    source, target = call.input(0), call.output
    if path is Path.REFERENCE or call.has_float:
        return Loops(f"pad_{_variant(call, path)}", {"call": 1, "element": target.elements, "copied": source.elements})
    before = (1,) * (4 - len(source.shape)) + source.shape
    after = (1,) * (4 - len(target.shape)) + target.shape
    rows = before[0] * before[1]
    if before[3] != after[3]:
        pieces, length = rows * before[2], before[3]
    elif before[2] != after[2]:
        pieces, length = rows, before[2] * before[3]
    else:
        pieces, length = before[0], math.prod(before[1:])
    counts: dict[str, float] = {"call": 1, "piece": pieces, "row": rows, **copy(length, pieces)}
    counts["filled_word"] = (target.elements - source.elements) / 4
    return Loops(f"pad_{_variant(call, path)}", counts)


def concatenation(call: Call, path: Path) -> Loops:  # noqa: ARG001 - one kernel serves every stack
    """Count the loops of a concatenation: one copy per input and outer index."""
    axis = call.option("axis") % max(len(call.output.shape), 1)
    outer = math.prod(call.output.shape[:axis])
    counts: dict[str, float] = {"call": 1, "input": 0.0}
    for tensor in call.inputs:
        if tensor is None:
            continue
        counts["input"] += 1
        for name, turns in copy(tensor.bytes // max(outer, 1), outer).items():
            counts[name] = counts.get(name, 0.0) + turns
    return Loops("concatenation", counts)


def _variant(call: Call, path: Path) -> str:
    if call.has_float:
        return "f32"
    if path is Path.REFERENCE or call.kind not in _OWN_KERNEL:
        return f"{_dtype(call)}_reference"
    return f"{_dtype(call)}_{path}"


def _dtype(call: Call) -> str:
    return "f32" if call.has_float else call.input(0).dtype
