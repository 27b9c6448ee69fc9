import pytest

from tuner.errors import ConfigError
from tuner.search import synthetic
from tuner.search.enqueued import Enqueued, check_enqueued
from tuner.search.samplers import sampler

PROBLEM = synthetic.problem(seed=3)


def test_what_is_enqueued_comes_first_and_the_sampler_after():
    queue = Enqueued([{"family": "dense", "dense_depth": 2}, {"block": "raw"}], sampler("random"))

    first, second, third = (queue.propose(PROBLEM, [], number) for number in range(3))

    assert (first["family"], first["dense_depth"]) == ("dense", 2)
    assert second["block"] == "raw"
    assert third == sampler("random").propose(PROBLEM, [], 2)


def test_what_an_enqueued_candidate_leaves_open_is_drawn_by_the_seed():
    queue = Enqueued([{"family": "dense"}] * 2, sampler("random"))

    assert queue.propose(PROBLEM, [], 0) == queue.propose(PROBLEM, [], 0)
    assert queue.propose(PROBLEM, [], 0) != queue.propose(PROBLEM, [], 1)


def test_an_enqueued_name_that_is_asked_for_nowhere_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"enqueue\[0\].*'famly'.*did you mean 'family'"):
        check_enqueued(PROBLEM.space, [{"famly": "dense"}], 0)


def test_an_enqueued_value_that_is_not_allowed_is_refused():
    with pytest.raises(ConfigError, match=r"enqueue\[1\]: family is 'lstm', expected one of dense, conv1d"):
        check_enqueued(PROBLEM.space, [{"family": "dense"}, {"family": "lstm"}], 0)
