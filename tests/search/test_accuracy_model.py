import numpy as np
import pytest
from scipy.optimize import approx_fprime

from tuner.search import synthetic
from tuner.search.accuracy_model import AccuracyModel, Trends, features, matrix
from tuner.search.design import Designs
from tuner.search.gaussian_process import GaussianProcess, Trend, _Posterior


def noisy(count, inputs=15, seed=0):
    """Two inputs of many matter."""
    rng = np.random.default_rng(seed)
    points = rng.random((count, inputs))
    truth = np.sin(4 * points[:, 0]) + points[:, 1] ** 2
    return points, truth, truth + rng.normal(0, 0.05, count)


@pytest.fixture(scope="module")
def designs():
    return Designs(synthetic.problem(seed=5))


def described(designs, chosen):
    return [features(design, designs.cost(design), designs.problem) for design in chosen]


def process(points, values):
    return GaussianProcess(Trend.of(points, values), points, values)


def test_the_process_finds_the_inputs_that_matter_and_knows_its_doubt():
    points, _, values = noisy(60)
    unseen, truth, _ = noisy(400, seed=1)

    mean, deviation = process(points, values).predict(unseen)

    assert 1 - np.mean((mean - truth) ** 2) / truth.var() > 0.95
    assert 0.8 < np.mean(np.abs(mean - truth) < 1.64 * deviation) <= 1


def test_the_gradient_is_that_of_the_loss():
    points, _, values = noisy(25, inputs=4)
    posterior = _Posterior(points, values)
    at = np.array([0.3, 1.2, 2.0, 0.1, -3.0])

    _, gradient = posterior.loss(at)

    np.testing.assert_allclose(gradient, approx_fprime(at, lambda x: posterior.loss(x)[0], 1e-6), atol=1e-3)


def test_doubt_grows_away_from_what_was_seen():
    points = np.linspace(0, 1, 12)[:, None]
    fitted = process(points, np.sin(9 * points[:, 0]))

    _, deviation = fitted.predict(np.array([[0.5], [1.5]]))

    assert deviation[1] > 5 * deviation[0]


@pytest.mark.parametrize(("points", "values"), [(np.ones((6, 3)), np.arange(6.0)), (np.eye(6), np.ones(6))])
def test_equal_points_or_equal_values_are_no_obstacle(points, values):
    mean, deviation = process(points, values).predict(points)

    np.testing.assert_allclose(mean, values.mean(), atol=3)
    assert np.all(deviation > 0)


def test_the_model_predicts_the_error_of_candidates_it_has_not_seen(designs):
    pool = designs.pool(260)
    errors = np.array([synthetic.error(design.candidate) for design in pool])
    points, _ = matrix(described(designs, pool))
    model = AccuracyModel(points[:100], errors[:100], trees=40, seed=0)

    mean, deviation = model.predict(points[100:])

    assert np.corrcoef(mean, errors[100:])[0, 1] > 0.75
    assert np.mean(np.abs(mean - errors[100:]) < 1.64 * deviation) > 0.75


def test_the_same_trials_and_seed_give_the_same_predictions(designs):
    pool, _ = matrix(described(designs, designs.pool(40)))
    errors = np.linspace(0.1, 0.4, 20)

    first = AccuracyModel(pool[:20], errors, trees=10, seed=3).predict(pool)
    again = AccuracyModel(pool[:20], errors, trees=10, seed=3).predict(pool)

    np.testing.assert_array_equal(first, again)


def test_many_trials_are_taken_in_by_the_best_and_a_sample_of_the_others(designs):
    pool, _ = matrix(described(designs, designs.pool(420)))
    errors = np.array([synthetic.error(design.candidate) for design in designs.pool(420)])

    mean, _ = AccuracyModel(pool[:400], errors[:400], trees=10, seed=0).predict(pool[400:])

    assert np.corrcoef(mean, errors[400:])[0, 1] > 0.75


def test_what_matters_is_learnt_anew_only_as_the_trials_grow():
    points, _, values = noisy(60, inputs=4)
    trends = Trends()

    learnt = [trends.of(points[:count], values[:count]) for count in range(30, 61)]

    assert len({id(trend) for trend in learnt}) < 10
    for count in (30, 41, 60):
        np.testing.assert_array_equal(Trends().of(points[:count], values[:count]).lengths, learnt[count - 30].lengths)


def test_a_trial_that_runs_leaves_less_doubt_around_it_and_the_same_mean():
    points, _, values = noisy(40, inputs=4)
    points, waiting = points.astype(np.float32), points[:1].astype(np.float32) + 0.3

    mean, deviation = AccuracyModel(points, values, trees=10, seed=0).predict(waiting)
    awaited = AccuracyModel(points, values, trees=10, seed=0, expected=waiting).predict(waiting)

    np.testing.assert_allclose(awaited[0], mean, atol=1e-3)
    assert awaited[1] < deviation


def test_absent_parameters_are_told_from_present_ones(designs):
    spectral, flatten = (
        next(design for design in designs.pool(50) if design.parameters["block"] == block)
        for block in ("spectral", "flatten")
    )

    points, columns = matrix(described(designs, [spectral, flatten]))

    at = columns.index("fft_length")
    assert 0 <= points[0, at] <= 1
    assert points[1, at] < 0
    assert points[:, columns.index("block=spectral")].tolist() == [1.0, 0.0]
