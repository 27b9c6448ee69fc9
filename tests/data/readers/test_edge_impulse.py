import json
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest

from tuner.data import BrokenFilesError, open_dataset

VALUES = [[float(n), float(-n), 0.5] for n in range(100)]


def acquisition(values: Any = VALUES, **changes: Any) -> dict[str, Any]:
    payload = {
        "device_type": "BOARD",
        "interval_ms": 10,
        "sensors": [{"name": f"acc{axis}", "units": "m/s2"} for axis in "xyz"],
        "values": values,
    }
    return {"protected": {"ver": "v1"}, "signature": "00", "payload": payload | changes}


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def info(*files: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "files": list(files)}


def named(path: str, label: Any, **more: Any) -> dict[str, Any]:
    category = "testing" if path.startswith("testing") else "training"
    return {"path": path, "name": path, "category": category, "label": label, **more}


def simple(label: str) -> dict[str, str]:
    return {"type": "label", "label": label}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "training" / "one.json", acquisition())
    write(tmp_path / "testing" / "two.json", acquisition())
    write(
        tmp_path / "info.labels",
        info(
            named("training/one.json", simple("idle"), metadata={"site": "north"}),
            named("testing/two.json", simple("run")),
        ),
    )
    return tmp_path


def test_labels_splits_sensors_and_interval_come_from_the_export(folder: Path) -> None:
    dataset = open_dataset(folder, group_column="site")

    assert [(r.id, r.label, r.split, r.group) for r in dataset.recordings] == [
        ("testing/two.json", "run", "test", ""),
        ("training/one.json", "idle", "train", "north"),
    ]
    assert dataset.axes == ("accx", "accy", "accz")
    assert dataset.frequency_hz == 100
    assert dataset.ignored == ()
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0]), np.array(VALUES, np.float32))


def test_cbor_reads_as_json_does(folder: Path) -> None:
    (folder / "training" / "three.cbor").write_bytes(cbor2.dumps(acquisition()))
    document = json.loads((folder / "info.labels").read_text())
    write(folder / "info.labels", info(*document["files"], named("training/three.cbor", simple("idle"))))

    dataset = open_dataset(folder)

    three, one = dataset.recording("training/three.cbor"), dataset.recording("training/one.json")
    assert (three.label, three.digest) == ("idle", one.digest)


def test_without_a_file_of_labels_the_name_up_to_the_first_dot_is_the_label(tmp_path: Path) -> None:
    write(tmp_path / "training" / "up_down.1.json", acquisition())

    assert open_dataset(tmp_path).labels == ("up_down",)


def test_labels_of_parts_cut_a_sample(tmp_path: Path) -> None:
    write(tmp_path / "training" / "one.json", acquisition())
    parts = [{"startIndex": 0, "endIndex": 39, "label": "idle"}, {"startIndex": 40, "endIndex": 99, "label": "run"}]
    write(
        tmp_path / "training" / "structured_labels.labels",
        {"version": 1, "type": "structured-labels", "structuredLabels": {"one.json": parts}},
    )

    dataset = open_dataset(tmp_path)

    assert [(r.label, r.samples, r.session) for r in dataset.recordings] == [
        ("idle", 40, "training/one.json"),
        ("run", 60, "training/one.json"),
    ]
    np.testing.assert_array_equal(dataset.load(dataset.recordings[1]), np.array(VALUES[40:], np.float32))


def test_parts_in_milliseconds_are_told_by_where_they_end(tmp_path: Path) -> None:
    write(tmp_path / "training" / "one.json", acquisition())
    parts = [{"startIndex": 0, "endIndex": 399, "label": "idle"}, {"startIndex": 400, "endIndex": 999, "label": "run"}]
    write(tmp_path / "info.labels", info(named("training/one.json", {"type": "multi-label", "labels": parts})))

    assert [(r.label, r.samples) for r in open_dataset(tmp_path).recordings] == [("idle", 40), ("run", 60)]


def test_numbers_as_labels_are_targets_of_a_regression(folder: Path) -> None:
    write(
        folder / "info.labels",
        info(named("training/one.json", simple("0.5")), named("testing/two.json", simple("2"))),
    )

    assert [r.target for r in open_dataset(folder, task="regression").recordings] == [2.0, 0.5]


def test_axes_choose_sensors(folder: Path) -> None:
    dataset = open_dataset(folder, axes=["accz", "accx"])

    assert dataset.load(dataset.recordings[0])[3].tolist() == [0.5, 3.0]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"protected": 1, "signature": 2}, "has no 'payload'"),
        (acquisition(values=[]), "holds no values"),
        (acquisition(values=[[1, 2, 3], [4, 5]]), "row 1 holds 2 values, expected 3, one for each sensor"),
        (acquisition(values=[[1, 2, None]]), "sample 0 of axis 2 is missing"),
        (acquisition(values=[[1, 2, "x"]]), "has a value that is not a number"),
        (acquisition(values=["Ref-BINARY-i16 (3 bytes)"]), "refers to an attachment that is not in the file"),
        (acquisition(interval_ms=0), "has an 'interval_ms' of 0, expected a positive number"),
        (acquisition(interval_ms="10"), "has an 'interval_ms' of '10'"),
        (acquisition(sensors=[]), "has no list of 'sensors'"),
        (acquisition(sensors=[{"name": "a"}, {"name": "a"}, {}]), "has sensors without names of their own"),
        (acquisition(interval_ms=20), "was sampled at 50 Hz, expected 100 Hz"),
    ],
)
def test_what_is_wrong_with_a_sample_is_said(document: Any, found: str, folder: Path) -> None:
    write(folder / "training" / "one.json", document)

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder, frequency="100 Hz")

    assert [problem.path for problem in error.value.problems] == ["training/one.json"]
    assert found in str(error.value)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(0, 39, "a"), (41, 99, "b")], "has the part 'b' from 41 to 99 in info.labels, expected it to start at 40"),
        ([(0, 39, "a"), (30, 99, "b")], "expected it to start at 40"),
        ([(0, 39, "a"), (40, 70, "b")], "has labels up to 70 in info.labels, but 100 rows of 1000 ms"),
        ([(0, 99, " ")], "has no label from 0 to 99"),
        ([], "has no labels in info.labels"),
    ],
)
def test_parts_that_do_not_cover_a_sample_are_named(
    parts: list[tuple[int, int, str]], found: str, tmp_path: Path
) -> None:
    write(tmp_path / "training" / "one.json", acquisition())
    labels = [{"startIndex": start, "endIndex": end, "label": label} for start, end, label in parts]
    write(tmp_path / "info.labels", info(named("training/one.json", {"type": "multi-label", "labels": labels})))

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(tmp_path)

    assert found in str(error.value)


def test_samples_and_labels_without_each_other_are_named(folder: Path) -> None:
    (folder / "training" / "one.json").rename(folder / "training" / "other.json")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [str(problem) for problem in error.value.problems] == [
        "training/one.json: is named in info.labels, but there is no such sample",
        "training/other.json: is not named in info.labels",
    ]


def test_a_path_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    write(folder / "info.labels", info(named("../../secret.json", simple("idle"))))

    with pytest.raises(
        BrokenFilesError, match=r"\.\./\.\./secret\.json: is named in info.labels, but there is no such"
    ):
        open_dataset(folder)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": 2, "files": []}', '{"version": 1, "files": [{"name": "a"}]}']
)
def test_a_broken_file_of_labels_is_named(content: str, folder: Path) -> None:
    (folder / "info.labels").write_text(content)

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert error.value.problems[0].path == "info.labels"


def test_a_sample_whose_labels_cannot_be_read_is_not_labelled_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "training" / "one.json", acquisition())
    (tmp_path / "training" / "structured_labels.labels").write_text("{")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(tmp_path, skip_bad=True)

    assert "training/one.json" in [problem.path for problem in error.value.problems]


def test_gestures_of_a_real_export(shared: Path) -> None:
    dataset = open_dataset(shared / "datasets" / "ei_export_gestures_xiao")

    assert dataset.labels == ("circle", "flick", "idle", "updown")
    assert {r.shape for r in dataset.recordings} == {(1040, 3)}
    assert dataset.frequency_hz == 104
    assert [sum(r.split == name for r in dataset.recordings) for name in ("train", "test")] == [72, 24]
