import json

import numpy as np
import pytest

from tuner.dsp.standardize import Standardizer
from tuner.signal import Features


def test_each_feature_gets_mean_0_and_deviation_1():
    features = np.random.default_rng(0).normal([1, -50], [3, 0.01], (500, 2)).astype(np.float32)

    scaled = Standardizer.fit(features).apply(features)

    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-3)
    assert scaled.dtype == np.float32


def test_a_constant_feature_becomes_zero():
    features = np.full((10, 1), 3.3, np.float32)

    np.testing.assert_allclose(Standardizer.fit(features).apply(features), 0, atol=1e-6)


def test_a_spectrogram_is_scaled_per_band():
    features = np.random.default_rng(0).normal(size=(10, 49, 40)).astype(np.float32)

    standardizer = Standardizer.fit(features)

    assert len(standardizer.mean) == 40
    assert Standardizer.cost(Features((49, 40))).table_bytes == 320
    assert standardizer.apply(features).shape == features.shape


def test_json_gives_back_an_equal_standardizer():
    standardizer = Standardizer.fit(np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32))

    assert Standardizer.from_json(json.loads(json.dumps(standardizer.to_json()))) == standardizer


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="no examples"):
        Standardizer.fit(np.zeros((0, 3), np.float32))
