"""The manual of data sets says what the code does."""

import re
from pathlib import Path

import yaml

from tuner.data.description import Description, describe
from tuner.data.readers import ANNOTATED, PLAIN

MANUAL = (Path(__file__).parents[2] / "docs" / "data-sets.md").read_text(encoding="utf-8")


def rows_below(heading: str) -> dict[str, str]:
    section = MANUAL.partition(heading)[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, flags=re.MULTILINE))


def test_every_key_stands_in_the_manual_with_its_meaning() -> None:
    described = {name: " ".join((field.description or "").split()) for name, field in Description.model_fields.items()}

    assert rows_below("## dataset.yaml") == described


def test_every_reader_stands_in_the_manual() -> None:
    assert set(rows_below("# Data sets")) == {reader.name for reader in (*ANNOTATED, *PLAIN)}


def test_the_example_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", MANUAL, flags=re.DOTALL)
    (tmp_path / "dataset.yaml").write_text(example)

    description = describe(tmp_path, {})

    assert description.frequency == 50
    assert set(yaml.safe_load(example)) == description.model_fields_set
