from dataclasses import replace

import numpy as np
import pytest
from scipy import signal as sps
from scipy import stats

from tuner.candidate import Settings
from tuner.dsp.registry import block
from tuner.errors import BuildError, ConfigError


def spectral(**parameters):
    return block(Settings("spectral-analysis", tuple((k.replace("_", "-"), v) for k, v in parameters.items())))


def expected_features(values, *, fft, overlap, log, stats_of_spectrum=True):
    """One axis by numpy and scipy in double precision; `values` has mean 0."""
    step = fft // 2 if overlap else fft
    frames = [np.pad(values[i : i + fft], (0, fft - len(values[i : i + fft]))) for i in range(0, len(values), step)]
    power = np.max([np.abs(np.fft.rfft(frame)) ** 2 / fft for frame in frames], axis=0)
    features = [np.sqrt(np.mean(values**2)), stats.skew(values), stats.kurtosis(values)]
    if stats_of_spectrum:
        features += [stats.skew(power), stats.kurtosis(power)]
    return np.array([*features, *(np.log10(power) if log else power)[1:]])


@pytest.mark.parametrize("fft", [16, 64])
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("log", [False, True])
def test_features_agree_with_scipy(motion, motion_windows, fft, overlap, log):
    found = spectral(fft_length=fft, do_fft_overlap=overlap, do_log=log).extract(motion_windows, motion)

    for window, row in zip(motion_windows[:-1].astype(np.float64), found[:-1], strict=True):
        axes = [expected_features(x - x.mean(), fft=fft, overlap=overlap, log=log) for x in window.T]
        np.testing.assert_allclose(row, np.concatenate(axes), rtol=2e-4, atol=2e-4)


def test_decimation_comes_before_the_filter_and_the_filter_before_the_mean(motion, motion_windows):
    settings = {"input_decimation_ratio": 3, "filter_type": "low", "filter_cutoff": 4.0, "scale_axes": 2.0}
    found = spectral(**settings).extract(motion_windows, motion)

    x = 2 * motion_windows[0, :, 0].astype(np.float64)
    sections = sps.cheby1(8, 0.05, 0.8 / 3, output="sos")
    x = sps.sosfilt(sections, x, zi=sps.sosfilt_zi(sections) * x[0])[0][::3]
    x = sps.sosfilt(sps.butter(6, 4.0, fs=62.5 / 3, output="sos"), x)
    expected = expected_features(x - x.mean(), fft=16, overlap=True, log=True)
    np.testing.assert_allclose(found[0, : 5 + 3], expected[: 5 + 3], rtol=1e-3, atol=1e-3)


def test_the_low_frequency_set_is_of_the_signal_decimated_by_ten(motion, motion_windows):
    found = spectral(extra_low_freq=True).extract(motion_windows, motion)

    x = motion_windows[0, :, 0].astype(np.float64)
    x -= x.mean()
    sections = sps.cheby1(8, 0.05, 0.08, output="sos")
    x = sps.sosfilt(sections, x, zi=sps.sosfilt_zi(sections) * x[0])[0][::10]
    expected = expected_features(x - x.mean(), fft=16, overlap=True, log=True)
    np.testing.assert_allclose(found[0, 39 : 39 + 13], expected, rtol=1e-3, atol=1e-3)


def test_a_constant_signal_gives_finite_features(motion, motion_windows):
    features = spectral().extract(motion_windows, motion)[-1]

    assert np.isfinite(features).all()
    assert (features[[1, 2]] == 0).all()


def test_the_labels_name_axis_and_band(motion):
    labels = spectral(filter_type="high", filter_cutoff=20.0).features(motion).labels

    assert labels[0] == "accX RMS"
    assert labels[5] == "accX Spectral Power 17.58 - 21.48 Hz"
    assert labels[-1] == "accZ Spectral Power 29.3 - 33.2 Hz"


def test_extraction_in_pieces_equals_extraction_of_each_window(motion, motion_windows, monkeypatch):
    whole = spectral().extract(motion_windows, motion)
    monkeypatch.setattr("tuner.dsp.chunks.WORKING_BYTES", 1)

    np.testing.assert_array_equal(spectral().extract(motion_windows, motion), whole)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"filter_type": "low", "filter_cutoff": 40.0}, "not below half the sampling frequency"),
        ({"filter_type": "low", "filter_cutoff": 12.0, "input_decimation_ratio": 3}, "above 90 %"),
        ({"filter_type": "low", "filter_cutoff": 0.001, "filter_order": 8}, "unstable"),
        ({"filter_type": "low", "filter_cutoff": 1.0, "filter_order": 0}, "masks every bin"),
        ({"extra_low_freq": True, "fft_length": 64}, "needs 320 samples"),
    ],
)
def test_parameters_that_do_not_fit_the_signal_are_named(motion, parameters, message):
    with pytest.raises(BuildError, match=message):
        spectral(**parameters).features(motion)


def test_a_wrong_parameter_is_named_with_the_nearest_right_one():
    with pytest.raises(ConfigError, match=r"unknown parameter 'fft-lenght'.*did you mean 'fft-length'"):
        spectral(fft_lenght=16)


def test_version_3_has_no_decimation():
    with pytest.raises(ConfigError, match="input-decimation-ratio needs implementation-version 4"):
        spectral(implementation_version=3, input_decimation_ratio=3)


def test_a_longer_window_never_costs_less(motion):
    short, long = (spectral().cost(replace(motion, samples=n)) for n in (100, 200))

    assert long.ram_bytes > short.ram_bytes
    assert long.operations.multiply > short.operations.multiply
