import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuner import InputError, NothingFitsError, State, Study
from tuner.errors import ConfigError, DataError, StoreError
from tuner.store.event import Kind
from tuner.store.sqlite import SQLiteStore


def outcome(study: Study) -> list[Any]:
    """What a study came to, without what clocks and processes have a part in."""
    return [
        (
            trial.number,
            trial.parameters,
            trial.state,
            trial.predicted,
            trial.training and replace(trial.training, seconds={}),
            trial.test,
        )
        for trial in study.trials
    ]


def test_a_study_trains_as_many_candidates_as_asked_for(toy_study: Study) -> None:
    counts = toy_study.counts

    assert (counts.trained, counts.failed, counts.pending) == (4, 0, 0)
    assert toy_study.summary.stopped == "4 candidates were trained, as many as asked for"


def test_the_first_estimate_agrees_with_the_second_to_the_byte(toy_study: Study) -> None:
    for trial in toy_study.trials:
        assert trial.predicted is not None
        assert trial.training is not None
        for predicted, inspected in zip(trial.predicted.costs, trial.training.inspected.costs, strict=True):
            assert predicted.ram.total.value == inspected.ram.total.value
            assert predicted.flash.total.value == inspected.flash.total.value
            assert predicted.latency.total.value == pytest.approx(inspected.latency.total.value)
            assert predicted.ram.total.method == "predicted"
            assert inspected.ram.total.method == "converted"


def test_every_device_has_a_front_and_its_members_alone_are_scored_on_the_test_split(toy_study: Study) -> None:
    on_fronts = {trial.number for device in toy_study.devices for trial in toy_study.front(device)}

    assert all(toy_study.front(device) for device in toy_study.devices)
    assert {trial.number for trial in toy_study.trials if trial.test is not None} == on_fronts


def test_gestures_this_different_are_told_apart(toy_study: Study) -> None:
    best = toy_study.front("raspberry-pi-pico")[0]

    assert best.score is not None
    assert best.score > 0.8


def test_models_are_kept_as_recorded(toy_study: Study) -> None:
    kept = {path.name for path in (toy_study.folder / "artifacts").iterdir()}

    assert {f"trial-{trial.number:05d}.tflite" for trial in toy_study.front("raspberry-pi-pico")} <= kept


def test_the_same_seed_gives_the_same_study(toy_study: Study, toy_spec: dict[str, Any], tmp_path: Path) -> None:
    again = Study.create(toy_spec, studies=tmp_path)

    again.run()

    assert outcome(again) == outcome(toy_study)


def test_a_reader_takes_in_what_another_has_done_since(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    writer = Study.create(toy_spec, studies=tmp_path)
    reader = Study.open("toy", studies=tmp_path)
    assert reader.history.size == 1

    writer.run(trials=1)
    reader.refresh()

    assert reader.trials == writer.trials
    assert reader.history.size == writer.history.size > 1
    assert reader.history.changed_at == writer.history.changed_at > reader.history.created_at


def test_a_study_told_again_from_its_record_is_the_same(toy_study: Study) -> None:
    reopened = Study.open(toy_study.folder)

    assert reopened.trials == toy_study.trials
    assert reopened.summary == replace(toy_study.summary, elapsed_s=reopened.summary.elapsed_s)


@pytest.mark.parametrize("events_kept", [2, 3, 5, 6])
def test_a_study_killed_anywhere_ends_as_it_would_have(
    toy_study: Study, toy_spec: dict[str, Any], tmp_path: Path, events_kept: int
) -> None:
    Study.create(toy_spec, studies=tmp_path).run()
    truncate(tmp_path / "toy" / "study.db", events_kept)
    killed = Study.open("toy", studies=tmp_path)
    done = {trial.number: trial.training for trial in killed.trials if trial.state is State.TRAINED}

    killed.run()

    assert outcome(killed) == outcome(toy_study)
    # Wall times are part of a result, so equal results were not trained again.
    assert {number: killed.trial(number).training for number in done} == done


def truncate(path: Path, events: int) -> None:
    """Leave the record as a kill right after that many events would have."""
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM events WHERE number > ?", (events,))
    connection.close()


def test_an_extended_study_trains_more_and_keeps_what_it_had(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    study = Study.create(toy_spec, studies=tmp_path)
    study.run(trials=2)
    first = [(trial.number, trial.training) for trial in study.trials]

    study.run(trials=3)

    assert study.counts.trained == 3
    assert [(trial.number, trial.training) for trial in study.trials][:2] == first


def test_a_candidate_that_fits_no_device_is_never_trained_and_says_why(
    toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    tight = toy_spec | {
        "budgets": {device: {"ram": "1 KiB"} for device in ("raspberry-pi-pico", "stm32f746g-discovery")},
        "limits": {"trials": 2, "samples": 6},
    }
    study = Study.create(tight, studies=tmp_path)

    stop = study.run()

    assert (study.counts.rejected, study.counts.trained) == (6, 0)
    assert "6 candidates were looked at" in stop.reason
    assert all(trial.training is None and "raspberry-pi-pico leaves" in trial.reason for trial in study.trials)


def test_a_trial_that_runs_out_of_time_fails_and_the_study_goes_on(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    hasty = toy_spec | {"limits": {"trials": 2, "trial_time": "1 ms"}}
    study = Study.create(hasty, studies=tmp_path)

    study.run()

    assert [trial.state for trial in study.trials] == [State.FAILED, State.FAILED]
    assert {trial.stage for trial in study.trials} == {"time"}


def test_two_studies_cannot_have_one_name(toy_study: Study, toy_spec: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="study 'toy' already exists") as caught:
        Study.create(toy_spec, studies=toy_study.folder.parent)

    assert "tuner resume toy" in caught.value.hint


def test_a_study_that_cannot_be_begun_leaves_nothing_behind(
    toy_spec: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("cannot write the record: database or disk is full")

    monkeypatch.setattr(SQLiteStore, "append", full)

    with pytest.raises(StoreError):
        Study.create(toy_spec, studies=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_study_that_another_process_works_on_is_left_alone(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    study = Study.create(toy_spec, studies=tmp_path)
    other = SQLiteStore(study.folder / "study.db", write=True)

    with pytest.raises(StoreError, match="is writing this study"):
        study.run()
    other.close()


def test_a_study_refuses_data_that_has_changed(toy_spec: dict[str, Any], toy_motion: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(toy_motion, tmp_path / "data")
    moved = toy_spec | {"dataset": {"path": str(tmp_path / "data")}}
    study = Study.create(moved, studies=tmp_path)
    (tmp_path / "data" / "still" / "person0_0.csv").write_text("ax,ay,az\n" + "0,0,0\n" * 200, encoding="utf-8")

    with pytest.raises(DataError, match="the data has changed"):
        study.run()


def test_an_unknown_study_is_an_error_that_names_the_nearest(toy_study: Study) -> None:
    with pytest.raises(InputError, match="there is no study 'toi'") as caught:
        Study.open("toi", studies=toy_study.folder.parent)

    assert caught.value.hint == "did you mean 'toy'?"


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"serch_space": "x"}, "unknown key 'serch_space'", "did you mean 'search_space'?"),
        ({"limits": {"trails": 3}}, "unknown key 'limits.trails'", "did you mean 'trials'?"),
        ({"devices": []}, "devices: ", ""),
        ({"objectives": ["ram"]}, "'accuracy' must be among the objectives", ""),
        ({"budgets": {"raspberry-pi-pico": {"ram": "64 kilo"}}}, "'64 kilo' is not a size", ""),
        ({"budgets": {"esp32": {"ram": "64 KiB"}}}, "budgets.esp32: no such device in this study", ""),
        ({"devices": ["raspbery-pi-pico"]}, "unknown device 'raspbery-pi-pico'", "did you mean 'raspberry-pi-pico'"),
        ({"search_space": "motion-continous"}, "motion-continous", "did you mean 'motion-continuous'?"),
        ({"sampler": {"type": "tpee"}}, "there is no sampler 'tpee'", "did you mean 'tpe'?"),
        ({"budgets": {"raspberry-pi-pico": {"ram": "64 MiB"}}}, "is more than the board has", "tuner devices"),
    ],
)
def test_a_wrong_study_file_is_refused_with_the_key_and_what_to_do(
    toy_spec: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Study.create(toy_spec | change, studies=tmp_path)

    assert message in caught.value.message
    assert hint in caught.value.hint
    assert not (tmp_path / "toy").exists()


def test_selection_takes_the_most_accurate_within_the_limits(toy_study: Study) -> None:
    chosen = toy_study.select("raspberry-pi-pico", max_latency="1 s")

    assert chosen.score == max(trial.score or 0 for trial in toy_study.trials)


def test_selection_says_which_model_comes_nearest_if_none_keeps_the_limits(toy_study: Study) -> None:
    with pytest.raises(NothingFitsError, match="none of the 4 trained candidates") as caught:
        toy_study.select("raspberry-pi-pico", max_ram="16 B")

    assert "comes nearest: ram" in caught.value.hint


def test_the_table_has_a_row_for_every_trial(toy_study: Study) -> None:
    table = toy_study.to_dataframe()

    assert len(table) == len(toy_study.trials)


def test_the_record_begins_with_the_study_and_ends_with_why_it_stopped(toy_study: Study) -> None:
    store = SQLiteStore(toy_study.folder / "study.db", write=False)
    kinds = [event.kind for event in store.events()]
    store.close()

    assert kinds[:2] == [Kind.CREATED, Kind.STARTED]
    assert kinds[-1] is Kind.STOPPED
    assert kinds.count(Kind.ASKED) == 4


BLOCKS = """
import numpy as np
from tuner.dsp.block import BlockCost, Operations
from tuner.dsp.custom import preprocessing

@preprocessing("{name}", cost=lambda signal: BlockCost(Operations(add=2 * signal.samples), code_bytes=120))
def peak_to_peak(windows, signal):
    return np.ptp(windows, axis=1)
"""


def test_a_study_searches_preprocessing_of_the_users_own(
    toy_spec: dict[str, Any], toy_space: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "my_blocks.py").write_text(BLOCKS.format(name="peak-to-peak"), encoding="utf-8")
    space = toy_space | {"preprocessing": [{"type": "peak-to-peak"}], "architecture": toy_space["architecture"][:1]}
    spec = toy_spec | {"blocks": [str(tmp_path / "my_blocks.py")], "search_space": space}
    study = Study.create(spec, studies=tmp_path)

    study.run(trials=1)

    assert study.counts.trained == 1
    assert [block.settings.type for block in study.trial(0).candidate.preprocessing] == ["peak-to-peak"]


def test_a_study_refuses_blocks_that_have_changed(
    toy_spec: dict[str, Any], toy_space: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "my_blocks.py"
    file.write_text(BLOCKS.format(name="peak-to-peak-2"), encoding="utf-8")
    space = toy_space | {"preprocessing": [{"type": "peak-to-peak-2"}], "architecture": toy_space["architecture"][:1]}
    Study.create(toy_spec | {"blocks": [str(file)], "search_space": space}, studies=tmp_path)
    file.write_text(BLOCKS.format(name="peak-to-peak-2") + "# another\n", encoding="utf-8")

    program = "import sys; from tuner import Study; Study.open(sys.argv[1]).run()"
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "toy")], capture_output=True, text=True, check=False
    )

    assert "my_blocks.py: has changed since the study was made" in result.stderr
