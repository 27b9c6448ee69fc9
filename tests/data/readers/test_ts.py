from pathlib import Path

import pytest

from tuner.data import BrokenFilesError, Dataset, open_dataset

HEAD = "#words\n@problemName Walk\n@timeStamps false\n@classLabel true a b\n@data\n"


def opened(folder: Path, text: str, name: str = "Walk_TRAIN.ts") -> Dataset:
    (folder / name).write_text(text)
    return open_dataset(folder, frequency=10)


def test_dimensions_are_axes_and_the_last_field_is_the_class(tmp_path: Path) -> None:
    dataset = opened(tmp_path, HEAD + "1,2,3:4,5,6:a\n7,8:9,10:b\n")

    assert dataset.axes == ("axis1", "axis2")
    assert [(r.label, r.samples, r.split) for r in dataset.recordings] == [("a", 3, "train"), ("b", 2, "train")]
    assert dataset.load(dataset.recordings[0]).tolist() == [[1, 4], [2, 5], [3, 6]]


def test_the_test_file_is_the_test_split(tmp_path: Path) -> None:
    (tmp_path / "Walk_TEST.ts").write_text(HEAD + "5,6:b\n")

    dataset = opened(tmp_path, HEAD + "1,2:a\n")

    assert [(r.path, r.split) for r in dataset.recordings] == [("Walk_TEST.ts", "test"), ("Walk_TRAIN.ts", "train")]


def test_targets_make_a_regression(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "@problemName Fat\n@targetLabel true\n@data\n1,2:0.5\n3,4:1.5\n")

    assert dataset.task == "regression"
    assert [r.target for r in dataset.recordings] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "has no @data"),
        ("@problemName x\n@data\n1:a\n", "has neither a @classLabel nor a @targetLabel"),
        ("@timeStamps true\n@classLabel true a\n@data\n(0,1):a\n", "has time stamps in its series"),
        (HEAD, "has no series"),
        (HEAD + "1,2,3\n", "line 6: has no class or target after a colon"),
        (HEAD + "1,2:3,4,5:a\n", "line 6: its dimensions have 2 and 3 values"),
        (HEAD + "1,x:a\n", "line 6: could not convert string to float: 'x'"),
        (HEAD + "1,2:a\n1,2:1,2:b\n", "series 000001 has 2 dimensions, the first 1"),
        (HEAD + "1,?:a\n", "#000000: sample 1 of axis 0 is missing (NaN)"),
        (HEAD + "1,2:\n", "#000000: has no label"),
        ("@targetLabel true\n@data\n1,2:fat\n", "line 3: has the target 'fat', expected a number"),
        ("@targetLabel true\n@data\n1,2:nan\n", "line 3: has the target 'nan', expected a finite number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFilesError) as error:
        opened(tmp_path, text)

    assert found in str(error.value)


@pytest.mark.parametrize(
    ("name", "recordings", "axes", "classes"),
    [("BasicMotions", 80, 6, 4), ("PickupGestureWiimoteZ", 100, 1, 10), ("JapaneseVowels", 640, 12, 9)],
)
def test_sets_of_the_archive_keep_their_splits(
    name: str, recordings: int, axes: int, classes: int, shared: Path
) -> None:
    dataset = open_dataset(shared / "datasets" / "ts_ucr_uea" / name, frequency=10)

    assert (len(dataset.recordings), len(dataset.axes), len(dataset.labels)) == (recordings, axes, classes)
    assert {r.split for r in dataset.recordings} == {"train", "test"}


def test_fat_of_meat_is_a_regression(shared: Path) -> None:
    dataset = open_dataset(shared / "datasets" / "regression_small" / "Tecator", frequency=1)

    assert dataset.task == "regression"
    assert len(dataset.recordings) == 215
