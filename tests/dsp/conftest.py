import numpy as np
import pytest

from tuner.dsp.block import Float32
from tuner.signal import Signal


@pytest.fixture
def motion() -> Signal:
    return Signal(samples=125, axes=("accX", "accY", "accZ"), frequency_hz=62.5)


@pytest.fixture
def motion_windows(motion: Signal) -> Float32:
    """Twenty windows of noise around gravity, the last one constant."""
    random = np.random.default_rng(7)
    windows = random.normal(size=(20, motion.samples, 3)).astype(np.float32) + np.float32([0, 0, 9.81])
    windows[-1] = 9.81
    return windows
