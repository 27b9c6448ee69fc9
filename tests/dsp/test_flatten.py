import numpy as np
import pytest
from scipy import stats

from tuner.candidate import Settings
from tuner.dsp import block
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
