from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from tuner.config import NotYamlError, read_yaml
from tuner.edited_text import check_text
from tuner.search_space.edit import check_space


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int
    tags: tuple[str, ...] = ()


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: tuple[Inner, ...]


TEXT = """\
name: x
inner:
  - size: 1
  - sise: 2
    tags: [a]
"""


def test_messages_stand_at_the_line_of_their_key() -> None:
    flaws = check_text(Outer, TEXT).flaws

    assert [(flaw.line, flaw.column, flaw.key) for flaw in flaws] == [(4, 5, "inner.1.size"), (4, 5, "inner.1.sise")]
    assert "did you mean 'size'" in flaws[1].hint


def test_a_text_without_flaws_is_its_model() -> None:
    checked = check_text(Outer, TEXT.replace("sise", "size"))

    assert checked.flaws == ()
    assert checked.model == Outer(name="x", inner=(Inner(size=1), Inner(size=2, tags=("a",))))


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1", 1), ("a: 1\nb: *nobody", 2), ("- 1", 1), ("", 1), ("a: 2001-99-99", 1)]
)
def test_what_is_no_mapping_in_yaml_is_said_so(text: str, line: int) -> None:
    (flaw,) = check_text(Outer, text).flaws

    assert flaw.line == line


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    assert (check_text(Outer, text).model is None) == bool(check_text(Outer, text).flaws)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=20,
    )
)
def test_what_yaml_says_is_read_as_it_was_written(data: Any) -> None:
    assert read_yaml(yaml.safe_dump(data), source="text") == data


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000])
def test_texts_too_deep_for_the_reader_are_refused(text: str) -> None:
    """libyaml would end the process."""
    with pytest.raises(NotYamlError, match="more than 100 levels"):
        read_yaml(text, source="text")


def test_little_text_cannot_become_much() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    with pytest.raises(NotYamlError, match="values"):
        read_yaml("\n".join(lines), source="text")
    with pytest.raises(NotYamlError, match="inside of what it names"):
        read_yaml("a: &a [*a]", source="text")
    assert read_yaml("a: &a [1]\nb: *a", source="text") == {"a": [1], "b": [1]}


SPACE = """\
include: motion-continuous
"""
OWN = """\
window: {size_ms: 1000, stride: 0.5}
preprocessing: flatten
architecture:
  - {type: dense, layers: 1, neurons: 8, dropout: 0.0}
  - type: dens
training:
  optimizer: {type: adam, learning_rate: 0.01}
  batch_size: 16
  epochs: 4
  patience: 4
compression: int8
"""


def test_alternatives_of_a_space_are_found_at_their_line() -> None:
    (flaw,) = check_space(OWN).flaws

    assert (flaw.line, flaw.key) == (5, "architecture.1")
    assert "did you mean 'dense'" in flaw.hint
    assert check_space(OWN.replace("  - type: dens\n", "")).model is not None


def test_a_space_may_include_shipped_ones_and_nothing_else() -> None:
    assert check_space(SPACE).model is not None

    (flaw,) = check_space("name: x\ninclude: ../secret.yaml").flaws

    assert (flaw.line, flaw.key) == (2, "include")
