"""Energy of one inference: the chip's published active power times the time it computes."""

from __future__ import annotations

from tuner.devices.profile import DeviceProfile
from tuner.estimate import Estimate, Unit

_POWER_SPREAD = 0.25
"""Active power depends on the code, the temperature and where it runs from; datasheets state one of them."""


def energy(latency: Estimate, profile: DeviceProfile) -> Estimate | None:
    """Return the energy of one inference, or `None` where the active power is not published.

    Power is taken as proportional to the clock where the profile's clock is not the one it was measured at.
    """
    power = profile.power
    if power is None:
        return None
    milliwatts = power.active * profile.clock_hz / power.clock
    share = 1e-3 * milliwatts
    return Estimate(
        value=share * latency.value,
        low=share * latency.low / (1 + _POWER_SPREAD),
        high=share * latency.high * (1 + _POWER_SPREAD),
        unit=Unit.MILLIJOULES,
        method=latency.method,
        source=f"active power: {power.source}; {latency.source}",
    )
