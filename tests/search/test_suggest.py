import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import InputError
from tuner.search.domain import Choice, Integer, Real
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest, ask

choices = st.lists(
    st.booleans() | st.integers(-5, 5) | st.sampled_from(["mlp", "conv1d", "none"]), min_size=1, unique_by=repr
).map(lambda options: Choice(tuple(options)))
plain_integers = st.builds(
    lambda low, span, step: Integer(low, low + span, step), st.integers(-9, 9), st.integers(0, 40), st.integers(1, 7)
)
log_integers = st.builds(lambda low, span: Integer(low, low + span, log=True), st.integers(1, 9), st.integers(0, 500))
plain_reals = st.builds(
    lambda low, span, step: Real(low, low + span, step),
    st.floats(-9, 9),
    st.floats(0.5, 40),
    st.none() | st.floats(0.01, 3),
)
log_reals = st.builds(lambda low, ratio: Real(low, low * ratio, log=True), st.floats(1e-5, 9), st.floats(1, 1e4))
domains = choices | plain_integers | log_integers | plain_reals | log_reals


@given(domains, st.integers(0, 2**32))
def test_what_is_drawn_or_near_lies_in_the_domain(domain, seed):
    rng = np.random.default_rng(seed)

    drawn = ask(RandomSuggest(rng), "x", domain)

    assert drawn in domain
    assert domain.near(drawn, rng) in domain


@given(choices | plain_integers | log_integers, st.integers(0, 2**32))
def test_the_neighbour_of_a_discrete_value_is_another_one(domain, seed):
    rng = np.random.default_rng(seed)
    drawn = domain.draw(rng)
    values = {domain.draw(rng) for _ in range(50)}

    near = domain.near(drawn, rng)
    # To Python 0 equals False; to a domain they are two options.
    assert (type(near), near) != (type(drawn), drawn) or len(values) == 1


@given(domains, st.integers(0, 2**32))
def test_shares_of_a_domain_lie_in_it_and_rise(domain, seed):
    shares = np.sort(np.random.default_rng(seed).random(5))

    values = [domain.at(float(share)) for share in shares]

    assert all(value in domain for value in values)
    assert isinstance(domain, Choice) or values == sorted(values)


@given(domains, st.integers(2, 6))
def test_levels_lie_in_the_domain_are_few_and_differ(domain, most):
    levels = domain.levels(most)

    assert all(level in domain for level in levels)
    assert len({repr(level) for level in levels}) == len(levels)
    assert isinstance(domain, Choice) or len(levels) <= most


@given(domains, st.integers(0, 2**32))
def test_a_record_gives_back_what_was_drawn(domain, seed):
    recording = RecordingSuggest(RandomSuggest(np.random.default_rng(seed)))
    drawn = ask(recording, "x", domain)

    assert ask(FixedSuggest(recording.parameters), "x", domain) == drawn
    assert recording.domains == {"x": domain}


def test_a_logarithmic_draw_gives_every_ratio_alike():
    suggest = RandomSuggest(np.random.default_rng(0))

    drawn = [suggest.real("rate", 1e-4, 1.0, log=True) for _ in range(2000)]

    assert np.mean(np.array(drawn) < 1e-2) == pytest.approx(0.5, abs=0.05)


def test_steps_are_counted_from_the_low_end_and_never_pass_the_high_one():
    suggest = RandomSuggest(np.random.default_rng(0))

    assert {suggest.integer("units", 8, 30, step=8) for _ in range(100)} == {8, 16, 24}
    assert {suggest.real("dropout", 0.1, 0.5, step=0.2) for _ in range(100)} == {0.1, 0.3, 0.5}


def test_true_is_not_one():
    assert True not in Choice((0, 1))
    assert 1 not in Choice((False, True))
    assert True not in Integer(0, 5)


def test_a_missing_parameter_is_named_with_the_nearest_one():
    with pytest.raises(InputError, match=r"no value for 'window'.*did you mean 'windows'"):
        FixedSuggest({"windows": 3}).integer("window", 1, 5)


def test_a_value_outside_of_its_domain_is_named_with_what_was_expected():
    with pytest.raises(InputError, match="'units' is 7, expected a whole number from 8 to 64 in steps of 8"):
        FixedSuggest({"units": 7}).integer("units", 8, 64, step=8)


def test_what_a_record_lacks_can_be_left_to_another():
    suggest = FixedSuggest({"a": 2, "b": 9}, otherwise=FixedSuggest({"b": 1, "c": 3}))

    assert [suggest.integer(name, 1, 5) for name in "abc"] == [2, 1, 3]


def test_a_parameter_asked_for_twice_is_answered_once():
    suggest = RecordingSuggest(RandomSuggest(np.random.default_rng(0)))

    assert len({suggest.real("x", 0, 1) for _ in range(5)}) == 1


def test_a_parameter_asked_for_with_two_domains_is_refused():
    suggest = RecordingSuggest(RandomSuggest(np.random.default_rng(0)))
    suggest.integer("x", 0, 1)

    with pytest.raises(ValueError, match="'x' is asked for twice"):
        suggest.integer("x", 0, 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice(()),
        lambda: Integer(5, 4),
        lambda: Integer(0, 4, log=True),
        lambda: Integer(1, 4, 2, log=True),
        lambda: Integer(1, 4, 0),
        lambda: Real(0.0, float("inf")),
        lambda: Real(0.0, 1.0, log=True),
        lambda: Real(0.1, 1.0, 0.1, log=True),
    ],
)
def test_a_domain_without_values_is_refused(make):
    with pytest.raises(ValueError):
        make()
