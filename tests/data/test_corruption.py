"""Whatever happens to a file, opening its data set ends in a data set or in an error that names the file."""

import random
import shutil
from pathlib import Path

import pytest

from tests.data.corruption import FORMATS, corrupt, dropped
from tuner.data import open_dataset
from tuner.data.inspection import inspect
from tuner.errors import DataError

VARIANTS = 12


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_are_valid_before_they_are_broken(name: str, tmp_path: Path) -> None:
    options = FORMATS[name](tmp_path)

    dataset = open_dataset(tmp_path, **options)

    assert len(dataset.recordings) in {4, 8}
    assert not dataset.ignored


@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_file_is_read_or_named_and_never_dropped(name: str, tmp_path: Path) -> None:
    options = FORMATS[name](tmp_path / "valid")
    chance = random.Random(name)

    for number in range(VARIANTS):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "valid", folder)
        path = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
        path.write_bytes(corrupt(path.read_bytes(), chance))

        try:
            dataset = open_dataset(folder, skip_bad=True, **options)
        except DataError:
            continue

        assert not dropped(dataset, folder)
        assert all(dataset.load(recording).shape == recording.shape for recording in dataset.recordings)
        inspect(dataset)
