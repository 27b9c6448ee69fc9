"""Executed instructions of a network, operator by operator, as a model of the loops that its kernels run."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.devices.instructions.kernels import loops
from tuner.devices.instructions.loops import Call, Loops, Path
from tuner.devices.instructions.stacks import Stack, stack
from tuner.graph import Graph, Operator

__all__ = ["NetworkInstructions", "OperatorInstructions", "counts", "network_instructions"]


@dataclass(frozen=True, slots=True)
class OperatorInstructions:
    """What one operator executes; the interpreter's share is in it."""

    kind: str
    kernel: str
    """The kernel that runs it, e.g. "pointwise_dsp"."""
    instructions: float
    float_products: float
    """Products, or whatever it does to each value, in floating point."""
    weights: int
    """Bytes of constants that it reads."""
    known: bool
    """Whether that kernel was counted; if not, the figure is a guess by the operator's size."""

    @property
    def is_window(self) -> bool:
        """Whether the kernel slides over its input."""
        return self.kernel.startswith(("conv", "depthwise", "max_pool", "average_pool"))


@dataclass(frozen=True, slots=True)
class NetworkInstructions:
    """What one inference executes."""

    operators: tuple[OperatorInstructions, ...]
    call: float
    """Instructions beside the operators."""
    spread: float
    """Half-width, as a share, of the interval that holds nine counts of ten."""
    total: float
    """Instructions of one inference."""
    float_window_products: float
    """Products in floating point of kernels that slide over their input."""
    float_products: float
    """Products, or whatever is done to each value, of other kernels in floating point."""
    weights: int
    """Bytes of constants that all operators read."""
    input_values: int
    """Quantized values that are filled in before the inference."""


def network_instructions(graph: Graph, core: str, kernels: str, build: str) -> tuple[OperatorInstructions, ...]:
    """Return what each operator of the graph executes.

    Args:
        graph: the network.
        core: as device profiles name it, e.g. "cortex-m4f".
        kernels: "cmsis-nn", "reference" or "esp-nn".
        build: "o3", "os" or "tflm".

    Raises:
        ConfigError: nothing is known about that core, kernel set or build.
        ModelError: an operator lacks an input.
    """
    return counts(graph, core, kernels, build).operators


def counts(graph: Graph, core: str, kernels: str, build: str) -> NetworkInstructions:
    """Return what one inference executes, with its interval; raises as `network_instructions`."""
    counted = stack(core, kernels, build)
    known = _Remembered.of(graph)
    result = known.counts.get(counted.name)
    if result is None:
        result = known.counts[counted.name] = _count(known.loops(counted.path), graph, counted)
    return result


def _count(network: tuple[Loops, ...], graph: Graph, counted: Stack) -> NetworkInstructions:
    operators = tuple(
        OperatorInstructions(
            operator.kind,
            loops_of.kernel,
            counted.instructions(loops_of) + counted.operator,
            _float_products(loops_of),
            _constant_bytes(operator, graph),
            counted.knows(loops_of) and not _multiplies_sixteen_bits(operator, graph),
        )
        for operator, loops_of in zip(graph.operators, network, strict=True)
    )
    total = counted.call + sum(operator.instructions for operator in operators)
    guessed = sum(operator.instructions for operator in operators if not operator.known)
    windows = sum(operator.float_products for operator in operators if operator.is_window)
    inputs = (graph.tensors[index] for index in graph.inputs)
    return NetworkInstructions(
        operators=operators,
        call=counted.call,
        spread=counted.spread + guessed / total,
        total=total,
        float_window_products=windows,
        float_products=sum(operator.float_products for operator in operators) - windows,
        weights=sum(operator.weights for operator in operators),
        input_values=sum(tensor.elements for tensor in inputs if tensor.dtype != "float32"),
    )


def _multiplies_sixteen_bits(operator: Operator, graph: Graph) -> bool:
    """Say whether weights meet activations of 16 bits: such kernels were not counted, those of 8 bits stand in."""
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
    return any(tensor.dtype == "int16" for tensor in inputs) and any(tensor.dtype == "int8" for tensor in inputs)


def _float_products(network: Loops) -> float:
    if "_f32" not in network.kernel:
        return 0.0
    return next((network.counts[loop] for loop in ("mac", "tap", "element") if loop in network.counts), 0.0)


def _constant_bytes(operator: Operator, graph: Graph) -> int:
    inputs = (graph.tensors[index] for index in operator.inputs if index >= 0)
    return sum(tensor.bytes for tensor in inputs if tensor.constant)


class _Remembered:
    """The loops and counts of the graph looked at last: many devices ask about one candidate in a row."""

    _last: _Remembered | None = None

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.counts: dict[str, NetworkInstructions] = {}
        self._loops: dict[Path, tuple[Loops, ...]] = {}

    @classmethod
    def of(cls, graph: Graph) -> _Remembered:
        """Return what is known about the graph; compared by identity, for hashing a graph costs more than it saves."""
        last = cls._last
        if last is None or last.graph is not graph:
            last = cls._last = cls(graph)
        return last

    def loops(self, path: Path) -> tuple[Loops, ...]:
        """Return the loops of every operator."""
        known = self._loops.get(path)
        if known is None:
            graph = self.graph
            known = tuple(loops(Call.of(operator, graph), path) for operator in graph.operators)
            self._loops[path] = known
        return known
