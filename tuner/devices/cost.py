"""What a candidate or a model needs on a device: RAM, flash, latency, energy, each by part."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.devices.acceleration import NetworkCost, accelerate
from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.devices.energy import energy
from tuner.devices.flash import FirmwareCode, code_bytes
from tuner.devices.latency import network_latency, preprocessing_latency
from tuner.devices.profile import DeviceProfile
from tuner.devices.scratch import Isa
from tuner.devices.support import unsupported
from tuner.dsp.block import BlockCost, Operations
from tuner.estimate import Breakdown, DeviceCost, Estimate, Method, Part, Unit
from tuner.graph import Graph

_ARENA_SOURCE = "allocations of TensorFlow Lite Micro 90b983c, followed one by one"
_UNKNOWN_KERNEL_SPREAD = 0.2
"""Share of the arena that kernels may ask for whose requests are not known."""
_BLOCK_SOURCE = "the blocks' own account"
_BLOCK_CODE_SPREAD = 0.3
_UNKNOWN_BLOCK_SPREAD = 1.0


def device_cost(
    graph: Graph,
    profile: DeviceProfile,
    *,
    blocks: Sequence[BlockCost] = (),
    anomaly: BlockCost | None = None,
    input_bytes: int = 0,
    feature_bytes: int = 0,
    method: Method = Method.PREDICTED,
    model: bytes | None = None,
) -> DeviceCost:
    """Return what a model needs on a device, preprocessing included.

    Args:
        graph: the model, as it is after conversion.
        profile: the device.
        blocks: what each preprocessing block needs; they run one after the other and share working memory.
        anomaly: what an anomaly block beside the network needs; it runs after it.
        input_bytes: the buffer that one raw window is collected in.
        feature_bytes: the buffer between preprocessing and the network, in floating point.
        method: whether the graph was predicted or read back from a converted model.
        model: the bytes of the converted model, for the compiler of a board's neural processing unit.

    Raises:
        ModelError: an operator lacks an input that it cannot do without.
    """
    if not graph.operators:
        return _without_network(profile, blocks, anomaly, input_bytes, feature_bytes, method)
    network = accelerate(graph, profile, arena_target(profile), method, model) or _on_the_core(graph, profile, method)
    code = code_bytes((*network.kinds, *graph.listed_kinds), profile.core, profile.kernels, profile.build)
    latency = _latency(network.latency, profile, blocks, anomaly, method)
    buffers = _buffers(blocks, input_bytes, feature_bytes, method)
    working = _runtime_ram(len(network.kinds), profile, method)
    return DeviceCost(
        device=profile.name,
        ram=Breakdown(
            (Part("network", network.arena), *buffers, *_anomaly_ram(anomaly, method), Part("runtime", working))
        ),
        flash=_flash(network.model, code, blocks, anomaly, method),
        latency=latency,
        energy=energy(latency.total, profile),
        unsupported=unsupported(graph, profile, network.kinds),
    )


def _without_network(
    profile: DeviceProfile,
    blocks: Sequence[BlockCost],
    anomaly: BlockCost | None,
    input_bytes: int,
    feature_bytes: int,
    method: Method,
) -> DeviceCost:
    """Return what preprocessing and an anomaly block need alone: no interpreter, no arena, no model."""
    nothing = Estimate.exact(0.0, Unit.BYTES, method, "there is no network")
    at_once = Estimate.exact(0.0, Unit.MILLISECONDS, method, "there is no network")
    latency = _latency(at_once, profile, blocks, anomaly, method)
    buffers = _buffers(blocks, input_bytes, feature_bytes, method)
    return DeviceCost(
        device=profile.name,
        ram=Breakdown((Part("network", nothing), *buffers, *_anomaly_ram(anomaly, method))),
        flash=_flash(nothing, FirmwareCode(0.0, 0.0, 0.0, "no interpreter"), blocks, anomaly, method),
        latency=latency,
        energy=energy(latency.total, profile),
        unsupported=(),
    )


def _anomaly_ram(anomaly: BlockCost | None, method: Method) -> list[Part]:
    return [] if anomaly is None else [Part("anomaly", _block_estimate(anomaly.ram_bytes, 0.0, method))]


def arena_target(profile: DeviceProfile) -> ArenaTarget:
    """Return what of a device decides how much arena a model takes."""
    cmsis_nn = profile.kernels == "cmsis-nn"
    isa = Isa.MVE if profile.has_mve else Isa.DSP if profile.has_dsp else Isa.PLAIN
    arm = profile.core.startswith("cortex-")
    return ArenaTarget(cmsis_nn, isa if cmsis_nn else Isa.PLAIN, short_enums=arm)


def _on_the_core(graph: Graph, profile: DeviceProfile, method: Method) -> NetworkCost:
    """Return what the network costs without help."""
    return NetworkCost(
        arena=_arena(graph, profile, method),
        model=Estimate.exact(graph.model_bytes, Unit.BYTES, method, "size of the .tflite file"),
        latency=network_latency(graph, profile, method),
        kinds=graph.kinds(),
    )


def _arena(graph: Graph, profile: DeviceProfile, method: Method) -> Estimate:
    """Return the smallest arena that works, which can be more than what the runtime reports as used.

    It is exact where the runtime's own rules are known: on Arm, with the reference kernels or CMSIS-NN.
    """
    plan = plan_arena(graph, arena_target(profile))
    if profile.runtime.name == "tflite":
        # Full TensorFlow Lite keeps a copy of the weights, packed for its kernels, beside the activations.
        value = plan.head + graph.model_bytes
        return Estimate(value, plan.head, 3 * value, Unit.BYTES, method, "activations and one copy of the weights")
    if profile.kernels in ("cmsis-nn", "reference") and profile.core.startswith("cortex-"):
        spread = 0.0 if plan.exact else _UNKNOWN_KERNEL_SPREAD
        return Estimate(plan.minimum, plan.minimum, plan.minimum * (1 + spread), Unit.BYTES, method, _ARENA_SOURCE)
    scratch = _esp_nn_scratch(graph) if profile.processor.vector == "pie" else 0
    high = 1.05 * plan.minimum + scratch
    source = f"{_ARENA_SOURCE}; scratch memory of {profile.kernels} unknown"
    return Estimate(plan.minimum, plan.minimum, high, Unit.BYTES, method, source)


def _esp_nn_scratch(graph: Graph) -> int:
    """Return at most what ESP-NN's vector kernels ask for: the largest input and filter, both twice."""
    tensors = graph.tensors
    convolutions = [operator for operator in graph.operators if "CONV_2D" in operator.kind]
    return max((2 * sum(tensors[index].bytes for index in operator.inputs[:2]) for operator in convolutions), default=0)


def _buffers(blocks: Sequence[BlockCost], input_bytes: int, feature_bytes: int, method: Method) -> list[Part]:
    parts = []
    if blocks or feature_bytes:
        working = max((block.ram_bytes for block in blocks), default=0) + feature_bytes
        spread = 0.0 if all(block.known for block in blocks) else _UNKNOWN_BLOCK_SPREAD
        parts.append(Part("preprocessing", _block_estimate(working, spread, method)))
    if input_bytes:
        parts.append(Part("input", Estimate.exact(input_bytes, Unit.BYTES, method, "size of one raw window")))
    return parts


_STATICS, _STATICS_PER_KIND = 340, 36
_STATICS_LESS = 104
"""The interpreter and its resolver as counted in two firmwares, of which one kept less beside the arena."""
_STACKS = {"cmsis-nn": (584, 1084, 1664)}
_REFERENCE_STACK = (350, 676, 1000)
"""Bytes of stack in firmware: least, usual, most."""
_TENSORFLOW_LITE = (2.0e6, 5.0e6, 12.0e6)
"""Bytes of heap that TensorFlow Lite takes on an operating system, in round figures."""


def _runtime_ram(kinds: int, profile: DeviceProfile, method: Method) -> Estimate:
    """Interpreter, resolver and stack."""
    if profile.runtime.name == "tflite":
        low, value, high = _TENSORFLOW_LITE
        return Estimate(
            value, low, high, Unit.BYTES, method, "TensorFlow Lite on an operating system, in round figures"
        )
    low_stack, stack, high_stack = _STACKS.get(profile.kernels, _REFERENCE_STACK)
    statics = _STATICS + _STATICS_PER_KIND * kinds
    return Estimate(
        value=statics + stack,
        low=statics - _STATICS_LESS + low_stack,
        high=statics + high_stack,
        unit=Unit.BYTES,
        method=method,
        source="static data and stack of firmware on Cortex-M",
    )


def _flash(
    model: Estimate, code: FirmwareCode, blocks: Sequence[BlockCost], anomaly: BlockCost | None, method: Method
) -> Breakdown:
    kernels = Estimate.within(code.kernels, code.spread, Unit.BYTES, method, code.source)
    network = Estimate(
        model.value + kernels.value,
        model.low + kernels.low,
        model.high + kernels.high,
        Unit.BYTES,
        method,
        f"{model.source}; {code.source}",
    )
    parts = [Part("network", network)]
    if blocks:
        shared = dict(routine for block in blocks for routine in block.code_shared)
        own = sum(block.code_bytes + block.table_bytes for block in blocks)
        known = all(block.known for block in blocks)
        spread = _BLOCK_CODE_SPREAD if known else _UNKNOWN_BLOCK_SPREAD
        parts.append(Part("preprocessing", _block_estimate(own + sum(shared.values()), spread, method)))
    if anomaly is not None:
        counted = {name for block in blocks for name, _ in block.code_shared}
        shared_by_it = sum(size for name, size in anomaly.code_shared if name not in counted)
        own = anomaly.code_bytes + anomaly.table_bytes + shared_by_it
        parts.append(Part("anomaly", _block_estimate(own, _BLOCK_CODE_SPREAD, method)))
    runtime = Estimate.within(code.runtime, code.spread, Unit.BYTES, method, code.source)
    parts.append(Part("runtime", runtime))
    return Breakdown(tuple(parts))


def _block_estimate(value: float, spread: float, method: Method) -> Estimate:
    return Estimate.within(value, spread, Unit.BYTES, method, _BLOCK_SOURCE)


def _latency(
    network: Estimate,
    profile: DeviceProfile,
    blocks: Sequence[BlockCost],
    anomaly: BlockCost | None,
    method: Method,
) -> Breakdown:
    parts = [Part("network", network)]
    if blocks:
        operations = sum((block.operations for block in blocks), Operations())
        parts.append(Part("preprocessing", preprocessing_latency(operations, profile, method)))
    if anomaly is not None:
        parts.append(Part("anomaly", preprocessing_latency(anomaly.operations, profile, method)))
    return Breakdown(tuple(parts))
