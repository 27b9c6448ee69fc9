import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from tuner.anomaly import Detecting, detector, scores
from tuner.candidate import Settings
from tuner.errors import ConfigError, TrainingError
from tuner.record import AnomalyBlock

BLOCKS = [Settings.of("kmeans", clusters=5), Settings.of("gmm", components=3)]


def normal(count: int = 400, seed: int = 0) -> np.ndarray:
    """Windows of three clouds in seven dimensions."""
    generator = np.random.default_rng(seed)
    centers = 3 * np.random.default_rng(1).normal(size=(3, 7))
    return (centers[generator.integers(0, 3, count)] + generator.normal(size=(count, 7))).astype(np.float32)


def fitted(settings: Settings) -> AnomalyBlock:
    made = detector(settings)
    assert isinstance(made, Detecting)
    return made.fit(normal(), seed=0)


@pytest.mark.parametrize("settings", BLOCKS, ids=lambda settings: settings.type)
def test_the_threshold_lets_normal_windows_pass_and_stops_strange_ones(settings: Settings) -> None:
    block = fitted(settings)

    passing = scores.of(block, normal(seed=2)) <= block.threshold
    strange = scores.of(block, normal(seed=3) + 9) > block.threshold

    assert passing.mean() > 0.95
    assert strange.mean() > 0.99


@pytest.mark.parametrize("settings", BLOCKS, ids=lambda settings: settings.type)
def test_the_same_examples_and_seed_give_the_same_block(settings: Settings) -> None:
    assert fitted(settings) == fitted(settings)


def test_a_mixture_scores_as_scikit_learn_does() -> None:
    model = GaussianMixture(3, covariance_type="diag", reg_covar=1e-3, random_state=0).fit(normal())

    found = scores.of(fitted(Settings.of("gmm", components=3)), normal(seed=2))

    np.testing.assert_allclose(found, -model.score_samples(normal(seed=2)), rtol=1e-4)


def test_a_larger_quantile_gives_a_greater_threshold() -> None:
    low, high = (fitted(Settings.of("kmeans", clusters=5, quantile=q)).threshold for q in (0.9, 0.999))

    assert low < high


@pytest.mark.parametrize("settings", BLOCKS, ids=lambda settings: settings.type)
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_the_exported_c_computes_the_same_scores(settings: Settings, tmp_path: Path) -> None:
    block = fitted(settings)
    (tmp_path / "anomaly.h").write_text(scores.header("fan", block))
    (tmp_path / "anomaly.c").write_text(scores.source("fan", block, header_name="anomaly.h"))
    library = tmp_path / "anomaly.so"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(tmp_path / "anomaly.c"), "-o", str(library), "-lm"], check=True)
    score = ctypes.CDLL(str(library)).fan_anomaly_score
    score.restype = ctypes.c_float
    features = np.ascontiguousarray(normal(50, seed=2))

    found = [score(ctypes.c_void_p(row.ctypes.data)) for row in features]

    np.testing.assert_allclose(found, scores.of(block, features), rtol=1e-4)


def test_more_clusters_cost_more_in_time_and_flash() -> None:
    few, many = (detector(Settings.of("kmeans", clusters=count)) for count in (4, 8))
    assert isinstance(few, Detecting)
    assert isinstance(many, Detecting)

    assert many.cost(20).table_bytes == 2 * few.cost(20).table_bytes == 4 * 8 * 20
    assert many.cost(20).operations.multiply == 2 * few.cost(20).operations.multiply == 8 * 20


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings("kmean"), "no anomaly block is called 'kmean'. Hint: did you mean 'kmeans'?"),
        (Settings.of("gmm", clusters=3), "unknown key 'clusters'"),
        (Settings.of("kmeans", quantile=1.0), "quantile: input should be less than 1"),
    ],
)
def test_what_is_no_anomaly_block_is_named(settings: Settings, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        detector(settings)

    assert message in str(refusal.value)


def test_too_few_windows_are_an_error_of_the_trial() -> None:
    made = detector(Settings.of("kmeans", clusters=8))
    assert isinstance(made, Detecting)

    with pytest.raises(TrainingError, match="3 normal windows cannot make 8 clusters"):
        made.fit(normal(3), seed=0)
