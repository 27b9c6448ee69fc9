from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tuner.cli.datasets import datasets
from tuner.data import BrokenFilesError
from tuner.errors import ConfigError, InputError


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(datasets, ["inspect", *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for label in ("run", "walk"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for n in range(4):
            rows = "\n".join(f"{x:.4f},{y:.4f}" for x, y in random.normal(size=(200, 2)))
            (tmp_path / "data" / label / f"{n}.csv").write_text(f"x,y\n{rows}\n")
    (tmp_path / "data" / "dataset.yaml").write_text("frequency: 50 Hz\n")
    return tmp_path / "data"


def test_a_summary_names_classes_axes_and_windows(folder: Path) -> None:
    result = run(str(folder))

    assert result.exit_code == 0
    for text in ("data  classification, 8 recordings, read as csv", "at 50 Hz", "walk", "windows for continuous data"):
        assert text in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_json_is_the_whole_inspection(folder: Path) -> None:
    document = json.loads(run(str(folder), "--json").stdout)

    assert document["task"] == "classification"
    assert [entry["label"] for entry in document["classes"]] == ["run", "walk"]
    assert document["problems"] == []


def test_problems_are_all_named_and_the_exit_code_says_so(folder: Path) -> None:
    (folder / "run" / "0.csv").write_text("x,y\n1\n")
    (folder / "walk" / "3.csv").write_text("x,y\n1,nan\n")

    result = run(str(folder))

    assert result.exit_code == 2
    assert "problem: run/0.csv: line 2 holds 1 values, the first line 2" in result.stdout
    assert "problem: walk/3.csv: sample 0 of axis 1 is missing" in result.stdout
    assert run(str(folder), "--skip-bad").exit_code == 0
    assert len(json.loads(run(str(folder), "--json").stdout)["problems"]) == 2


def test_nothing_usable_names_every_file(folder: Path) -> None:
    (folder / "dataset.yaml").unlink()

    result = run(str(folder))

    assert isinstance(result.exception, BrokenFilesError)
    assert len(result.exception.problems) == 8 + 2


def test_options_stand_for_what_the_description_would_say(folder: Path) -> None:
    document = json.loads(run(str(folder), "--option", "frequency=100 Hz", "-o", "axes=[y]", "--json").stdout)

    assert document["frequency_hz"] == 100
    assert [axis["name"] for axis in document["axes"]] == ["y"]


def test_a_wrong_option_says_how_to_write_it(folder: Path) -> None:
    assert isinstance(run(str(folder), "-o", "frequency").exception, InputError)
    unknown = run(str(folder), "-o", "frequenzy=1").exception
    assert isinstance(unknown, ConfigError)
    assert "did you mean 'frequency'" in str(unknown)


def test_the_drawing_is_written_where_asked(folder: Path, tmp_path: Path) -> None:
    result = run(str(folder), "--html", str(tmp_path / "drawn.html"))

    assert result.exit_code == 0
    assert "<h3>walk</h3>" in (tmp_path / "drawn.html").read_text()
