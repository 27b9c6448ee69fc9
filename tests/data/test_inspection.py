import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import write_csv
from tuner.data import open_dataset
from tuner.data.inspection import Inspection, inspect

RANDOM = np.random.default_rng(0)


def noise(path: Path, samples: int = 60) -> np.ndarray:
    values = RANDOM.normal(size=(samples, 3))
    write_csv(path, values)
    return values


def inspected(folder: Path, **options: object) -> Inspection:
    return inspect(open_dataset(folder, **{"frequency": 50, **options}))


def test_classes_durations_and_axes_are_summed_up(motion_folder: Callable[..., Path]) -> None:
    inspection = inspected(motion_folder(labels=2, people=3, each=2))

    assert [(c.label, c.recordings, c.groups) for c in inspection.classes] == [("move0", 6, 3), ("move1", 6, 3)]
    assert inspection.durations_s == (2.4, 2.6, 2.8)
    assert inspection.rates_hz == ((50.0, 12),)
    assert inspection.seconds == pytest.approx(4 * (2.4 + 2.6 + 2.8))
    assert inspection.remarks == ()


def test_axis_figures_are_those_of_all_values(motion_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(motion_folder())
    values = np.concatenate([dataset.load(r) for r in dataset.recordings])

    axes = inspect(dataset).axes

    for index, axis in enumerate(axes):
        assert axis.minimum == values[:, index].min()
        assert axis.maximum == values[:, index].max()
        assert axis.mean == pytest.approx(values[:, index].mean(), abs=1e-6)
        assert axis.deviation == pytest.approx(values[:, index].std(), rel=1e-5)


def test_small_changes_of_large_values_are_not_lost(tmp_path: Path) -> None:
    pascal = 101_325 + np.tile([0.0, 0.125], 500)[:, np.newaxis]
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "1.npy", pascal)

    (axis,) = inspected(tmp_path).axes

    assert axis.deviation == pytest.approx(0.0625, rel=1e-6)


def test_a_sensor_at_the_end_of_its_range_is_clipped(tmp_path: Path) -> None:
    for n in range(4):
        values = RANDOM.normal(size=(100, 3))
        values[:, 1] = np.clip(values[:, 1].cumsum(), -2, 2)
        write_csv(tmp_path / "a" / f"{n}.csv", values)

    inspection = inspected(tmp_path)

    assert [axis.clipped > 0.05 for axis in inspection.axes] == [False, True, False]
    assert any("axis 'y' is clipped" in remark and "in 4 recordings" in remark for remark in inspection.remarks)


def test_a_dead_axis_is_told(tmp_path: Path) -> None:
    for label in ("a", "b"):
        values = RANDOM.normal(size=(50, 3))
        values[:, 2] = 7
        write_csv(tmp_path / label / "1.csv", values)

    assert "axis 'z' is 7 throughout" in inspected(tmp_path).remarks


def test_copies_across_given_splits_are_told(tmp_path: Path) -> None:
    for split in ("train", "test"):
        noise(tmp_path / split / "a" / "1.csv")
        noise(tmp_path / split / "b" / "1.csv")
    (tmp_path / "test" / "a" / "copy.csv").write_bytes((tmp_path / "train" / "a" / "1.csv").read_bytes())

    inspection = inspected(tmp_path)

    assert inspection.duplicates == (("test/a/copy.csv", "train/a/1.csv"),)
    assert any("in more than one of the given splits, so that scores look better" in r for r in inspection.remarks)


def test_the_same_content_under_two_labels_is_told(tmp_path: Path) -> None:
    noise(tmp_path / "a" / "1.csv")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.csv").write_bytes((tmp_path / "a" / "1.csv").read_bytes())

    assert any("1 of them has different labels: 'a/1.csv', 'b/1.csv'" in r for r in inspected(tmp_path).remarks)


def test_pieces_of_one_recording_are_no_copies(tmp_path: Path) -> None:
    noise(tmp_path / "a" / "1.csv", samples=100)

    assert inspected(tmp_path, segment="1 s").duplicates == ()


@pytest.mark.parametrize(
    ("labels", "remark"),
    [
        (["run"] * 5, "there is one class, 'run': a classifier needs two"),
        (["Run", "run_", "walk"] * 3, "labels differ only in how they are written: 'Run', 'run_'"),
        (["run"] * 40 + ["walk"] * 3, "classes are uneven: 'run' has 40, 'walk' 3"),
        (["run"] * 5 + ["walk"] * 2, "too few recordings to train, validate and test: 'walk'"),
        (["a1", "a2", "a3", "a4"], "every recording has a label of its own"),
    ],
)
def test_labels_that_look_wrong_are_told(labels: list[str], remark: str, tmp_path: Path) -> None:
    for n, label in enumerate(labels):
        noise(tmp_path / label / f"{n}.csv", samples=20)

    assert any(remark in said for said in inspected(tmp_path).remarks)


def test_a_person_on_both_sides_of_a_given_split_is_told(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label in ("a", "b"):
            noise(tmp_path / split / label / f"ann_{split}.csv")

    inspection = inspected(tmp_path, group_pattern=r"/(\w+)_\w+\.csv")

    assert any("in more than one of the given splits: 'ann'" in remark for remark in inspection.remarks)


def test_targets_far_off_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 7}\n" for n in range(50)) + "50,9999\n"
    (tmp_path / "a.csv").write_text("x,y\n" + rows)

    inspection = inspected(tmp_path, rows="recordings", target_column="y", frequency=None)

    assert any("1 target lies far from all others: 'a.csv#0000050'" in remark for remark in inspection.remarks)


def test_what_was_left_out_is_listed(motion_folder: Callable[..., Path]) -> None:
    folder = motion_folder()
    (folder / "move0" / "p0_0.csv").write_text("x,y,z\n1,2\n")

    inspection = inspect(open_dataset(folder, skip_bad=True))

    assert [problem.path for problem in inspection.problems] == ["move0/p0_0.csv"]


def test_an_inspection_is_json(motion_folder: Callable[..., Path]) -> None:
    document = json.loads(json.dumps(inspected(motion_folder()).to_json(), allow_nan=False))

    assert document["recordings"] == 30
    assert document["windows"]["continuous"][0]["window"]["zero_pad"] is False
    assert [axis["name"] for axis in document["axes"]] == ["x", "y", "z"]


def test_a_real_set_with_test_spectra_among_its_training_data_is_found_out(shared: Path) -> None:
    inspection = inspected(shared / "datasets" / "regression_small" / "Tecator", frequency=1)

    assert len(inspection.duplicates) == 22
    assert any(remark.startswith("8 of them are in more than one of the given splits") for remark in inspection.remarks)
