from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from tuner.config import read_mapping, validated
from tuner.errors import ConfigError


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner
    several: list[Inner] = []


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        validated(Outer, {"nam": "x", "inner": {"width": "wide"}}, source="outer.yaml")

    lines = caught.value.message.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("outer.yaml: ") for line in lines)
    assert "outer.yaml: missing key 'name'" in lines[0]
    assert "unknown key 'nam'" in caught.value.message
    assert "did you mean 'name'?" in caught.value.hint


def test_a_key_inside_a_list_is_named_by_its_path_and_the_nearest_of_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        validated(Outer, {"name": "x", "inner": {"width": 1}, "several": [{"width": 1, "widht": 2}]}, source="o.yaml")

    assert "unknown key 'several.0.widht'" in caught.value.message
    assert "did you mean 'width'?" in caught.value.hint


def test_yaml_that_does_not_parse_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("name: x\ninner: [1, 2\nother: 3\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"study\.yaml: line 3"):
        read_mapping(path)


def test_a_list_where_keys_are_expected_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("- 1\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="expected keys"):
        read_mapping(path)


def test_a_missing_file_is_named_with_the_nearest_beside_it(tmp_path: Path) -> None:
    (tmp_path / "gestures.yaml").touch()

    with pytest.raises(ConfigError, match="there is no such file") as caught:
        read_mapping(tmp_path / "gesture.yaml")

    assert "gestures.yaml" in caught.value.hint
