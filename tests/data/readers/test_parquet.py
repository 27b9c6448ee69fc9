from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tuner.data.readers.parquet
from tuner.data import BrokenFilesError, open_dataset


def test_a_table_with_ids_labels_and_times(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "recording": [1, 1, 2, 2],
            "label": ["a", "a", "b", "b"],
            "timestamp": pd.to_datetime([0, 10, 0, 10], unit="ms", utc=True),
            "x": np.array([1, 2, 3, 4], np.int16),
        }
    )
    frame.to_parquet(tmp_path / "all.parquet")

    dataset = open_dataset(tmp_path)

    assert dataset.labels == ("a", "b")
    assert dataset.frequency_hz == 100
    assert [dataset.load(r).tolist() for r in dataset.recordings] == [[[1], [2]], [[3], [4]]]


def test_one_file_a_recording_with_the_label_of_its_folder(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}).to_parquet(tmp_path / label / "1.parquet")

    dataset = open_dataset(tmp_path, frequency=10)

    assert [(r.label, r.shape) for r in dataset.recordings] == [("a", (2, 2)), ("b", (2, 2))]


@pytest.mark.parametrize("kept", [0, 10, 300])
def test_a_truncated_table_is_named(kept: int, tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0, 2.0]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:kept])

    with pytest.raises(BrokenFilesError, match=r"a\.parquet: is not a Parquet table"):
        open_dataset(tmp_path, frequency=10)


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0, None]}).to_parquet(tmp_path / "a.parquet")

    with pytest.raises(BrokenFilesError, match=r"a\.parquet: sample 1 of axis 0 is missing"):
        open_dataset(tmp_path, frequency=10)


def test_a_cell_that_is_no_number_is_named_by_its_row(tmp_path: Path) -> None:
    pd.DataFrame({"x": ["1", "two"]}).to_parquet(tmp_path / "a.parquet")

    with pytest.raises(BrokenFilesError, match=r"a\.parquet: row 1: x is 'two', expected a number"):
        open_dataset(tmp_path, frequency=10)


def test_a_small_file_that_holds_more_than_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner.data.readers.parquet, "_MOST_VALUES", 1000)
    pd.DataFrame({"x": np.zeros(2000)}).to_parquet(tmp_path / "a.parquet")

    with pytest.raises(BrokenFilesError, match=r"a\.parquet: holds 2000 rows of 1 columns, too many to read at once"):
        open_dataset(tmp_path, frequency=10)
