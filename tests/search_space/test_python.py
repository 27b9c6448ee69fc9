from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner import Study
from tuner.errors import ConfigError
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest
from tuner.search_space import PythonSpace, open_space, stored_space

EXAMPLE = Path(__file__).parents[2] / "examples" / "motion" / "space.py"


def written(folder: Path, body: str) -> Path:
    path = folder / "mine.py"
    path.write_text(f"def space(suggest):\n    {body}\n", encoding="utf-8")
    return path


def test_what_is_asked_for_depends_on_what_was_answered() -> None:
    space = open_space(EXAMPLE)

    raw = RecordingSuggest(FixedSuggest({"preprocessing": "raw"}, otherwise=RandomSuggest(np.random.default_rng(0))))
    candidate = space.sample(raw)

    assert candidate.architecture.type == "conv1d"
    assert "architecture.conv1d.filters" in raw.parameters
    assert "architecture.dense.neurons" not in raw.parameters
    assert {"architecture.dense.neurons", "compression"} <= set(space.parameters())


def test_the_text_of_the_file_is_what_a_study_keeps(tmp_path: Path) -> None:
    space = open_space(EXAMPLE)

    again = stored_space(space.to_json())

    assert again == space
    assert isinstance(again, PythonSpace)


def test_a_study_searches_the_space_and_resumes_without_the_file(toy_motion: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("epochs=30", "epochs=2"), encoding="utf-8")
    spec: dict[str, Any] = {
        "name": "mine",
        "dataset": {"path": str(toy_motion)},
        "search_space": str(path),
        "devices": ["raspberry-pi-pico"],
        "limits": {"trials": 2},
        "workers": 0,
    }
    study = Study.create(spec, studies=tmp_path / "studies")
    path.unlink()

    study.run()

    assert study.summary.search_space == "mine"
    assert study.counts.trained == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 1", "mine: space() returned int, expected a tuner.Candidate"),
        ("return 1 / 0", "mine: space() raised ZeroDivisionError: division by zero"),
        ("return (", "mine.py: cannot be run: SyntaxError"),
    ],
)
def test_a_file_that_does_not_work_is_refused_with_the_reason(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        open_space(written(tmp_path, body))

    assert message in str(refusal.value)


def test_a_file_without_a_space_is_told_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("", encoding="utf-8")

    with pytest.raises(ConfigError, match="has no function 'space'"):
        open_space(tmp_path / "empty.py")


def test_a_part_that_nobody_knows_is_found_before_the_study_begins(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace('"conv1d", depth', '"conv3d", depth'), encoding="utf-8")

    with pytest.raises(ConfigError, match="mine: no architecture 'conv3d'"):
        open_space(path)
