import numpy as np
import pytest
from scipy import stats

from tuner.candidate import Block, Settings
from tuner.dsp.chain import extract_all, features_of
from tuner.dsp.registry import block
from tuner.errors import BuildError


def test_statistics_agree_with_scipy(motion, motion_windows):
    found = block(Settings("flatten")).extract(motion_windows, motion)

    x = motion_windows[:-1].astype(np.float64)
    expected = [
        x.mean(1),
        x.min(1),
        x.max(1),
        np.sqrt((x**2).mean(1)),
        x.std(1),
        stats.skew(x, 1),
        stats.kurtosis(x, 1),
    ]
    np.testing.assert_allclose(found[:-1], np.stack(expected, axis=2).reshape(19, -1), rtol=1e-3, atol=1e-4)


def test_a_constant_signal_has_no_skewness(motion, motion_windows):
    found = block(Settings("flatten")).extract(motion_windows, motion)[-1]

    np.testing.assert_allclose(found[:7], [9.81, 9.81, 9.81, 9.81, 0, 0, 0], atol=1e-5)


def test_only_the_chosen_statistics_are_given(motion, motion_windows):
    chosen = block(Settings("flatten", (("average", False), ("kurtosis", False), ("scale-axes", 2.0))))

    assert chosen.features(motion).labels[:5] == tuple(
        f"accX {name}" for name in ("Minimum", "Maximum", "RMS", "Stdev", "Skewness")
    )
    assert chosen.extract(motion_windows, motion)[0, 0] == 2 * motion_windows[0, :, 0].min()


def test_no_statistic_at_all_is_refused(motion):
    names = ("average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis")

    with pytest.raises(BuildError, match="every statistic is switched off"):
        block(Settings("flatten", tuple((name, False) for name in names))).features(motion)


def moving(count):
    return Block(Settings("flatten", (("moving-avg-num-windows", count), ("skewness", False))))


def test_the_moving_average_takes_in_the_windows_before_of_the_same_recording(motion, motion_windows):
    recordings = np.repeat([4, 2, 9], [8, 1, 11])

    found = extract_all((moving(3),), motion_windows, motion, recordings).reshape(20, 3, 7)[..., -1]

    average = motion_windows.astype(np.float64).mean(axis=1)
    expected = [
        np.mean([average[j] for j in range(max(0, i - 2), i + 1) if recordings[j] == recordings[i]], axis=0)
        for i in range(20)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert features_of((moving(3),), motion).labels[6] == "accX Moving Average"


def test_a_window_alone_has_no_windows_before(motion, motion_windows):
    found = extract_all((moving(3),), motion_windows, motion).reshape(20, 3, 7)

    np.testing.assert_allclose(found[..., -1], found[..., 0], rtol=1e-5)
