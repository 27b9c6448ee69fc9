import numpy as np
import pytest

from tuner.search.suggest import FixedSuggest, RandomSuggest
from tuner.search_space.tree import Items, draw, leaves, parse_part
from tuner.search_space.values import Constant, Options

STAGES = [{"width": [8, 16]}, {"repeat": {"min": 0, "max": 2}, "layers": [{"width": [4, 8], "kernel": 3}]}]


def test_layers_come_out_numbered() -> None:
    stages = parse_part([{"width": 8}, "flatten"])

    drawn = dict(draw({"stages": stages}, FixedSuggest({}), "a"))

    assert drawn == {"stages.0.width": 8, "stages.1.type": "flatten"}


def test_a_list_without_layers_is_a_choice() -> None:
    assert parse_part(["max", "average"]) == Options(("max", "average"))
    assert parse_part(["max"]) == Constant("max")


def test_every_round_of_a_repeat_chooses_for_itself() -> None:
    answers = {"a.s.0.width": 8, "a.s.1.repeat": 2, "a.s.1.0.0.width": 4, "a.s.1.1.0.width": 8}

    drawn = dict(draw({"s": parse_part(STAGES)}, FixedSuggest(answers), "a"))

    assert [drawn[f"s.{number}.width"] for number in range(3)] == [8, 4, 8]
    assert set(dict(leaves({"s": parse_part(STAGES)}, "a"))) >= set(answers)


def test_a_repeat_of_the_same_chooses_once() -> None:
    part = parse_part([{"repeat": 3, "same": True, "layers": [{"width": [4, 8]}]}])

    drawn = dict(draw({"s": part}, FixedSuggest({"a.s.0.0.width": 4}), "a"))

    assert list(drawn.values()) == [4, 4, 4]


def test_the_size_counts_every_unrolled_list_once() -> None:
    part = parse_part(STAGES)
    assert isinstance(part, Items)
    suggest = RandomSuggest(np.random.default_rng(0))

    distinct = {tuple(draw({"s": part}, suggest, "a")) for _ in range(500)}

    assert part.size == len(distinct) == 2 * (1 + 2 + 4)


def test_what_was_read_is_written_the_same() -> None:
    assert parse_part(parse_part(STAGES).to_json()) == parse_part(STAGES)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([{"width": 8}, 3], "expected a layer or stage, i.e. keys and values, found 3"),
        ([{"repeat": 2}], "a repeat needs layers, a list"),
        ([{"repeat": 1.5, "layers": []}], "repeat is 1.5, expected whole numbers from 0 up"),
        ([{"repeat": 2, "times": 2, "layers": []}], "a repeat has no 'times'"),
        ([{"repeat": 2, "same": 1, "layers": []}], "same is 1, expected true or false"),
        ([{"width": {"min": 1}}], "a range needs both min and max"),
    ],
)
def test_what_is_no_layer_is_refused_with_the_reason(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_part(raw)
