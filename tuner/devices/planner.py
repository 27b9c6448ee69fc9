"""The greedy memory plan of TensorFlow Lite Micro: where each buffer lies in the arena, and when.

Follows `micro_allocation_info.cc` (lifetimes) and `greedy_memory_planner.cc` (places) of tflite-micro 90b983c.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuner.graph import Graph

ALIGNMENT = 16
"""Bytes to which the runtime rounds every buffer and every place."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """An activation or a kernel's scratch buffer."""

    tensor: int
    """Index of the tensor, or -1 for scratch memory."""
    size: int
    """Bytes, rounded up to the alignment."""
    first: int
    """Step at which it comes into being: operator i runs at step i + 1, inputs are there at step 0."""
    last: int
    """Last step at which it is read or written, included."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A buffer and its place."""

    buffer: Buffer
    offset: int


def round_up(size: int, alignment: int = ALIGNMENT) -> int:
    """Return the next multiple of the alignment."""
    return -(-size // alignment) * alignment


def activation_buffers(graph: Graph) -> list[Buffer]:
    """Return the buffers of all tensors that the arena holds, by index.

    A tensor is alive from the operator that writes it to the last that reads it; a graph's input from the start
    and its output to the end. One that nobody writes or reads is planned too, as the runtime does.
    """
    first = [-1] * len(graph.tensors)
    last = [-1] * len(graph.tensors)
    for index in (*graph.inputs, *graph.outputs):
        first[index] = last[index] = 0
    for step, operator in enumerate(graph.operators, start=1):
        for index in operator.outputs:
            if index >= 0:
                first[index] = last[index] = step
        for index in operator.inputs:
            if index >= 0:
                last[index] = step
    for index in graph.outputs:
        last[index] = len(graph.operators)
    return [
        Buffer(index, round_up(tensor.bytes), first[index], last[index])
        for index, tensor in enumerate(graph.tensors)
        if not tensor.constant and not tensor.variable and tensor.bytes
    ]


def plan(buffers: Sequence[Buffer]) -> list[Placed]:
    """Place the buffers: largest first, the later one first on equal sizes, each into the lowest gap.

    Buffers whose lifetimes overlap must not share bytes; the others may.
    """
    order = sorted(range(len(buffers)), key=lambda index: (-buffers[index].size, -index))
    placed: list[tuple[int, int, Buffer]] = []
    offsets = [0] * len(buffers)
    for rank, index in enumerate(order):
        buffer = buffers[index]
        offset = 0
        for other_offset, _, other in placed:
            if other.first > buffer.last or buffer.first > other.last:
                continue
            if other_offset - offset >= buffer.size:
                break
            offset = max(offset, other_offset + other.size)
        offsets[index] = offset
        insort(placed, (offset, rank, buffer), key=lambda entry: entry[:2])
    return [Placed(buffer, offset) for buffer, offset in zip(buffers, offsets, strict=True)]


def top(placed: Iterable[Placed]) -> int:
    """Return the bytes from the start of the arena to the end of the highest buffer."""
    return max((entry.offset + entry.buffer.size for entry in placed), default=0)
