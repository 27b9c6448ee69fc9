"""A model's cost on devices, operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tuner.devices.acceleration import accelerate
from tuner.devices.arena import ArenaPlan, plan_arena
from tuner.devices.budget import Budget, default_budget
from tuner.devices.cost import arena_target, device_cost
from tuner.devices.fit import Shortfall, shortfalls
from tuner.devices.flash import code_bytes
from tuner.devices.instructions.loops import Call
from tuner.devices.latency import executed_by, operator_latencies
from tuner.devices.macs import operator_macs
from tuner.devices.profile import Build, DeviceProfile, Kernels
from tuner.estimate import DeviceCost, Method
from tuner.graph import Graph, Operator
from tuner.inspection.refusals import refused
from tuner.tflite.read import read_graph

UNIT_REFUSES = "Vela does not compile the model for the neural processing unit; the figures are of the core alone"


@dataclass(frozen=True, slots=True)
class OperatorCost:
    """One operator on one device."""

    index: int
    kind: str
    kernel: str
    """The loops that run it, as the latency model names them, or the neural processing unit."""
    output_shape: tuple[int, ...]
    macs: int
    instructions: float
    milliseconds: float | None
    """`None` where a neural processing unit runs it, which accounts for its work as a whole."""
    weight_bytes: int
    """Constants that it reads from the model."""
    live_bytes: int
    """Bytes of the arena's head that are in use while it runs."""
    supported: bool


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model on one device."""

    profile: DeviceProfile
    graph: Graph
    budget: Budget
    cost: DeviceCost
    arena: ArenaPlan
    """The plan without a neural processing unit, whose compiler makes one of its own."""
    accelerated: bool
    """A neural processing unit runs part of the model: the arena is not `arena` but what `cost` says."""
    unit_refuses: bool
    """The compiler of the neural processing unit does not take the model: the figures are of the core alone."""
    code_bytes: float
    """Runtime and kernels."""
    instructions: float
    """Executed per inference, on the core."""
    operators: tuple[OperatorCost, ...]

    @property
    def arena_bytes(self) -> int:
        """The smallest arena that works."""
        return round(self.cost.ram.part("network").value)

    @property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """Why the model does not fit; empty if it does."""
        return shortfalls(self.cost, self.budget)

    @property
    def fits(self) -> bool:
        """Whether the budget holds the model and the device has its operators."""
        return not self.shortfalls


def inspect(
    model: bytes,
    profiles: Iterable[DeviceProfile],
    *,
    budget: Callable[[DeviceProfile], Budget] = default_budget,
) -> tuple[Inspection, ...]:
    """Return what a `.tflite` file needs on each device.

    Raises:
        ModelError: the file is no `.tflite`, is damaged, or lacks what an operator needs.
    """
    graph = read_graph(model)
    chosen = list(profiles)
    compiled_for = [profile.npu for profile in chosen if profile.npu is not None and profile.npu.is_ethos_u]
    refusing = [unit for unit, no in zip(compiled_for, refused(model, compiled_for), strict=True) if no]
    return tuple(_on_device(model, graph, profile, budget(profile), profile.npu in refusing) for profile in chosen)


def with_runtime(profile: DeviceProfile, kernels: Kernels | None, build: Build | None) -> DeviceProfile:
    """Return the profile with other kernels or another build of the runtime.

    A board's own speed was fitted on its own kernels; with others it has that of its core.
    """
    changes = {name: value for name, value in (("kernels", kernels), ("build", build)) if value is not None}
    latency = profile.latency if kernels in {None, profile.kernels} else None
    return profile.model_copy(update={"runtime": profile.runtime.model_copy(update=changes), "latency": latency})


def _on_device(model: bytes, graph: Graph, device: DeviceProfile, budget: Budget, unit_refuses: bool) -> Inspection:
    profile = device.model_copy(update={"npu": None}) if unit_refuses else device
    target = arena_target(profile)
    arena = plan_arena(graph, target)
    unit = accelerate(graph, profile, target, Method.CONVERTED, model)
    kinds = graph.kinds() if unit is None else unit.kinds
    operators = _operators(graph, profile, arena, on_the_core=frozenset(kinds))
    call = executed_by(graph, profile).call
    return Inspection(
        profile=device,
        graph=graph,
        budget=budget,
        cost=device_cost(graph, profile, method=Method.CONVERTED, model=model),
        arena=arena,
        accelerated=set(kinds) != set(graph.kinds()),
        unit_refuses=unit_refuses,
        code_bytes=code_bytes((*kinds, *graph.listed_kinds), profile.core, profile.kernels, profile.build).total,
        instructions=call + sum(operator.instructions for operator in operators),
        operators=operators,
    )


def _operators(
    graph: Graph, profile: DeviceProfile, arena: ArenaPlan, *, on_the_core: frozenset[str]
) -> tuple[OperatorCost, ...]:
    rows = zip(graph.operators, operator_latencies(graph, profile), arena.steps, strict=True)
    return tuple(
        OperatorCost(
            index=index,
            kind=operator.kind,
            kernel=latency.kernel if operator.kind in on_the_core else _unit(profile),
            output_shape=graph.tensors[operator.outputs[0]].shape if operator.outputs else (),
            macs=operator_macs(Call.of(operator, graph)),
            instructions=latency.instructions if operator.kind in on_the_core else 0.0,
            milliseconds=latency.milliseconds if operator.kind in on_the_core else None,
            weight_bytes=_weight_bytes(graph, operator),
            live_bytes=step.live_bytes,
            supported=operator.kind not in on_the_core or profile.supports(operator.kind),
        )
        for index, (operator, latency, step) in enumerate(rows)
    )


def _unit(profile: DeviceProfile) -> str:
    return "" if profile.npu is None else profile.npu.accelerator


def _weight_bytes(graph: Graph, operator: Operator) -> int:
    inputs = (graph.tensors[index] for index in operator.inputs if index >= 0)
    return sum(tensor.bytes for tensor in inputs if tensor.constant)
