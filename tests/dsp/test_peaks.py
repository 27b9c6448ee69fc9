from itertools import pairwise

import numpy as np
import pytest
from scipy import signal as sps

from tuner.candidate import Settings
from tuner.dsp.registry import block
from tuner.errors import ConfigError
from tuner.signal import Signal

SIGNAL = Signal(128, ("x",), 64.0)


def version_1(**parameters):
    named = {key.replace("_", "-"): value for key, value in parameters.items()} | {"implementation-version": 1}
    return block(Settings("spectral-analysis", tuple(named.items())))


def test_the_highest_peaks_come_first_with_frequency_and_height():
    time = np.arange(128) / 64
    wave = 3 * np.sin(2 * np.pi * 8 * time) + np.sin(2 * np.pi * 20 * time)

    found = version_1(fft_length=64).extract(wave[None, :, None].astype(np.float32), SIGNAL)[0]

    spacing = 32 / 31  # 32 bins spread from 0 to 32 Hz, both included
    np.testing.assert_allclose(found[1:7], [8 * spacing, 3, 20 * spacing, 1, 0, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("length", [64, 128, 256])
def test_power_between_edges_agrees_with_scipy(length):
    values = np.random.default_rng(2).normal(size=128)

    found = version_1(fft_length=length).extract(values[None, :, None].astype(np.float32), SIGNAL)[0, 7:]

    frequency, density = sps.periodogram(values - values.mean(), 64.0, nfft=length)
    edges = [0.1, 0.5, 1, 2, 5]
    between = [density[(frequency >= a) & (frequency < b)] for a, b in pairwise(edges)]
    np.testing.assert_allclose(found, [part.mean() / 10 if part.size else 0 for part in between], rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("text", ["1", "2, 1", "a, b"])
def test_edges_that_do_not_ascend_are_refused(text):
    with pytest.raises(ConfigError, match="separated by commas"):
        version_1(spectral_power_edges=text)
