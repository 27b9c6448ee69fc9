import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.search import synthetic
from tuner.search.halving import Climber, Halving, contributions
from tuner.search.hypervolume import contribution
from tuner.search.problem import Cost

PROBLEM = synthetic.problem(devices=("small",))


def climber(number, *errors, usage=0.5, ended=False, running=False):
    shares = {f"small/{resource}": usage for resource in PROBLEM.resources}
    cost = Cost({name: share - 1 for name, share in shares.items()}, shares, {})
    return Climber(number, cost, errors, ended, running)


def test_a_rung_trains_so_many_times_as_long_as_the_one_before():
    halving = Halving(rungs=4, reduction=2)

    assert [halving.epochs(rung, 80) for rung in range(4)] == [10, 20, 40, 80]
    assert [halving.epochs(rung, 3) for rung in range(4)] == [1, 1, 2, 3]


def test_nothing_goes_on_before_there_are_enough_to_choose_from():
    assert Halving().next([climber(0, 0.1), climber(1, 0.2)], PROBLEM) is None


def test_the_one_that_adds_most_to_the_front_goes_on():
    worse = [climber(0, 0.5), climber(1, 0.4), climber(2, 0.3)]

    assert Halving().next(worse, PROBLEM) == 2


def test_a_small_network_goes_on_before_a_larger_one_that_is_hardly_better():
    trials = [climber(0, 0.30, usage=0.9), climber(1, 0.31, usage=0.1), climber(2, 0.32, usage=0.9)]

    assert Halving().next(trials, PROBLEM) == 1


def test_the_places_of_a_rung_are_taken_once():
    trials = [climber(0, 0.5), climber(1, 0.4), climber(2, 0.3, running=True)]

    assert Halving().next(trials, PROBLEM) is None


def test_what_is_nearly_done_goes_first():
    trials = [climber(n, 0.5 + n / 100) for n in range(9)] + [climber(n, 0.4, 0.1 + n / 100) for n in range(9, 12)]

    assert Halving().next(trials, PROBLEM) == 9


def test_a_training_that_ended_by_itself_does_not_go_on():
    trials = [climber(0, 0.5), climber(1, 0.4), climber(2, 0.3, ended=True)]

    assert Halving().next(trials, PROBLEM) is None


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.floats(0.01, 1.2)] * 2), min_size=1, max_size=8, unique=True))
def test_what_a_trial_adds_is_what_the_hypervolume_grows_by(drawn):
    trials = [climber(n, error, usage=usage) for n, (error, usage) in enumerate(drawn)]
    points = np.array([(error, *[usage] * 3) for error, usage in drawn])

    worth = contributions(trials, 0, PROBLEM)

    for place, point in enumerate(points):
        alone = contribution(point, np.delete(points, place, axis=0), np.ones(4))
        assert max(0.0, worth[place]) == pytest.approx(alone, abs=0.03)


def test_trials_that_add_nothing_are_told_apart_by_how_many_beat_them():
    trials = [climber(0, 0.3, usage=0.5), climber(1, 0.5, usage=0.6), climber(2, 0.4, usage=0.55)]

    worth = contributions(trials, 0, PROBLEM)

    assert worth[0] > 0 > worth[2] > worth[1]
