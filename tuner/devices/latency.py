"""Time of an inference: executed instructions of the kernels times the cycles that a board takes for each.

Instructions follow from the graph (`tuner.devices.instructions`). What turns them into cycles – pipeline, flash
wait states, caches – is one figure per board where it was measured, else one per core. Its interval comes from the
errors on measurements that the figure was not fitted on.
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
    per_call: float
    """Cycles of an inference beside its instructions: code that is not in the cache yet."""
    per_operator: float
    """The same of each operator."""
    cycles_per_weight_byte: float
    """Cycles that each byte of weights adds: flash wait states and cache misses."""
    spread: float
    """Half-width, as a share, of the interval that holds nine models of ten."""
    source: str


def network_latency(graph: Graph, profile: DeviceProfile, method: Method) -> Estimate:
    """Return the time of one inference of the network alone, in milliseconds."""
    executed = counts(graph, profile.core, profile.kernels, profile.build)
    speed = speed_of(profile)
    cycles = sum(operator_cycles(graph, executed, speed)) + call_cycles(executed, speed)
    spread = math.hypot(speed.spread, executed.spread)
    return Estimate.within(1e3 * cycles / profile.clock_hz, spread, Unit.MILLISECONDS, method, speed.source)


def operator_cycles(graph: Graph, executed: NetworkInstructions, speed: Speed) -> tuple[float, ...]:
    """Return the cycles of each operator."""
    tensors = graph.tensors
    return tuple(
        speed.cycles_per_instruction * count.instructions
        + speed.per_operator
        + speed.cycles_per_weight_byte
        * sum(tensors[index].bytes for index in operator.inputs if index >= 0 and tensors[index].constant)
        for operator, count in zip(graph.operators, executed.operators, strict=True)
    )


def call_cycles(executed: NetworkInstructions, speed: Speed) -> float:
    """Return the cycles of an inference that no operator accounts for."""
    return speed.cycles_per_instruction * executed.call + speed.per_call


def speed_of(profile: DeviceProfile) -> Speed:
    """Return the board's own speed where its profile states one, else that of its core."""
    kernels = {"cmsis-nn": "cmsis", "reference": "ref"}.get(profile.kernels, profile.kernels)
    speeds = _speeds()
    core = speeds.get(f"{FAMILIES[profile.core]}-{kernels}", speeds["other"])
    board = profile.latency
    if board is None:
        return core
    return Speed(
        board.cycles_per_instruction,
        core.per_call,
        core.per_operator,
        board.cycles_per_weight_byte,
        board.spread,
        board.source,
    )


_HARDWARE = Operations(add=3, multiply=3, divide=17, square_root=17, transcendental=120, move=3, sort=8, integer=2)
"""Cycles in loops compiled for a core with a single-precision FPU: loads and stores included."""

_SOFTWARE = Operations(add=55, multiply=45, divide=130, square_root=250, transcendental=900, move=4, sort=30, integer=2)
"""Cycles by the compiler's floating-point library on a Thumb-2 or RISC-V core without FPU."""

_SOFTWARE_SMALL = Operations(
    add=85, multiply=75, divide=200, square_root=300, transcendental=1200, move=5, sort=45, integer=3
)
"""The same on ARMv6-M and ARMv8-M baseline, whose instruction set is smaller."""

_PREPROCESSING_SPREAD = 0.5


def preprocessing_latency(operations: Operations, profile: DeviceProfile, method: Method) -> Estimate:
    """Return the time of preprocessing one window, in milliseconds, from its operations by kind."""
    small = FAMILIES[profile.core] == "m0"
    costs = _HARDWARE if profile.has_fpu else _SOFTWARE_SMALL if small else _SOFTWARE
    cycles = sum(getattr(operations, kind) * getattr(costs, kind) for kind in Operations.__slots__)
    arithmetic = "hardware" if profile.has_fpu else "software"
    source = f"operations by kind, floating point in {arithmetic}"
    return Estimate.within(1e3 * cycles / profile.clock_hz, _PREPROCESSING_SPREAD, Unit.MILLISECONDS, method, source)


@cache
def _speeds() -> dict[str, Speed]:
    text = resources.files("tuner.devices").joinpath("speeds.json").read_text(encoding="utf-8")
    return {name: Speed(**figures) for name, figures in json.loads(text)["speeds"].items()}
