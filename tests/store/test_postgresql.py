import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tuner import Study
from tuner.errors import InputError, StoreError
from tuner.store.event import Event, Kind
from tuner.store.postgresql import PostgreSQLStore

STARTED = Event(Kind.STARTED, {}, 0.0)


def test_a_second_writer_is_refused_and_told_who_writes(postgresql: str) -> None:
    study = uuid4().hex
    writer = PostgreSQLStore(postgresql, study, write=True)

    with pytest.raises(StoreError, match=r"process \d+ on .+ is writing this study") as caught:
        PostgreSQLStore(postgresql, study, write=True)

    assert "Ctrl-C" in caught.value.hint
    assert writer.being_written
    writer.close()
    reader = PostgreSQLStore(postgresql, study, write=False)
    assert not reader.being_written
    reader.close()
    PostgreSQLStore(postgresql, study, write=True).close()


def test_a_writer_that_was_killed_leaves_no_lock(postgresql: str) -> None:
    study = uuid4().hex
    program = (
        "import os, sys; from tuner.store.postgresql import PostgreSQLStore;"
        "store = PostgreSQLStore(*sys.argv[1:], write=True); os.kill(os.getpid(), 9)"
    )

    killed = subprocess.run([sys.executable, "-c", program, postgresql, study], check=False)

    assert killed.returncode == -signal.SIGKILL
    PostgreSQLStore(postgresql, study, write=True).close()


def test_studies_in_one_database_know_nothing_of_each_other(postgresql: str) -> None:
    one, other = (PostgreSQLStore(postgresql, uuid4().hex, write=True) for _ in range(2))

    one.append(STARTED)

    assert list(one.events()) == [STARTED]
    assert list(other.events()) == []
    one.close()
    other.close()


def test_readers_see_what_is_appended_and_may_leave_out_what_they_have(postgresql: str) -> None:
    study = uuid4().hex
    writer = PostgreSQLStore(postgresql, study, write=True)
    writer.append(STARTED)
    writer.close()
    writer = PostgreSQLStore(postgresql, study, write=True)
    reader = PostgreSQLStore(postgresql, study, write=False)

    writer.append(Event(Kind.STOPPED, {}, 1.0))

    assert [event.kind for event in reader.events()] == [Kind.STARTED, Kind.STOPPED]
    assert [event.kind for event in reader.events(after=1)] == [Kind.STOPPED]
    writer.close()
    reader.close()


def test_a_writer_that_lost_its_lock_cannot_overwrite_what_came_after(postgresql: str) -> None:
    import psycopg

    study = uuid4().hex
    first = PostgreSQLStore(postgresql, study, write=True)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO edge_tuner_events VALUES (%s, 1, 1, 'started', 0, '{}')",
            (study,),
        )

    with pytest.raises(StoreError, match="duplicate key"):
        first.append(STARTED)
    first.close()


def test_a_record_of_a_later_version_is_refused(postgresql: str) -> None:
    import psycopg

    study = uuid4().hex
    store = PostgreSQLStore(postgresql, study, write=True)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("INSERT INTO edge_tuner_events VALUES (%s, 1, 99, 'started', 0, '{}')", (study,))

    with pytest.raises(StoreError, match="version 99"):
        list(store.events())
    store.close()


def test_a_server_that_went_away_is_an_error_that_says_what_to_do(postgresql: str) -> None:
    import psycopg

    store = PostgreSQLStore(postgresql, uuid4().hex, write=True)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'process %' AND pid <> pg_backend_pid()"
        )

    with pytest.raises(StoreError, match="cannot write the record") as caught:
        store.append(STARTED)

    assert "tuner resume" in caught.value.hint
    store.close()


def test_no_server_is_an_error_with_a_hint(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")

    with pytest.raises(StoreError, match="cannot open the record") as caught:
        PostgreSQLStore(f"postgresql:///none?host={tmp_path}", "x", write=True)

    assert "is the server up" in caught.value.hint


def test_without_the_driver_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError) as caught:
        PostgreSQLStore("postgresql://host/x", "x", write=True)

    assert caught.value.hint == "pip install 'edge-tuner[postgresql]'"


def test_a_study_in_a_database_is_made_run_and_opened_like_any_other(
    postgresql: str, toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    study = Study.create(toy_spec | {"limits": {"trials": 1}}, studies=tmp_path, store=postgresql)

    study.run()

    reopened = Study.open("toy", studies=tmp_path)
    assert reopened.counts.trained == 1
    assert reopened.trials == study.trials
    assert not (study.folder / "study.db").exists()
    assert (study.folder / "store.json").stat().st_mode & 0o777 == 0o600


def test_a_store_that_is_no_database_is_refused_before_anything_is_made(
    toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="'mysql://host/x' is no store"):
        Study.create(toy_spec, studies=tmp_path, store="mysql://host/x")

    assert list(tmp_path.iterdir()) == []
