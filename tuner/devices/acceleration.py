"""What a model costs on a board with a neural processing unit: the unit's part, and what the core still does.

An Ethos-U is asked through Vela; of the units that no simulator is at hand for, published rows give the latency,
and the intervals say how little is known of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.devices.latency import network_latency
from tuner.devices.npu import NPU_OPERATOR, NpuCost, vela
from tuner.devices.npu_published import published_latency
from tuner.devices.profile import DeviceProfile, Npu
from tuner.estimate import Estimate, Method, Unit, total
from tuner.graph import Graph
from tuner.tflite.placeholder import placeholder
from tuner.tflite.read import read_graph

_DRIVER_BYTES = 12 * 1024
"""Code of the Ethos-U driver: an allowance, not a measurement."""

_LESS_COMPRESSED, _MORE_COMPRESSED = 1.2, 2.8
"""How much larger and smaller than with random weights a compiled model was with trained ones: in 22 published models
at most 1.19 times, and a third for one with many zeros."""

_OTHER_SCHEDULE = 0.1
"""Share by which the unit's memory differs with the weights, for their size decides what is cascaded."""

_UNPUBLISHED_RAM = 1.0
_UNPUBLISHED_FLASH = 0.08
"""Shares by which published RAM and flash of MVP and Neural-ART differ from TensorFlow Lite Micro's on the core:
0.53 to 2.0 times its arena, 0.96 to 1.07 times the file."""


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """What a network costs by itself, without preprocessing and the code of runtime and kernels."""

    arena: Estimate
    model: Estimate
    """Flash of the model, and of the unit's driver."""
    latency: Estimate
    kinds: tuple[str, ...]
    """Operators whose kernels the core still needs."""


def accelerate(
    graph: Graph, profile: DeviceProfile, target: ArenaTarget, method: Method, model: bytes | None = None
) -> NetworkCost | None:
    """Return what the network costs with the board's unit; `None` if it has none, or the unit can run nothing.

    Args:
        graph: the model.
        profile: the device.
        target: what decides how much arena the core's part takes.
        method: how the graph was obtained.
        model: the model's bytes, where there are any; without, the unit's compiler gets random weights.

    Raises:
        ModelError: the compiler cannot read the model.
    """
    if profile.npu is None or not _is_quantized(graph):
        return None
    if not profile.npu.is_ethos_u:
        return _published(graph, profile.npu, target, method)
    try:
        cost = vela(model, profile.npu) if model is not None else _predicted(graph, profile.npu)
    except ValueError:  # an operator that no network of ours is lowered to: nothing to compile before there are bytes
        return None
    if not cost.cycles:
        return None
    return _compiled(cost, profile, target, Method.SIMULATED if model is not None else method)


def _is_quantized(graph: Graph) -> bool:
    return any(graph.tensors[index].dtype == "int8" for operator in graph.operators for index in operator.outputs)


@lru_cache(maxsize=64)
def _predicted(graph: Graph, npu: Npu) -> NpuCost:
    return vela(_placeholder(graph), npu)


@lru_cache(maxsize=4)
def _placeholder(graph: Graph) -> bytes:
    return placeholder(graph)


def _compiled(cost: NpuCost, profile: DeviceProfile, target: ArenaTarget, method: Method) -> NetworkCost:
    compiled = read_graph(cost.compiled)
    plan = plan_arena(compiled, target)
    source = cost.latency.source
    # Vela lays out the arena itself; where the runtime's own plan stands beside it, the larger is the safe side.
    arena = cost.sram_bytes + plan.tail
    exact = method is Method.SIMULATED
    larger, smaller, schedule = (1.0, 1.0, 0.0) if exact else (_LESS_COMPRESSED, _MORE_COMPRESSED, _OTHER_SCHEDULE)
    kinds = tuple(dict.fromkeys(cost.cpu_operators))
    return NetworkCost(
        arena=Estimate(
            arena, arena / (1 + schedule), max(arena, plan.minimum) * (1 + schedule), Unit.BYTES, method, source
        ),
        model=Estimate(
            cost.flash_bytes + _DRIVER_BYTES,
            cost.flash_bytes / smaller + _DRIVER_BYTES / 2,
            cost.flash_bytes * larger + _DRIVER_BYTES * 2,
            Unit.BYTES,
            method,
            f"{source}; an allowance for the driver",
        ),
        latency=_with_the_core(replace(cost.latency, method=method), compiled, profile),
        kinds=kinds,
    )


def _with_the_core(unit: Estimate, compiled: Graph, profile: DeviceProfile) -> Estimate:
    rest = tuple(operator for operator in compiled.operators if operator.kind != NPU_OPERATOR)
    if not rest:
        return unit
    return total((unit, network_latency(replace(compiled, operators=rest), profile, unit.method)))


def _published(graph: Graph, npu: Npu, target: ArenaTarget, method: Method) -> NetworkCost:
    source = f"TensorFlow Lite Micro on the core; published figures for {npu.accelerator} differ by as much as this"
    arena = plan_arena(graph, target).minimum
    return NetworkCost(
        arena=Estimate.within(arena, _UNPUBLISHED_RAM, Unit.BYTES, method, source),
        model=Estimate.within(graph.model_bytes, _UNPUBLISHED_FLASH, Unit.BYTES, method, source),
        latency=published_latency(graph, npu, method),
        kinds=graph.kinds(),
    )
