import csv
import json
import math

import pytest

from tuner.report.table import trial_rows, trials_table
from tuner.report.write import write_report
from tuner.study.fronts import device_front


@pytest.fixture(scope="module")
def folder(a_summary, some_trials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(a_summary, some_trials, folder / "report.html")
    return folder


def test_a_report_is_four_files_of_one_name(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["report.csv", "report.html", "report.json", "report.md"]


def test_the_csv_has_a_row_per_trial(folder, some_trials):
    with (folder / "report.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert [int(row["trial"]) for row in rows] == [trial.number for trial in some_trials]
    assert [row["state"] for row in rows] == [trial.state.value for trial in some_trials]
    scores = [float(row["accuracy"]) if row["accuracy"] else None for row in rows]
    assert scores == [trial.score for trial in some_trials]


def test_the_json_tells_the_whole_study(folder, a_summary, some_trials):
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))

    assert data["schema"] == 1
    assert data["study"]["name"] == a_summary.name
    assert data["counts"]["sampled"] == len(some_trials)
    front = device_front(some_trials, "small", ("ram", "flash", "latency"))
    assert data["fronts"]["small"] == [trial.number for trial in front]
    assert [trial["settings"] for trial in data["trials"]] == [trial.candidate.to_json() for trial in some_trials]


def test_the_markdown_has_a_table_per_device(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")

    assert text.startswith("# exercises\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Small board & co",
        "## Medium board",
        "## Large board",
    ]
    assert "| Trial | Accuracy | float32 | Test | RAM | Flash | Latency | Candidate |" in text


def test_a_row_says_what_a_trial_needs_on_every_device(a_summary, some_trials):
    rows = trial_rows(a_summary, some_trials)

    for row, trial in zip(rows, some_trials, strict=True):
        for device in ("small", "medium", "large"):
            assert row[f"{device}/ram_bytes"] == trial.appraisal.cost(device).ram.total.value
            assert row[f"{device}/fits"] == trial.fits(device)


def test_the_data_frame_is_indexed_by_trial_and_leaves_out_what_does_not_apply(a_summary, some_trials):
    frame = trials_table(a_summary, some_trials)
    rejected = next(trial for trial in some_trials if trial.state.value == "rejected")

    assert list(frame.index) == [trial.number for trial in some_trials]
    assert math.isnan(frame.loc[rejected.number, "accuracy"])
    assert frame["accuracy"].count() == sum(trial.score is not None for trial in some_trials)


def test_no_trials_make_an_empty_table(a_summary):
    assert trials_table(a_summary, ()).empty
