from pathlib import Path

import pytest

from tuner.data.description import Description, describe
from tuner.data.readers import ANNOTATED, PLAIN
from tuner.errors import ConfigError


def test_every_key_is_described() -> None:
    assert [name for name, field in Description.model_fields.items() if not field.description] == []


def test_the_reader_key_names_every_format() -> None:
    described = Description.model_fields["reader"].description or ""

    assert all(reader.name in described for reader in (*ANNOTATED, *PLAIN))


def test_what_is_written_is_typed(tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_text("frequency: 16 kHz\nsegment: 2 s\naxes: [x, y]\n")

    description = describe(tmp_path, {"axes": ["z"]})

    assert (description.frequency, description.segment, description.axes) == (16000.0, 2.0, ("z",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("frequency: fast", "dataset.yaml: frequency: 'fast' is not a frequency"),
        ("segment: 5", "dataset.yaml: segment: '5' is not a duration"),
        ("label_pattern: '(a)(b)'", "has 2 groups in parentheses"),
        ("task: guessing", "dataset.yaml: task: there is no 'guessing'"),
        ("axes: [", "dataset.yaml: line 2, column 1: not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_text(text)

    with pytest.raises(ConfigError) as error:
        describe(tmp_path, {})

    assert found in str(error.value)
