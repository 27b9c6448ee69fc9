import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import write_csv
from tuner.data import BrokenFilesError, open_dataset
from tuner.errors import ConfigError, DataError


def test_labels_come_from_folders_and_groups_from_the_pattern(motion_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(motion_folder(labels=2, people=2, each=1))

    assert dataset.labels == ("move0", "move1")
    assert [(r.id, r.label, r.group) for r in dataset.recordings] == [
        ("move0/p0_0.csv", "move0", "p0"),
        ("move0/p1_0.csv", "move0", "p1"),
        ("move1/p0_0.csv", "move1", "p0"),
        ("move1/p1_0.csv", "move1", "p1"),
    ]
    assert dataset.axes == ("x", "y", "z")
    assert dataset.frequency_hz == 50
    assert dataset.task == "classification"
    assert dataset.ignored == ()


def test_loading_returns_the_values_of_the_file(tmp_path: Path) -> None:
    values = np.round(np.random.default_rng(0).normal(size=(30, 3)), 5).astype(np.float32)
    write_csv(tmp_path / "a" / "1.csv", values)

    dataset = open_dataset(tmp_path, frequency="10 Hz")

    np.testing.assert_array_equal(dataset.load(dataset.recordings[0]), values)
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0], 5, 9), values[5:9])


def test_what_is_loaded_cannot_be_changed_under_the_next_caller(motion_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(motion_folder())

    with pytest.raises(ValueError, match="read-only"):
        dataset.load(dataset.recordings[0])[0, 0] = 1


def test_the_fingerprint_is_that_of_the_content_wherever_it_lies(
    motion_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = motion_folder()
    shutil.copytree(folder, tmp_path / "elsewhere")

    assert open_dataset(tmp_path / "elsewhere").fingerprint == open_dataset(folder).fingerprint


@pytest.mark.parametrize("change", ["value", "label", "group", "file"])
def test_the_fingerprint_changes_with_anything_training_can_see(
    change: str, motion_folder: Callable[..., Path]
) -> None:
    folder = motion_folder()
    before = open_dataset(folder).fingerprint
    changed = folder / "move0" / "p0_0.csv"

    if change == "value":
        changed.write_text(changed.read_text().replace("1", "2", 1))
    elif change == "label":
        changed.rename(folder / "move1" / "p0_new.csv")
    elif change == "group":
        (folder / "dataset.yaml").write_text("frequency: 50 Hz\n")
    else:
        changed.unlink()

    assert open_dataset(folder).fingerprint != before


def test_options_take_the_place_of_what_the_description_says(motion_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(motion_folder(), frequency="100 Hz", name="mine")

    assert (dataset.frequency_hz, dataset.name) == (100.0, "mine")


def test_an_unknown_key_is_named_with_the_nearest(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "dataset.yaml").write_text("frequenzy: 50 Hz\n")

    with pytest.raises(ConfigError, match=r"dataset.yaml: unknown key 'frequenzy'\. Hint: did you mean 'frequency'"):
        open_dataset(folder)


def test_a_wrong_pattern_is_named(motion_folder: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match=r"group_pattern: .* is not a regular expression"):
        open_dataset(motion_folder(), group_pattern="(p")


def test_without_a_rate_the_user_is_told_where_to_write_it(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "dataset.yaml").unlink()

    with pytest.raises(BrokenFilesError, match="does not say how fast it was sampled") as error:
        open_dataset(folder)

    assert "frequency: 50 Hz" in error.value.hint


def test_all_broken_files_are_named_in_one_report(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "move0" / "p0_0.csv").write_text("x,y,z\n1,2,3\n4,5\n")
    (folder / "move1" / "p1_0.csv").write_text("x,y,z\n1,2,3\n4,nan,6\n")
    (folder / "move1" / "p2_0.csv").write_text("x,y\n1,2\n")
    (folder / "move2" / "p0_0.csv").write_text("")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == [
        "move0/p0_0.csv",
        "move1/p1_0.csv",
        "move2/p0_0.csv",
        "move1/p2_0.csv",
    ]
    assert "4 problems in 4 files" in str(error.value)
    assert "line 3 holds 2 values, the first line 3" in str(error.value)
    assert "has 2 axes (x, y), most recordings have 3 axes (x, y, z)" in str(error.value)


def test_on_request_the_bad_ones_are_left_out_and_listed(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "move0" / "p0_0.csv").write_text("x,y,z\n1,2,3\n4,5\n")

    dataset = open_dataset(folder, skip_bad=True)

    assert len(dataset.recordings) == 29
    assert [problem.path for problem in dataset.skipped] == ["move0/p0_0.csv"]


def test_files_that_are_no_data_are_listed(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "README.md").write_text("words")
    (folder / ".hidden").write_text("words")

    assert open_dataset(folder).ignored == ("README.md",)


def test_a_link_out_of_the_folder_is_a_problem(motion_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = motion_folder()
    (tmp_path / "secret.csv").write_text("x,y,z\n1,2,3\n")
    (folder / "move0" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "all").symlink_to(tmp_path)

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == ["all", "move0/link.csv"]
    assert "leads out of the data set's folder" in str(error.value)


def test_a_link_within_the_folder_is_followed(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "move0" / "again.csv").symlink_to(folder / "move0" / "p0_0.csv")

    assert len(open_dataset(folder).recordings) == 31


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder"):
        open_dataset(tmp_path / "none")


def test_a_folder_without_data_names_the_known_formats(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").write_text("words")

    with pytest.raises(DataError, match=r"none of its 1 files is data of a known format; their endings: \.docx"):
        open_dataset(tmp_path)


def test_an_unknown_reader_is_named_with_the_nearest(motion_folder: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match="did you mean 'csv'"):
        open_dataset(motion_folder(), reader="cvs")


def test_a_file_that_changes_later_is_noticed(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    dataset = open_dataset(folder)
    (folder / "move0" / "p0_0.csv").write_text("x,y,z\n1,2,3\n")

    with pytest.raises(DataError, match="has changed since the data set was opened"):
        dataset.load(dataset.recordings[0])


def test_long_recordings_are_cut_up_on_request(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder(labels=1, people=1, each=1, samples=120)
    whole = open_dataset(folder)

    pieces = open_dataset(folder, segment="1 s")

    assert [r.samples for r in pieces.recordings] == [50, 50, 20]
    assert len({r.session for r in pieces.recordings}) == 1
    joined = np.concatenate([pieces.load(r) for r in pieces.recordings])
    np.testing.assert_array_equal(joined, whole.load(whole.recordings[0]))


def test_clocks_of_two_boards_may_differ_by_a_percent(tmp_path: Path) -> None:
    for name, step in (("a", 10), ("b", 10), ("c", 10.05)):
        rows = "".join(f"{n * step},{n}\n" for n in range(5))
        (tmp_path / f"{name}.csv").write_text("time_ms,x\n" + rows)

    dataset = open_dataset(tmp_path)

    assert {r.frequency_hz for r in dataset.recordings} == {100.0}


def test_an_empty_folder_is_a_class_without_recordings(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "move9").mkdir()

    with pytest.raises(BrokenFilesError, match="move9: is an empty folder"):
        open_dataset(folder)


def test_a_class_of_which_nothing_is_left_is_named(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder(labels=3, people=1, each=1)
    (folder / "move1" / "p0_0.csv").write_text("x,y,z\n1,2\n")

    dataset = open_dataset(folder, skip_bad=True)

    assert "move1: is a class of which no recording can be used" in map(str, dataset.skipped)


def test_importing_the_package_loads_no_library_that_only_some_data_need() -> None:
    heavy = {"pandas", "scipy", "plotly", "PIL", "soundfile", "pyarrow", "cbor2", "tensorflow", "ray"}
    code = f"import sys, tuner.data, tuner.data.windows, tuner.data.splits; print({heavy!r} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_a_pattern_finds_the_target_of_a_regression_in_the_path(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder(labels=1, people=3, each=1)

    dataset = open_dataset(folder, target_pattern=r"/p(\d+)_")

    assert dataset.task == "regression"
    assert [recording.target for recording in dataset.recordings] == [0.0, 1.0, 2.0]
    with pytest.raises(BrokenFilesError, match="the target 'move0', matched by target_pattern, is not a number"):
        open_dataset(folder, target_pattern="^[a-z0-9]+")


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["run/1.csv", "walk/1.csv"], ("run", "walk")),
        (["train/run/1.csv", "test/walk/1.csv"], ("run", "walk")),
        (["all/run_1.csv", "all/run_2.csv", "all/walk_1.csv", "all/walk_2.csv"], ("run", "walk")),
        (["run.1.csv", "run.2.csv", "walk.1.csv"], ("run", "walk")),
        (["normal/0001.csv", "normal/0002.csv", "normal/0003.csv"], ("normal",)),
        (["run/ann/1.csv", "walk/bob/1.csv"], ("run", "walk")),
    ],
)
def test_labels_are_where_people_put_them(names: list[str], labels: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        write_csv(tmp_path / name, np.ones((3, 3)))

    assert open_dataset(tmp_path, frequency=10).labels == labels


def test_a_path_that_the_pattern_does_not_match_has_no_label(motion_folder: Callable[..., Path]) -> None:
    with pytest.raises(BrokenFilesError, match=r"move1/p0_0\.csv: has no label"):
        open_dataset(motion_folder(labels=2, people=1, each=1), label_pattern="move0")
