import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.search.suggest import RandomSuggest
from tuner.search_space.values import Constant, Options, Range, parse_value


def test_a_single_value_is_not_asked_for() -> None:
    assert parse_value(3) == parse_value([3]) == parse_value({"min": 3, "max": 3}) == Constant(3)


def test_a_list_is_a_choice() -> None:
    assert parse_value(["none", "low"]) == Options(("none", "low"))


def test_a_range_of_whole_numbers_is_whole_and_counted() -> None:
    value = parse_value({"min": 1, "max": 9, "step": 2})

    assert value == Range(1, 9, 2)
    assert value.size == 5


def test_a_range_of_fractions_without_step_is_endless() -> None:
    assert parse_value({"min": 0.1, "max": 0.5}).size is None
    assert parse_value({"min": 0.0, "max": 0.5, "step": 0.1}).size == 6


def test_a_number_that_yaml_takes_for_text_is_a_number() -> None:
    assert parse_value({"min": "1e-4", "max": "1e-2", "log": True}) == Range(1e-4, 1e-2, log=True)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, "expected a value, a list of values or a range {min, max, step, log}, found nothing"),
        ([], "the list of alternatives is empty"),
        ([3, 3], "an alternative is listed twice"),
        ([[1]], r"found \[1\]"),
        (float("nan"), "found nan"),
        ({"min": 1}, "needs both min and max"),
        ({"min": 1, "max": 3, "steps": 1}, "a range has no 'steps'"),
        ({"min": 3, "max": 1}, "min 3 is more than max 1"),
        ({"min": "low", "max": 1}, "min is 'low', expected a number"),
        ({"min": 0, "max": 1, "log": True}, "must begin above 0"),
        ({"min": 1, "max": 3, "log": 2}, "log is 2, expected true or false"),
        ({"min": 1, "max": 3, "step": 0}, "step is 0, expected more than 0"),
        ({"min": 1, "max": 3, "step": 1, "log": True}, "either logarithmic or in steps"),
    ],
)
def test_what_is_no_value_is_refused_with_the_reason(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_value(raw)


_numbers = st.integers(-1000, 1000) | st.floats(-1000, 1000)
_values = (
    _numbers
    | st.booleans()
    | st.text(min_size=1)
    | st.lists(_numbers, min_size=1, unique_by=repr)
    | st.tuples(_numbers, _numbers).map(lambda pair: {"min": min(pair), "max": max(pair)})
)


@given(_values)
def test_a_value_written_out_reads_back_equal(raw: object) -> None:
    value = parse_value(raw)

    assert parse_value(value.to_json()) == value


@given(_values, st.integers(0, 100))
def test_what_is_drawn_lies_within_what_may_be(raw: object, seed: int) -> None:
    value = parse_value(raw)

    drawn = value.draw(RandomSuggest(np.random.default_rng(seed)), "x")

    match value:
        case Constant(only):
            assert drawn == only
        case Options(values):
            assert drawn in values
        case Range(low, high):
            assert low <= drawn <= high
