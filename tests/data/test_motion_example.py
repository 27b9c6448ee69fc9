import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from tuner.data import open_dataset
from tuner.data.splits import split

PREPARE = Path(__file__).parents[2] / "examples" / "motion" / "prepare.py"


def prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(PREPARE), str(folder)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        distribution("seglearn")
    except PackageNotFoundError:
        pytest.skip("the recordings come with seglearn: pip install --no-deps seglearn==1.2.5")
    folder = tmp_path_factory.mktemp("made") / "motion"
    done = prepare(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_motion_data_set_opens_without_options_and_splits_by_person(folder: Path) -> None:
    dataset = open_dataset(folder)

    assert len(dataset.recordings) == 140
    assert dataset.labels == ("ABD", "ER", "FEL", "IR", "PEN", "ROW", "TRAP")
    assert dataset.frequency_hz == 50
    assert len({recording.group for recording in dataset.recordings}) == 10
    splits = split(dataset, by="group")
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [84, 28, 28]
    assert not splits.warnings


def test_its_values_labels_and_people_are_those_of_the_study(folder: Path, shared: Path) -> None:
    made = open_dataset(folder)
    original = np.load(shared / "datasets" / "motion_watch_seglearn" / "watch.npz")
    arrays = np.split(original["values"], np.cumsum(original["lengths"])[:-1])
    expected = {
        (str(original["y_labels"][y]), f"person{person:02d}", array.tobytes())
        for array, y, person in zip(arrays, original["y"], original["subject"], strict=True)
    }

    assert {(r.label, r.group, made.load(r).tobytes()) for r in made.recordings} == expected


def test_preparing_again_changes_nothing(folder: Path) -> None:
    before = (folder / "dataset.yaml").stat().st_mtime_ns

    done = prepare(folder)

    assert done.returncode == 0
    assert "is there already" in done.stdout
    assert (folder / "dataset.yaml").stat().st_mtime_ns == before


def test_another_folder_is_not_written_into(folder: Path, tmp_path: Path) -> None:
    done = prepare(tmp_path)

    assert done.returncode == 1
    assert "is not this data set" in done.stderr
    assert not list(tmp_path.iterdir())
