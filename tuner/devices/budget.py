"""What a model may take of a device."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.devices.profile import DeviceProfile


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits, each inclusive."""

    ram_bytes: int
    flash_bytes: int
    latency_ms: float | None = None
    """Per inference, preprocessing included; `None`: as long as it takes."""


def default_budget(profile: DeviceProfile) -> Budget:
    """Return what the board has, less what is reserved."""
    return Budget(ram_bytes=profile.ram_for_model, flash_bytes=profile.flash_for_model)
