"""What holds of every block, whatever its parameters and the signal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.candidate import Settings
from tuner.dsp.registry import block
from tuner.dsp.wavelets import WAVELETS
from tuner.errors import BuildError, ConfigError
from tuner.signal import Signal

POWERS = st.sampled_from([8, 16, 32, 64, 128, 256])
FRAMES = {"frame_length": st.sampled_from([0.01, 0.02, 0.032]), "frame_stride": st.sampled_from([0.01, 0.016, 0.04])}
BANDS = {"low_frequency": st.integers(0, 400), "high_frequency": st.sampled_from([0, 800, 1200])}
PARAMETERS = {
    "raw": {"scale-axes": st.floats(-10, 10)},
    "flatten": {
        **{name: st.booleans() for name in ("average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis")},
        "moving-avg-num-windows": st.integers(0, 3),
    },
    "spectral-analysis": {
        "implementation-version": st.integers(1, 4),
        "input-decimation-ratio": st.sampled_from([1, 3, 10]),
        "filter-type": st.sampled_from(["low", "high", "none"]),
        "filter-cutoff": st.floats(0.1, 60),
        "filter-order": st.sampled_from([0, 2, 6, 8]),
        "analysis-type": st.sampled_from(["FFT", "Wavelet"]),
        "fft-length": POWERS,
        "do-log": st.booleans(),
        "do-fft-overlap": st.booleans(),
        "wavelet": st.sampled_from(WAVELETS),
        "wavelet-level": st.integers(0, 4),
        "extra-low-freq": st.booleans(),
    },
    "spectrogram": {**FRAMES, "fft_length": POWERS, "noise_floor_db": st.integers(-100, -10)},
    "mfe": {**FRAMES, **BANDS, "fft_length": POWERS, "num_filters": st.integers(2, 16)},
    "mfcc": {
        **FRAMES,
        **BANDS,
        "fft_length": POWERS,
        "num_filters": st.integers(13, 32),
        "win_size": st.integers(0, 60),
    },
    "micro-frontend": {
        "window_size": st.integers(10, 40),
        "window_step": st.integers(5, 30),
        "num_channels": st.integers(2, 40),
        "upper_band_limit": st.floats(500, 1200),
        "enable_pcan": st.booleans(),
        "enable_log": st.booleans(),
    },
}


@pytest.mark.parametrize("kind", sorted(PARAMETERS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_features_are_as_announced_finite_and_each_windows_own(kind, data):
    drawn = PARAMETERS[kind]
    needed = {name: drawn[name] for name in ("upper_band_limit", "num_filters") if name in drawn}
    optional = {name: values for name, values in drawn.items() if name not in needed}
    chosen = data.draw(st.fixed_dictionaries(needed, optional=optional))
    axes = ("x", "y") if kind in ("raw", "flatten", "spectral-analysis") else ("audio",)
    rates, sizes = ([62.5, 1000.0], st.integers(1, 700)) if len(axes) == 2 else ([2500.0, 4000.0], st.integers(90, 900))
    signal = Signal(data.draw(sizes), axes, data.draw(st.sampled_from(rates)))
    random = np.random.default_rng(data.draw(st.integers(0, 9)))
    windows = random.normal(scale=300, size=(3, signal.samples, len(axes))).round().astype(np.float32)
    windows[0, :, 0] = 7
    try:
        made = block(Settings(kind, tuple(chosen.items())))
        announced = made.features(signal)
    except (BuildError, ConfigError):
        return

    found = made.extract(windows, signal)

    assert found.shape == (3, *announced.shape)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert len(announced.labels) in (announced.shape[-1], announced.count)
    alone = np.concatenate([made.extract(windows[i : i + 1], signal) for i in range(3)])
    np.testing.assert_allclose(alone, found, rtol=1e-3, atol=1e-3)
    stated = made.cost(signal)
    assert stated.known
    assert stated.ram_bytes >= 0
