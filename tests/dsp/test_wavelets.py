import numpy as np
import pytest
import pywt
from scipy import stats

from tuner.candidate import Settings
from tuner.dsp.registry import block
from tuner.dsp.wavelets import WAVELETS
from tuner.errors import ConfigError
from tuner.signal import Signal

SIGNAL = Signal(320, ("x", "y"), 62.5)


def wavelet(**parameters):
    named = {key.replace("_", "-"): value for key, value in parameters.items()} | {"analysis-type": "Wavelet"}
    return block(Settings("spectral-analysis", tuple(named.items())))


def expected_statistics(level):
    """By numpy and scipy, one level at a time, in double precision."""
    ordered = np.sort(level)
    rank = [ordered[int((len(level) - 1) * p / 100 + 0.5)] for p in (5, 25, 75, 95, 50)]
    crossings = [np.count_nonzero(np.diff(level > at)) / len(level) for at in (0, level.mean())]
    entropy = stats.entropy(np.histogram(level, bins=100)[0])
    moments = [level.mean(), level.std(), level.var(ddof=1), np.sqrt(np.mean(level**2))]
    return [entropy, *crossings, *rank, *moments, stats.skew(level), stats.kurtosis(level)]


@pytest.mark.parametrize(("name", "level"), [("db4", 3), ("haar", 1), ("coif2", 2), ("sym10", 0)])
def test_statistics_agree_with_pywavelets_numpy_and_scipy(name, level):
    windows = np.random.default_rng(1).normal(size=(5, 320, 2)).astype(np.float32)

    found = wavelet(wavelet=name, wavelet_level=level).extract(windows, SIGNAL)

    for window, row in zip(windows.astype(np.float64), found, strict=True):
        axes = [pywt.wavedec((x - x.mean()).astype(np.float32), name, level=level) for x in window.T]
        expected = np.concatenate([expected_statistics(values.astype(np.float64)) for axis in axes for values in axis])
        # A value on the edge of a histogram's bin may fall to either side.
        np.testing.assert_allclose(row, expected, rtol=5e-3, atol=5e-4)


def test_every_kernel_runs():
    windows = np.random.default_rng(1).normal(size=(2, 64, 2)).astype(np.float32)
    signal = Signal(64, ("x", "y"), 62.5)

    for name in WAVELETS:
        assert np.isfinite(wavelet(wavelet=name).extract(windows, signal)).all()


def test_a_constant_signal_gives_finite_features():
    windows = np.full((1, 320, 2), 9.81, np.float32)

    assert np.isfinite(wavelet().extract(windows, SIGNAL)).all()


def test_an_unknown_kernel_is_named():
    with pytest.raises(ConfigError, match=r"parameter 'wavelet' is 'db11', expected one of bior1.3"):
        wavelet(wavelet="db11")
