import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tuner import Study
from tuner.errors import StoreError
from tuner.store.event import Event, Kind
from tuner.store.sqlite import SQLiteStore
from tuner.study.artifacts import ArtifactFolder
from tuner.study.history import Creation, History, Session, Stop, started, stopped

ROOT = Path(__file__).parents[2]


def driver(*arguments: object) -> dict[str, Any]:
    """What became of a study whose drivers were treated badly."""
    program = [sys.executable, str(Path(__file__).with_name("driver.py")), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


@pytest.fixture
def folder(toy_spec: dict[str, Any], tmp_path: Path) -> Path:
    spec = toy_spec | {"search_space": "motion-continuous", "sampler": {"type": "tpe"}, "workers": 1}
    return Study.create(spec, studies=tmp_path).folder


def test_a_driver_killed_at_thirty_random_moments_loses_nothing_and_ends_as_it_would_have(
    folder: Path, toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    through = Study.create(Study.open(folder).history.spec, studies=tmp_path / "through")

    killed = driver("kill", folder, 30, 20)
    driver("kill", through.folder, 0, killed["asked"])

    assert (killed["lost"], killed["changed"]) == (0, 0)
    assert killed["trained"] == killed["asked"]
    assert len(set(killed["reached"])) > 5  # the kills fell between trials
    through.refresh()
    assert [trial.parameters for trial in Study.open(folder).trials] == [trial.parameters for trial in through.trials]


def test_a_full_disk_stops_the_study_says_so_and_loses_nothing(folder: Path) -> None:
    came = driver("full", folder)

    assert "free some disk space, then `tuner resume`" in came["told"]
    assert came["kept"]
    assert came["grew"]
    assert came["more"]


def test_a_model_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("in the way", encoding="utf-8")

    with pytest.raises(StoreError, match="cannot be written") as caught:
        ArtifactFolder(tmp_path / "artifacts").put(0, b"model")

    assert "tuner resume" in caught.value.hint


def test_a_writer_waits_while_another_program_holds_the_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "study.db", write=True)
    other = sqlite3.connect(tmp_path / "study.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, other.execute, ("ROLLBACK",)).start()

    store.append(Event(Kind.STARTED, {}, 0.0))

    assert [event.kind for event in store.events()] == [Kind.STARTED]
    store.close()
    other.close()


def test_a_truncated_record_is_an_error_with_a_hint(toy_study: Study, tmp_path: Path) -> None:
    whole = sqlite3.connect(toy_study.folder / "study.db")
    copy = sqlite3.connect(tmp_path / "study.db")
    whole.backup(copy)
    whole.close()
    copy.close()
    content = (tmp_path / "study.db").read_bytes()
    (tmp_path / "study.db").write_bytes(content[: len(content) // 2])

    with pytest.raises(StoreError, match="the record") as caught:
        Study.open(tmp_path)

    assert "restore it from a copy" in caught.value.hint


@pytest.mark.parametrize("jump_s", [-3600.0, 86400.0])
def test_a_clock_that_jumps_does_not_change_how_long_a_study_worked(creation: Creation, jump_s: float) -> None:
    history = History(creation)
    history.apply(Event(*started(Session(4, 600.0, 1)), at=10_000.0))

    stop = Stop("it was interrupted", finished=False, worked_s=25.0)
    history.apply(Event(*stopped(stop), at=10_025.0 + jump_s))

    assert history.worked_s == 25.0


def test_a_killed_session_whose_clock_went_back_counts_nothing(creation: Creation) -> None:
    history = History(creation)
    history.apply(Event(*started(Session(4, 600.0, 1)), at=10_000.0))
    history.apply(Event(*started(Session(4, 600.0, 1)), at=5_000.0))

    assert history.worked_s == 0.0
