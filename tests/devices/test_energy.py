"""Energy of an inference."""

import pytest

from tuner.devices.energy import energy
from tuner.devices.profile import load_profile
from tuner.estimate import Estimate, Method, Unit

LATENCY = Estimate.within(10, 0.2, Unit.MILLISECONDS, Method.PREDICTED, "a test of ours")


def test_energy_is_the_active_power_times_the_time():
    profile = load_profile("nucleo-l4r5zi")

    used = energy(LATENCY, profile)

    assert used.unit is Unit.MILLIJOULES
    assert used.value == pytest.approx(1e-3 * profile.power.active * 10)
    assert used.low < used.value / 1.2
    assert used.high > used.value * 1.2


def test_a_slower_clock_takes_less_power_for_longer():
    profile = load_profile("nucleo-l4r5zi")
    slower = profile.model_copy(
        update={"processor": profile.processor.model_copy(update={"clock": profile.clock_hz / 2})}
    )

    assert energy(LATENCY, slower).value == pytest.approx(energy(LATENCY, profile).value / 2)


def test_energy_is_absent_where_the_power_is_not_published():
    profile = load_profile("cortex-m4f-80mhz").model_copy(update={"power": None})

    assert energy(LATENCY, profile) is None
