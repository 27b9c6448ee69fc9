from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from tuner.dsp.registry import SHIPPED
from tuner.models import FAMILIES
from tuner.package_data import data_folder
from tuner.search_space import space_names
from tuner.search_space.reference import files, space_reference, space_schema


def test_reference_and_schema_are_up_to_date() -> None:
    """Run `python -m tuner.search_space.reference` after a change."""
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_every_block_family_and_space_is_in_the_reference() -> None:
    text = space_reference()

    assert all(f"### `{name}`" in text for name in (*SHIPPED, *FAMILIES))
    assert all(f"[{name}]({name}.yaml)" in text for name in space_names())


def test_no_table_has_a_kind_that_the_reference_cannot_name() -> None:
    rows = [line.split(" | ") for line in space_reference().splitlines() if line.startswith("| `")]

    assert [row for row in rows if row[1] == "keys below"] == []


@pytest.mark.parametrize("name", space_names())
def test_every_shipped_space_follows_the_schema(name: str) -> None:
    assert list(jsonschema.Draft202012Validator(space_schema()).iter_errors(_shipped(name))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"windows": 1},
        {"compression": "int9"},
        {"preprocessing": {"type": "flatten", "minimun": True}},
        {"architecture": {"type": "dense", "layers": {"min": 1}}},
        {"training": {"optimizer": "adam"}},
    ],
)
def test_what_is_wrong_is_wrong_by_the_schema_too(change: Mapping[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(space_schema())

    assert not validator.is_valid(_shipped("motion-continuous") | dict(change))


def _shipped(name: str) -> dict[str, Any]:
    return yaml.safe_load((data_folder("search_spaces") / f"{name}.yaml").read_text(encoding="utf-8"))
