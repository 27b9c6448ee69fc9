"""Whether a device's budget holds a candidate, and by how much it misses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tuner.devices.budget import Budget
from tuner.estimate import DeviceCost
from tuner.units import format_bytes, format_milliseconds

Resource = Literal["ram", "flash", "latency", "operators"]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One reason why a model does not run on a device.

    `str()` gives the sentence: `arena needs 125.0 KiB, pico leaves 100.0 KiB (+25 %)`.
    """

    device: str
    resource: Resource
    need: float
    """Bytes, milliseconds, or the number of operators that the device lacks."""
    limit: float
    sentence: str

    @property
    def excess(self) -> float:
        """How much more is needed than there is, as a share of it; 1 per missing operator."""
        return self.need / self.limit - 1 if self.limit else float(self.need)

    def __str__(self) -> str:
        return self.sentence


def shortfalls(cost: DeviceCost, budget: Budget) -> tuple[Shortfall, ...]:
    """Return why a model does not fit, in the order RAM, flash, latency, operators; empty if it does.

    Figures are compared as estimated, not at the end of their interval.
    """
    found = [
        _ram(cost, budget),
        _over(cost.device, "flash", cost.flash.total.value, budget.flash_bytes),
        None if budget.latency_ms is None else _latency(cost, budget.latency_ms),
        _unsupported(cost),
    ]
    return tuple(shortfall for shortfall in found if shortfall is not None)


def _ram(cost: DeviceCost, budget: Budget) -> Shortfall | None:
    """Compare the arena with what the other parts leave of the RAM."""
    arena = cost.ram.part("network").value
    beside = cost.ram.total.value - arena
    if arena + beside <= budget.ram_bytes:
        return None
    if beside >= budget.ram_bytes:
        return _over(cost.device, "ram", arena + beside, budget.ram_bytes)
    return _over(cost.device, "ram", arena, budget.ram_bytes - beside, what="arena")


def _latency(cost: DeviceCost, limit: float) -> Shortfall | None:
    need = cost.latency.total.value
    if need <= limit:
        return None
    figures = f"needs {format_milliseconds(need)}, {cost.device} allows {format_milliseconds(limit)}"
    return Shortfall(cost.device, "latency", need, limit, f"latency {figures} ({_percent(need, limit)})")


def _unsupported(cost: DeviceCost) -> Shortfall | None:
    if not cost.unsupported:
        return None
    sentence = f"{cost.device} lacks {', '.join(cost.unsupported)}"
    return Shortfall(cost.device, "operators", len(cost.unsupported), 0, sentence)


def _over(
    device: str, resource: Literal["ram", "flash"], need: float, limit: float, *, what: str = ""
) -> Shortfall | None:
    if need <= limit:
        return None
    name = what or {"ram": "RAM", "flash": "flash"}[resource]
    figures = f"needs {format_bytes(need)}, {device} leaves {format_bytes(limit)}"
    return Shortfall(device, resource, need, limit, f"{name} {figures} ({_percent(need, limit)})")


def _percent(need: float, limit: float) -> str:
    return f"{100 * (need / limit - 1):+.0f} %" if limit > 0 else "nothing is left"
