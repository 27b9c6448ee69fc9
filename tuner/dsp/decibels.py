"""Power in decibels, from a noise floor up: the scale of `spectrogram` and `mfe`."""

from __future__ import annotations

import numpy as np

from tuner.dsp.block import Float32, Operations

_LEAST_POWER = np.float32(1e-30)
_HEADROOM_DB = 12
"""The value 1 lies this far above 0 dB."""


def scaled(power: Float32, noise_floor_db: int) -> Float32:
    """Return 0 at the noise floor and below, 1 at 12 dB."""
    level: Float32 = np.log10(np.maximum(power, _LEAST_POWER, out=power), out=power)
    level *= np.float32(10 / (_HEADROOM_DB - noise_floor_db))
    level -= np.float32(noise_floor_db / (_HEADROOM_DB - noise_floor_db))
    return np.maximum(level, 0, out=level)


def operations(values: int) -> Operations:
    """Return what `scaled` takes on a device."""
    return Operations(add=3, multiply=2, transcendental=1) * values
