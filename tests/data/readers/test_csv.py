from pathlib import Path

import numpy as np
import pytest

from tuner.data import BrokenFilesError, Dataset, open_dataset


def opened(path: Path, text: str, **options: object) -> Dataset:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return open_dataset(path, **{"frequency": 10, **options})


def values(dataset: Dataset, index: int = 0) -> list[list[float]]:
    return dataset.load(dataset.recordings[index]).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2.5\n3,4\n",
        "x;y\n1;2,5\n3;4\n",
        "x\ty\n1\t2.5\n3\t4\n",
        "x y\n1 2.5\n3 4\n",
        "\ufeffx, y\n1, 2.5\n\n3, 4",
        '"x","y"\r\n"1","2.5"\r\n"3","4"\r\n',
        "x,y,\n1,2.5,\n3,4,\n",
    ],
)
def test_the_usual_dialects_read_alike(text: str, tmp_path: Path) -> None:
    dataset = opened(tmp_path / "walk.1.csv", text)

    assert dataset.axes == ("x", "y")
    assert values(dataset) == [[1, 2.5], [3, 4]]
    assert dataset.recordings[0].label == "walk"


def test_a_delimiter_at_the_end_of_every_line_is_no_column(tmp_path: Path) -> None:
    assert values(opened(tmp_path / "a.csv", "1,2,\n3,4,\n")) == [[1, 2], [3, 4]]


def test_columns_without_names_are_numbered_or_named_by_the_description(tmp_path: Path) -> None:
    assert opened(tmp_path / "a.csv", "1, 2\n3, 4\n").axes == ("axis1", "axis2")
    assert opened(tmp_path / "a.csv", "1, 2\n3, 4\n", axes=["x", "y"]).axes == ("x", "y")


def test_a_capital_t_is_a_temperature(tmp_path: Path) -> None:
    assert opened(tmp_path / "a.csv", "T,RH\n20,50\n21,51\n").axes == ("T", "RH")


def test_axes_choose_columns(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "a.csv", "x,y,note\n1,2,good\n3,4,bad\n", axes=["y", "x"])

    assert values(dataset) == [[2, 1], [4, 3]]


def test_one_long_table_is_taken_apart_by_id(tmp_path: Path) -> None:
    text = (
        "id,label,person,time_ms,x\n7,run,ann,0,1\n7,run,ann,20,2\n8,walk,bob,0,3\n8,walk,bob,20,4\n8,walk,bob,40,5\n"
    )

    dataset = opened(tmp_path / "all.csv", text, frequency=None)

    assert [(r.id, r.label, r.group, r.samples) for r in dataset.recordings] == [
        ("all.csv#7", "run", "ann", 2),
        ("all.csv#8", "walk", "bob", 3),
    ]
    assert dataset.frequency_hz == 50
    assert values(dataset, 1) == [[3], [4], [5]]


def test_a_label_column_cuts_a_recording_where_it_changes(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "day.csv", "x,activity\n1,sit\n2,sit\n3,run\n4,sit\n")

    assert [(r.label, r.samples, r.session) for r in dataset.recordings] == [
        ("sit", 2, "day.csv#all"),
        ("run", 1, "day.csv#all"),
        ("sit", 1, "day.csv#all"),
    ]


def test_a_row_may_be_a_recording_by_itself(tmp_path: Path) -> None:
    dataset = opened(
        tmp_path / "plant.csv", "t1,t2,power\n1,2,400\n3,4,500.5\n", rows="recordings", target_column="power"
    )

    assert dataset.task == "regression"
    assert [(r.target, r.shape) for r in dataset.recordings] == [(400.0, (1, 2)), (500.5, (1, 2))]


@pytest.mark.parametrize(
    ("times", "unit", "expected_hz"),
    [
        ("time_s", None, 50.0),
        ("timestamp [s]", None, 50.0),
        ("time", "s", 50.0),
    ],
)
def test_the_rate_comes_from_the_times(times: str, unit: str | None, expected_hz: float, tmp_path: Path) -> None:
    rows = "".join(f"{n * 0.02:.3f},{n}\n" for n in range(20))

    dataset = opened(tmp_path / "a.csv", f"{times},x\n{rows}", frequency=None, time_unit=unit)

    assert dataset.frequency_hz == expected_hz
    assert dataset.axes == ("x",)


def test_dates_are_times(tmp_path: Path) -> None:
    text = "Time,flow\n2022-03-20T11:00:00+01:00,1\n2022-03-20T12:00:00+01:00,2\n2022-03-20T13:00:00+01:00,3\n"

    assert opened(tmp_path / "a.csv", text, frequency=None).frequency_hz == pytest.approx(1 / 3600, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x,y\n1,2\n3\n", "line 3 holds 1 values, the first line 2"),
        ("x,y\n1,2\n3,4,5\n", "line 3 holds 3 values, the first line 2"),
        ("x,y\n1,2,9\n3,4,5\n", "line 2 holds 3 values, the first line 2, and so in 1 more"),
        ("x,y\n1,2\n3,oops\n", "line 3: y is 'oops', expected a number"),
        ("x,y\n1,2\n3,\n", "sample 1 of axis 1 is missing"),
        ("x,y\n1,2\n3,inf\n", "sample 1 of axis 1 is infinite"),
        ("x,y\n1,2\n3,1e300\n", "sample 1 of axis 1 is infinite"),
        ("", "is empty"),
        ("x,y\n", "has no rows"),
        ("x,x\n1,2\n", "two columns are named 'x'"),
        ("id,x\n0,5\n1,6\n", "has a column 'id' that is different in every row"),
        ("time,x\n0,1\n20,2\n40,3\n", "has times of unknown unit in column 'time'"),
        ("time_ms,x\n0,1\n20,2\n40,3\n500,4\n", "is not evenly sampled: from sample 2 to the next are 0.46 s"),
        ("time_ms,x\n0,1\n20,2\n10,3\n30,4\n", "is not evenly sampled"),
        ("time_ms,x\n0,1\n20,2\n40,3\n", "was sampled at 50 Hz, expected 10 Hz"),
        ("id,label,x\n1,a,1\n1,b,2\n", "'1' has several values in column 'label': 'a', 'b'"),
        ('x,y\n"1,2\n3,4\n', "line 3 holds 1 values"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFilesError) as error:
        opened(tmp_path / "a.csv", text)

    assert found in str(error.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x,y\n1,\xff\n")

    with pytest.raises(BrokenFilesError, match="is not UTF-8 text: byte 6 is 0xff"):
        open_dataset(tmp_path, frequency=10)


def test_times_of_unknown_unit_are_shown_as_rates(tmp_path: Path) -> None:
    with pytest.raises(BrokenFilesError) as error:
        opened(tmp_path / "a.csv", "time,x\n0,1\n20,2\n40,3\n", frequency=None)

    assert "steps are 20: as s that is 0.05 Hz, as ms that is 50 Hz" in error.value.hint


def test_ceiling_fan_vibration_reads_from_its_folders(shared: Path) -> None:
    dataset = open_dataset(shared / "datasets" / "vibration_ceiling_fan", frequency="200 Hz", axes=["x", "y", "z"])

    assert len(dataset.recordings) == 9 * 150
    assert len(dataset.labels) == 9
    assert {r.shape for r in dataset.recordings} == {(200, 3)}
    assert dataset.ignored == ("README.md",)


def test_a_power_plant_is_a_regression_from_rows(shared: Path) -> None:
    path = shared / "datasets" / "regression_small" / "ccpp_Folds5x2_pp.csv"

    dataset = open_dataset(path, rows="recordings", target_column="energy")

    assert len(dataset.recordings) == 9568
    assert dataset.axes == ("temperature", "vacuum", "pressure", "humidity")
    assert np.isclose(dataset.recordings[0].target or 0, 480.48)
