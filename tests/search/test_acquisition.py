import numpy as np
import pytest

from tuner.search.acquisition import Limits
from tuner.search.hypervolume import contribution


def sampled(count=4096, low=(0.0, 0.0)):
    return Limits.sample(np.array(low), count=count, seed=1)


def test_without_doubt_the_expected_improvement_is_the_contribution_to_the_hypervolume():
    rng = np.random.default_rng(0)
    done = rng.random((12, 3))
    points = rng.random((30, 3)) * [0.8, 1.0, 1.0]
    limits = sampled().after(done[:, 1:], done[:, 0])

    expected = limits.expected_improvement(points[:, 1:], points[:, 0], np.full(30, 1e-6))

    exact = [contribution(point, done, np.ones(3)) for point in points]
    np.testing.assert_allclose(expected, exact, atol=5e-3)


def test_with_doubt_it_is_the_mean_over_what_the_error_may_turn_out_to_be():
    rng = np.random.default_rng(0)
    done = np.array([[0.3, 0.6, 0.4], [0.2, 0.8, 0.9]])
    errors = rng.normal(0.35, 0.1, size=400)
    limits = sampled().after(done[:, 1:], done[:, 0])

    expected = limits.expected_improvement(np.array([[0.5, 0.5]]), np.array([0.35]), np.array([0.1]))

    exact = np.mean([contribution([error, 0.5, 0.5], done, np.ones(3)) for error in errors])
    assert expected[0] == pytest.approx(exact, abs=0.01)


def test_where_nothing_can_be_covered_no_limits_are_spent():
    low = (0.5, 0.25)
    point = np.array([[0.6, 0.5]])

    whole = sampled().expected_improvement(point, np.array([0.2]), np.array([0.01]))
    part = sampled(low=low).expected_improvement(point, np.array([0.2]), np.array([0.01]))

    assert part[0] == pytest.approx(whole[0], rel=0.02)
    assert np.all(sampled(low=low).limits >= low)


def test_a_candidate_over_a_budget_promises_nothing():
    assert sampled().expected_improvement(np.array([[1.01, 0.1]]), np.array([0.0]), np.array([0.1])) == [0.0]


def test_doubt_is_worth_something_where_the_expected_error_is_no_better():
    done = np.array([[0.2, 0.3, 0.3]])
    limits = sampled().after(done[:, 1:], done[:, 0])
    usage = np.array([[0.4, 0.4], [0.4, 0.4]])

    sure, doubtful = limits.expected_improvement(usage, np.array([0.2, 0.2]), np.array([0.001, 0.1]))

    assert doubtful > sure
