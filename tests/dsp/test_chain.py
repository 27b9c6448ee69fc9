import numpy as np
import pytest

from tuner.candidate import Block, Settings
from tuner.dsp.chain import cost_of, extract_all, features_of
from tuner.errors import BuildError, ConfigError


def test_one_block_is_that_block(motion, motion_windows):
    chain = (Block(Settings("raw")),)

    assert features_of(chain, motion).shape == (125, 3)
    np.testing.assert_array_equal(extract_all(chain, motion_windows, motion), motion_windows)


def test_each_block_reads_the_axes_it_names_in_that_order(motion, motion_windows):
    chain = (Block(Settings("raw"), ("accZ", "accX")),)

    assert features_of(chain, motion).labels == ("accZ", "accX")
    np.testing.assert_array_equal(extract_all(chain, motion_windows, motion), motion_windows[..., [2, 0]])


def test_flat_features_of_several_blocks_stand_side_by_side(motion, motion_windows):
    chain = (Block(Settings("flatten"), ("accX",)), Block(Settings("spectral-analysis"), ("accY", "accZ")))

    features = features_of(chain, motion)
    found = extract_all(chain, motion_windows, motion)

    assert features.shape == (7 + 26,)
    assert len(set(features.labels)) == 33
    assert features.labels[0] == "flatten accX Average"
    np.testing.assert_array_equal(found[:, :7], extract_all(chain[:1], motion_windows, motion))
    np.testing.assert_array_equal(found[:, 7:], extract_all(chain[1:], motion_windows, motion))
    assert len(cost_of(chain, motion)) == 2


def test_the_labels_of_two_alike_blocks_differ(motion):
    chain = (Block(Settings("flatten")), Block(Settings.of("flatten", rms=False)))

    assert len(set(features_of(chain, motion).labels)) == 21 + 18


def test_flat_features_and_a_spectrogram_do_not_go_together(motion):
    with pytest.raises(BuildError, match="flatten 21, raw 125 × 3"):
        features_of((Block(Settings("flatten")), Block(Settings("raw"))), motion)


def test_an_axis_that_the_signal_lacks_is_named(motion):
    with pytest.raises(ConfigError, match=r"no axis 'accW'.*did you mean"):
        features_of((Block(Settings("raw"), ("accW",)),), motion)


def test_no_block_at_all_is_refused(motion):
    with pytest.raises(ConfigError, match="use 'raw'"):
        features_of((), motion)


def test_windows_that_are_not_the_signal_are_refused(motion):
    with pytest.raises(ValueError, match="the signal is 125 × 3"):
        extract_all((Block(Settings("raw")),), np.zeros((2, 100, 3), np.float32), motion)
