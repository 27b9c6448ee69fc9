import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuner.data.readers.npz
from tuner.data import BrokenFilesError, Dataset, open_dataset

RANDOM = np.random.default_rng(0)


def opened(path: Path, options: dict[str, Any] | None = None, **arrays: Any) -> Dataset:
    np.savez(path, **arrays)
    return open_dataset(path, **{"frequency": 10, **(options or {})})


def test_stacked_recordings_with_labels(tmp_path: Path) -> None:
    x = RANDOM.normal(size=(3, 8, 2)).astype(np.float32)

    dataset = opened(
        tmp_path / "a.npz",
        x=x,
        y=np.array(["b", "a", "b"]),
        groups=[1, 1, 2],
        frequency_hz=25.0,
        options={"frequency": None},
    )

    assert dataset.labels == ("a", "b")
    assert [(r.label, r.group) for r in dataset.recordings] == [("b", "1"), ("a", "1"), ("b", "2")]
    assert dataset.frequency_hz == 25
    np.testing.assert_array_equal(dataset.load(dataset.recordings[1]), x[1])


def test_recordings_after_one_another_with_their_lengths(tmp_path: Path) -> None:
    values = RANDOM.normal(size=(10, 2)).astype(np.float32)

    dataset = opened(
        tmp_path / "a.npz", values=values, lengths=[4, 6], y=[1, 0], y_labels=["sit", "run"], axes=["u", "v"]
    )

    assert [(r.label, r.samples) for r in dataset.recordings] == [("run", 4), ("sit", 6)]
    assert dataset.axes == ("u", "v")
    np.testing.assert_array_equal(dataset.load(dataset.recordings[1]), values[4:])


def test_train_and_test_arrays_are_given_splits(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "a.npz", x_train=np.ones((2, 5)), y_train=[0, 1], x_test=np.ones((1, 5)), y_test=[1])

    assert [(r.split, r.label) for r in dataset.recordings] == [("test", "1"), ("train", "0"), ("train", "1")]


def test_one_array_a_recording_takes_its_label_from_the_folder(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        np.save(tmp_path / label / "1.npy", RANDOM.normal(size=(6, 3)))

    dataset = open_dataset(tmp_path, frequency=10)

    assert [(r.id, r.label, r.shape) for r in dataset.recordings] == [
        ("a/1.npy", "a", (6, 3)),
        ("b/1.npy", "b", (6, 3)),
    ]


def test_numbers_are_targets_of_a_regression(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "a.npz", x=np.ones((2, 5)), y=[0.5, 1.5], options={"task": "regression"})

    assert [r.target for r in dataset.recordings] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"z": [1]}, "has no array 'values', 'x' or 'data', only z"),
        ({"x": np.ones((2, 5)), "y": [1, 2, 3]}, "has labels of shape (3,) for 2 recordings"),
        ({"x": np.ones((2, 5)), "y": [0, 7], "y_labels": ["a"]}, "has labels 0 to 7, but 1 names of classes"),
        ({"values": np.ones((9, 2)), "lengths": [4, 4]}, "has 'lengths' that add up to 8, but 9 samples"),
        ({"values": np.ones((9, 2)), "lengths": [10, -1]}, "'lengths' that are not a list of whole numbers"),
        ({"x": np.ones((2, 5)), "y": [1, 2], "group": ["a"]}, "has groups of shape (1,) for 2 recordings"),
        ({"x": np.ones((2, 5, 3)), "y": [1, 2], "axes": ["a"]}, "has 3 axes, but 1 names of axes: a"),
        ({"x": np.ones((2, 5, 3, 3)), "y": [1, 2]}, "a recording of 3 dimensions"),
        ({"x": np.array(["a"])}, "has values of type <U1, expected numbers"),
        ({"x": np.array([{}], dtype=object)}, "is not a NumPy archive: Object arrays cannot be loaded"),
        ({"x": np.array([[1.0, np.nan]]), "y": [1]}, "a.npz#000000: sample 1 of axis 0 is missing (NaN)"),
        ({"x": np.ones((2, 0)), "y": [1, 2]}, "holds no values"),
    ],
)
def test_what_is_wrong_is_said(arrays: dict[str, Any], found: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFilesError) as error:
        opened(tmp_path / "a.npz", **arrays)

    assert found in str(error.value)


def test_an_archive_that_grows_out_of_all_proportion_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuner.data.readers.npz, "_LARGEST_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(2 << 20))

    with pytest.raises(BrokenFilesError, match=r"a.npz: grows \d+-fold to 2.0 MiB when unpacked"):
        open_dataset(tmp_path, frequency=10)


@pytest.mark.parametrize("kept", [0, 30, 200])
def test_a_truncated_archive_is_told(kept: int, tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", x=np.ones((2, 50)), y=[1, 2])
    (tmp_path / "b.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:kept])

    with pytest.raises(BrokenFilesError, match="is not a NumPy archive"):
        open_dataset(tmp_path, frequency=10)


def test_watch_data_has_its_exercises_and_people(shared: Path) -> None:
    dataset = open_dataset(shared / "datasets" / "motion_watch_seglearn" / "watch.npz", frequency="50 Hz")

    assert len(dataset.recordings) == 140
    assert dataset.labels == ("ABD", "ER", "FEL", "IR", "PEN", "ROW", "TRAP")
    assert len({r.group for r in dataset.recordings}) == 10
    assert dataset.axes == ("ax", "ay", "az", "wx", "wy", "wz")
