"""Time of an inference: executed instructions of the kernels times the cycles that a board takes for each.

Instructions follow from the graph (`tuner.devices.instructions`). What turns them into cycles – pipeline, flash
wait states, caches – is one figure per board where it was measured, else one per core. Its interval comes from the
errors on measurements that the figure was not fitted on (`reports/validation`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tuner.devices.instructions import NetworkInstructions, counts
from tuner.devices.instructions.stacks import FAMILIES
from tuner.devices.profile import DeviceProfile
from tuner.dsp.block import Operations
from tuner.estimate import Estimate, Method, Unit
from tuner.graph import Graph


@dataclass(frozen=True, slots=True)
class Speed:
    """How many cycles a board, or a core, takes."""

    cycles_per_instruction: float
    cycles_per_weight_byte: float
    """Cycles that each byte of weights adds: flash wait states and cache misses."""
    spread: float
    """Half-width, as a share, of the interval that holds nine models of ten."""
    source: str


@dataclass(frozen=True, slots=True)
class _Overhead:
    """What an inference takes beside its kernels, in instructions: caches are cold, and the input is filled in."""

    call: float
    operator: float
    input_value: float
    """Scaling, rounding and clipping one value into the input tensor."""


@dataclass(frozen=True, slots=True)
class OperatorLatency:
    """The time of one operator."""

    kind: str
    kernel: str
    milliseconds: float
    instructions: float


def network_latency(graph: Graph, profile: DeviceProfile, method: Method) -> Estimate:
    """Return the time of one inference of the network alone, in milliseconds, filling in its input included."""
    executed = executed_by(graph, profile)
    speed = speed_of(profile)
    cycles = speed.cycles_per_instruction * _equivalent(executed, profile)
    cycles += speed.cycles_per_weight_byte * executed.weights
    spread = math.hypot(speed.spread, executed.spread)
    if executed.float_window_products or executed.float_products:
        spread = math.hypot(spread, _table().float_spread)
    return Estimate.within(1e3 * cycles / profile.clock_hz, spread, Unit.MILLISECONDS, method, speed.source)


def operator_latencies(graph: Graph, profile: DeviceProfile) -> tuple[OperatorLatency, ...]:
    """Return the time of each operator; they sum to the network's less what a call takes beside them."""
    speed = speed_of(profile)
    overhead = _table().overhead[profile.build].operator
    latencies = []
    for operator in executed_by(graph, profile).operators:
        extra = operator.float_products and operator.float_products * _float_extra(profile, window=operator.is_window)
        equivalent = operator.instructions + extra + overhead
        cycles = speed.cycles_per_instruction * equivalent + speed.cycles_per_weight_byte * operator.weights
        milliseconds = 1e3 * cycles / profile.clock_hz
        latencies.append(OperatorLatency(operator.kind, operator.kernel, milliseconds, operator.instructions))
    return tuple(latencies)


def equivalent_instructions(graph: Graph, profile: DeviceProfile) -> tuple[float, int]:
    """Return what an inference executes, and the bytes of weights that it reads.

    All that it takes beside its kernels is counted as instructions, so that cycles are the first times the board's
    cycles per instruction, plus the second times its cycles per weight byte.
    """
    executed = executed_by(graph, profile)
    return _equivalent(executed, profile), executed.weights


def speed_of(profile: DeviceProfile) -> Speed:
    """Return the board's own speed where its profile states one, else that of its core."""
    board = profile.latency
    if board is None:
        return _core_speed(profile)
    return Speed(board.cycles_per_instruction, board.cycles_per_weight_byte, board.spread, board.source)


def executed_by(graph: Graph, profile: DeviceProfile) -> NetworkInstructions:
    """Return what one inference executes on the device, operator by operator."""
    return counts(graph, _core(profile), profile.kernels, profile.build)


def _equivalent(executed: NetworkInstructions, profile: DeviceProfile) -> float:
    overhead = _table().overhead[profile.build]
    beside = overhead.call + overhead.operator * len(executed.operators)
    lanes = _MVE_LANES if profile.has_mve else 1
    total = executed.total + beside + overhead.input_value * executed.input_values / lanes
    if executed.float_window_products:
        total += executed.float_window_products * _float_extra(profile, window=True)
    if executed.float_products:
        total += executed.float_products * _float_extra(profile, window=False)
    return total


_MVE_LANES = 4
"""Values that Helium scales at once when it fills in the input."""


def _core(profile: DeviceProfile) -> str:
    """Return the core whose instructions the board executes: without an optional extension, those of a lesser one."""
    family = FAMILIES[profile.core]
    if family == "m55" and not profile.has_mve:
        return "cortex-m33"
    if family == "m33" and not profile.has_dsp:
        return "cortex-m3"
    return profile.core


def _float_extra(profile: DeviceProfile, *, window: bool) -> float:
    """Return what a product in floating point takes beyond what was counted, in instructions."""
    extras = _table().float_extras[profile.build]
    shape = "window" if window else "other"
    if profile.has_fpu:
        return extras["hardware"][shape]
    return extras["software"][shape] * (_SMALL_CORE if FAMILIES[profile.core] == "m0" else 1.0)


_SMALL_CORE = 2.0
"""Arithmetic in software takes about twice as long without the instructions of Thumb-2."""


def _core_speed(profile: DeviceProfile) -> Speed:
    """Return the speed of the core; where program and weights lie in another chip, reading them takes longer."""
    kernels = {"cmsis-nn": "cmsis", "reference": "ref"}.get(profile.kernels, profile.kernels)
    table = _table()
    core = table.cores.get(f"{FAMILIES[profile.core]}-{kernels}", table.cores["other"])
    stalls = core["stall_cycles_per_instruction_and_mhz"] * profile.clock_hz / 1e6
    external = profile.image_region.kind != "internal"
    slow = 1.0 + (core["external_arena_factor"] - 1.0) * (profile.arena_region.speed == "external")
    return Speed(
        cycles_per_instruction=(core["cycles_per_instruction"] + stalls) * slow,
        cycles_per_weight_byte=core["external_cycles_per_weight_byte"] if external else 0.0,
        spread=core["spread"],
        source=core["source"],
    )


_HARDWARE = Operations(
    add=2.7, multiply=2.6, divide=15, square_root=15, transcendental=121, move=3, sort=10, integer=2.1
)
"""Instructions for each operation in loops compiled for a core with a single-precision FPU, loads and stores included.

These three are least-squares fits on blocks executed in QEMU (`benchmarks/dsp_code`), which they meet within 14 %.
"""

_SOFTWARE = Operations(
    add=56, multiply=39, divide=79, square_root=146, transcendental=1120, move=3, sort=28, integer=2.1
)
"""The same by the compiler's floating-point library on a Thumb-2 or RISC-V core without FPU."""

_SOFTWARE_SMALL = Operations(
    add=99, multiply=98, divide=242, square_root=367, transcendental=2510, move=5, sort=70, integer=3
)
"""The same on ARMv6-M and ARMv8-M baseline, whose instruction set is smaller."""

_PREPROCESSING_SPREAD = 0.5
"""A vendor's DSP library takes half of plain C for a transform; floating point in ROM takes half of the compiler's."""


def preprocessing_latency(operations: Operations, profile: DeviceProfile, method: Method) -> Estimate:
    """Return the time of preprocessing one window, in milliseconds, from its operations by kind."""
    small = FAMILIES[profile.core] == "m0"
    costs = _HARDWARE if profile.has_fpu else _SOFTWARE_SMALL if small else _SOFTWARE
    instructions = sum(getattr(operations, kind) * getattr(costs, kind) for kind in Operations.__slots__)
    speed = speed_of(profile)
    milliseconds = 1e3 * speed.cycles_per_instruction * instructions / profile.clock_hz
    arithmetic = "hardware" if profile.has_fpu else "software"
    return Estimate.within(
        milliseconds,
        math.hypot(speed.spread, _PREPROCESSING_SPREAD),
        Unit.MILLISECONDS,
        method,
        f"operations by kind, floating point in {arithmetic}; {speed.source}",
    )


@dataclass(frozen=True, slots=True)
class _Table:
    cores: dict[str, dict]  # type: ignore[type-arg]
    overhead: dict[str, _Overhead]
    float_extras: dict[str, dict[str, dict[str, float]]]
    """By build, arithmetic ("hardware", "software") and kind of kernel ("window", "other")."""
    float_spread: float


@cache
def _table() -> _Table:
    text = resources.files("tuner.devices").joinpath("speeds.json").read_text(encoding="utf-8")
    content = json.loads(text)
    return _Table(
        cores=content["cores"],
        overhead={build: _Overhead(**figures) for build, figures in content["overhead"].items()},
        float_extras={build: content["float"][build] for build in content["overhead"]},
        float_spread=content["float"]["spread"],
    )
