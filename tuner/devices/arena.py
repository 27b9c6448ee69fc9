"""RAM of the tensor arena, to the byte, as TensorFlow Lite Micro takes it on a 32-bit target.

The runtime's allocations are followed in their order (`micro_interpreter.cc`, `micro_allocator.cc` of tflite-micro
90b983c), the kernels' own from a table (`kernel_memory`), the buffers' places from its planner (`planner`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tuner.devices import planner
from tuner.devices.allocator import Allocator
from tuner.devices.instructions.loops import Call
from tuner.devices.kernel_memory import ArenaTarget, Step, is_known, kernel_memory, requests, structure_bytes
from tuner.devices.planner import Buffer, Placed, round_up
from tuner.graph import Graph, Operator, Tensor

__all__ = ["ArenaPlan", "ArenaStep", "ArenaTarget", "plan_arena"]

_OBJECTS = (36, 44, 36, 8)
"""The buffer allocator, the planner, the model allocator, the allocator for options."""
_SUBGRAPH = 8
_EVAL_TENSOR = 12
_NODE = 32
_TENSOR, _TENSOR_LONG_ENUMS = 32, 40
_QUANTIZATION = 12
_POINTER = 4
_SCRATCH_REQUEST = 12
_SCRATCH_REQUESTS_PER_OPERATOR = 12
_ALLOCATION_INFO = 24
_BYTES_PER_PLANNED_BUFFER = 40


@dataclass(frozen=True, slots=True)
class ArenaStep:
    """The arena while one operator runs."""

    operator: int
    kind: str
    live_bytes: int
    """Bytes of the buffers that are alive, without gaps between them."""
    tensors: tuple[int, ...]
    """Tensors that are alive, by index; -1 for the operator's scratch memory."""


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """How a model fills the arena."""

    head: int
    """Bytes of activations and scratch buffers, as planned."""
    tail: int
    """Bytes of what lasts: the runtime's objects, the kernels' data, variables."""
    minimum: int
    """The smallest arena that works: `used` bytes if they do, else a multiple of 16.

    More than `used` where planning needs more room than running.
    """
    placed: tuple[Placed, ...]
    """The buffers and their places."""
    steps: tuple[ArenaStep, ...]
    exact: bool
    """Whether all that the operators' kernels take is known."""

    @property
    def used(self) -> int:
        """Bytes that the runtime reports as used once the model is loaded."""
        return self.head + self.tail

    @property
    def peak(self) -> ArenaStep | None:
        """The first step at which most bytes are alive; `None` for a model without operators."""
        return max(self.steps, key=lambda step: step.live_bytes, default=None)


@lru_cache(maxsize=64)
def plan_arena(graph: Graph, target: ArenaTarget) -> ArenaPlan:
    """Follow the runtime through loading a model.

    Raises:
        ModelError: an operator lacks an input that it cannot do without.
    """
    loading = _Loading.of(graph, target)
    aligned = loading.follow(end=0)
    used = loading.head + aligned.tail
    exactly = loading.follow(end=used % planner.ALIGNMENT)
    return ArenaPlan(
        head=loading.head,
        tail=aligned.tail,
        minimum=used if exactly.needed <= used else round_up(aligned.needed),
        placed=loading.placed,
        steps=tuple(_step(index, operator, loading.placed) for index, operator in enumerate(graph.operators)),
        exact=all(is_known(call, target) for call in loading.calls),
    )


@dataclass(frozen=True, slots=True)
class _Loading:
    """What happens when the runtime loads a model, in the order of `MicroInterpreter::AllocateTensors`."""

    graph: Graph
    target: ArenaTarget
    calls: tuple[Call, ...]
    prepared: tuple[tuple[Step, ...], ...]
    """What each kernel asks for."""
    placed: tuple[Placed, ...]
    head: int

    @classmethod
    def of(cls, graph: Graph, target: ArenaTarget) -> _Loading:
        calls = tuple(Call.of(operator, graph) for operator in graph.operators)
        prepared = tuple(tuple(requests(call, target)) for call in calls)
        buffers = planner.activation_buffers(graph)
        for step, asked in enumerate(prepared, start=1):
            buffers += [Buffer(-1, round_up(size), step, step) for action, size in asked if action == "scratch"]
        placed = tuple(planner.plan(buffers))
        return cls(graph, target, calls, prepared, placed, planner.top(placed))

    def follow(self, *, end: int) -> Allocator:
        """Return the state of an arena whose size modulo 16 is `end`, once the model is loaded."""
        allocator = Allocator(end)
        self._start(allocator)
        self._initialize(allocator)
        requested = self._prepare(allocator)
        self._plan(allocator, requested)
        self._describe_ends(allocator)
        return allocator

    def _start(self, allocator: Allocator) -> None:
        for size in _OBJECTS:
            allocator.keep(size, 4)
        allocator.resize(_SCRATCH_REQUEST * _SCRATCH_REQUESTS_PER_OPERATOR)
        allocator.keep(_SUBGRAPH, 4)
        allocator.keep(_EVAL_TENSOR * len(self.graph.tensors), 4)
        allocator.keep(_NODE * len(self.calls), 4)

    def _initialize(self, allocator: Allocator) -> None:
        for call in self.calls:
            size, alignment = structure_bytes(kernel_memory(call.kind).options, short_enums=self.target.short_enums)
            allocator.keep(size, alignment)
        for call in self.calls:
            size = kernel_memory(call.kind).data_bytes(self.target)
            if size:
                allocator.keep(size)

    def _prepare(self, allocator: Allocator) -> int:
        """Return how many scratch buffers the kernels asked for."""
        requested = 0
        for call, asked in zip(self.calls, self.prepared, strict=True):
            for action, amount in asked:
                if action == "keep":
                    allocator.keep(amount)
                elif action == "scratch":
                    requested += 1
                else:
                    self._look(allocator, _tensor(call, amount))
            allocator.resize(_SCRATCH_REQUEST * (_SCRATCH_REQUESTS_PER_OPERATOR + requested))
        return requested

    def _look(self, allocator: Allocator, tensor: Tensor | None) -> None:
        if tensor is None:
            return
        zero_points = 4 + 4 * tensor.scales
        if tensor.scales:
            # Kernels read a tensor's first zero point elsewhere; its list and the dimension before it lie idle.
            allocator.borrow(self._tensor_bytes + _QUANTIZATION + zero_points, spare=zero_points + 4)
        else:
            allocator.borrow(self._tensor_bytes)

    @property
    def _tensor_bytes(self) -> int:
        return _TENSOR if self.target.short_enums else _TENSOR_LONG_ENUMS

    def _plan(self, allocator: Allocator, requested: int) -> None:
        if requested:
            allocator.keep(_POINTER * requested, 4)
        for tensor in self.graph.tensors:
            if tensor.variable:
                allocator.keep(tensor.bytes)
        allocator.borrow(_POINTER)
        allocator.borrow(_ALLOCATION_INFO * (len(self.graph.tensors) + requested))
        allocator.plan(len(self.placed), _BYTES_PER_PLANNED_BUFFER)
        allocator.resize(self.head)

    def _describe_ends(self, allocator: Allocator) -> None:
        for group in (self.graph.inputs, self.graph.outputs):
            allocator.keep(_POINTER * len(group))
            for index in group:
                tensor = self.graph.tensors[index]
                allocator.keep(self._tensor_bytes, 4)
                if tensor.scales:
                    allocator.keep(_QUANTIZATION, 4)
                    allocator.keep(4 + 4 * tensor.scales, 4)


def _tensor(call: Call, position: int) -> Tensor | None:
    if position < 0:
        return call.outputs[-1 - position]
    return call.inputs[position] if position < len(call.inputs) else None


def _step(index: int, operator: Operator, placed: tuple[Placed, ...]) -> ArenaStep:
    alive = [entry.buffer for entry in placed if entry.buffer.first <= index + 1 <= entry.buffer.last]
    return ArenaStep(
        index, operator.kind, sum(buffer.size for buffer in alive), tuple(buffer.tensor for buffer in alive)
    )
