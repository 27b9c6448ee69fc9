import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.search.hypervolume import hypervolume
from tuner.search.objectives import (
    device_front,
    device_point,
    excess,
    fits,
    hypervolume_history,
    nearest_constraints,
    objectives,
    scaled,
)
from tuner.search.problem import Cost, Observation, Problem

PROBLEM = Problem(space=None, cost=None, devices=("a", "b"), resources=("ram", "flash"), seed=0, worst_error=0.5)


def trial(number, error, **usage):
    """Usage by device and resource, e.g. a=(0.1, 0.2)."""
    shares = {
        f"{device}/{name}": share
        for device in usage
        for name, share in zip(("ram", "flash"), usage[device], strict=True)
    }
    cost = Cost({name: share - 1 for name, share in shares.items()}, shares, {})
    return Observation(number, {}, "rejected" if error is None else "complete", cost, error)


shares = st.floats(1e-4, 1.5)
trials = st.lists(st.tuples(st.floats(0, 1), shares, shares, shares, shares), max_size=12).map(
    lambda rows: [trial(i, error, a=(p, q), b=(r, s)) for i, (error, p, q, r, s) in enumerate(rows)]
)


def test_the_scale_spans_three_decades_below_the_budget():
    assert [scaled(usage) for usage in (1.0, 0.1, 0.001, 1e-9)] == pytest.approx([1, 2 / 3, 0, 0])
    assert scaled(2.0) > 1


def test_halving_a_need_is_worth_the_same_anywhere_on_the_scale():
    assert scaled(0.8) - scaled(0.4) == pytest.approx(scaled(0.02) - scaled(0.01))


def test_a_trial_fits_the_devices_whose_every_budget_it_keeps():
    cost = trial(0, 0.1, a=(0.5, 1.2), b=(0.5, 1.0)).cost

    assert not fits(cost, "a")
    assert fits(cost, "b")
    assert excess(cost, "a") == pytest.approx(0.2)


def test_the_constraints_are_those_of_the_device_it_misses_by_least():
    cost = trial(0, None, a=(3.0, 0.5), b=(0.9, 1.5)).cost

    assert nearest_constraints(cost, PROBLEM) == pytest.approx({"b/ram": -0.1, "b/flash": 0.5})


def test_the_devices_name_may_hold_a_slash():
    cost = Cost({"board/rev2/ram": 0.5, "board/ram": -0.5}, {}, {})

    assert not fits(cost, "board/rev2")
    assert fits(cost, "board")


def test_objectives_are_the_error_and_the_mean_need_over_the_devices():
    assert objectives(trial(0, 0.1, a=(0.1, 1.0), b=(1.0, 1.0)), PROBLEM) == pytest.approx((0.1, 5 / 6, 1.0))


def test_a_trial_that_is_not_complete_has_no_objectives():
    with pytest.raises(ValueError, match="trial 7 is rejected"):
        objectives(trial(7, None, a=(2.0, 2.0), b=(2.0, 2.0)), PROBLEM)


def test_each_device_has_the_front_of_the_trials_that_fit_it():
    small = trial(0, 0.3, a=(0.1, 0.1), b=(0.01, 0.01))
    large = trial(1, 0.1, a=(1.1, 0.9), b=(0.11, 0.09))
    worse = trial(2, 0.4, a=(0.2, 0.2), b=(0.02, 0.02))

    assert device_front([small, large, worse], "a", PROBLEM) == (small,)
    assert device_front([small, large, worse], "b", PROBLEM) == (small, large)


@given(trials)
def test_the_history_of_the_hypervolume_is_the_mean_over_the_devices(history):
    expected = []
    for count in range(1, len(history) + 1):
        volumes = []
        for device in PROBLEM.devices:
            points = [device_point(seen, device, PROBLEM) for seen in history[:count]]
            fitting = np.array([point for point in points if point is not None]).reshape(-1, 3)
            volumes.append(hypervolume(fitting, np.ones(3)))
        expected.append(np.mean(volumes))

    course = hypervolume_history(history, PROBLEM)

    assert course == pytest.approx(expected, abs=1e-9)
    assert course == sorted(course)
    assert all(0 <= covered <= 1 for covered in course)


def test_a_trial_as_bad_as_guessing_adds_nothing():
    assert hypervolume_history([trial(0, 0.5, a=(0.1, 0.1), b=(0.1, 0.1))], PROBLEM) == [0.0]
