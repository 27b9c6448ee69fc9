import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tuner import Client, Study
from tuner.errors import InputError, StudyError
from tuner.messages.studies import Extension, StudyEntry, StudyState
from tuner.service.app import create_app
from tuner.service.in_process import in_process_client
from tuner.service.settings import Settings
from tuner.service.worker_file import read_worker

PATIENCE_S = 120.0


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait for something to be true, and return it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if value := found():
                return value
        except (InputError, StudyError):
            pass  # the server is not there yet
        time.sleep(0.1)
    pytest.fail(f"waited in vain for {what}")


class Server:
    """`tuner serve` as its operator runs it."""

    def __init__(self, studies: Path, data: Path) -> None:
        self._command = [sys.executable, "-c", "from tuner.cli import main; main()", "serve", "--port", "0"]
        self._command += ["--studies", str(studies), "--data-root", str(data)]
        self._log = studies.parent / "server.log"
        self.start()

    def start(self) -> None:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(self._command, stderr=log, stdout=log)
        url = until(self._url, "the server's address")
        self.client = Client(url)
        until(lambda: self.client.health().status == "ok", "the server")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.client.close()

    def _url(self) -> str:
        return next((word for word in self._log.read_text().split() if word.startswith("http://")), "")


@pytest.fixture
def server(tmp_path: Path, toy_motion: Path) -> Iterator[Server]:
    server = Server(tmp_path / "studies", toy_motion)
    yield server
    server.client.close()
    server.process.terminate()
    server.process.wait(timeout=30)
    for process in psutil.process_iter(["cmdline"]):
        if "tuner.service.worker" in (process.info["cmdline"] or []) and str(tmp_path) in process.info["cmdline"][-2]:
            process.kill()


def entry_when(server: Server, condition: Callable[[StudyEntry], bool], what: str) -> StudyEntry:
    def found() -> StudyEntry | None:
        entry = server.client.study("toy").entry
        return entry if condition(entry) else None

    entry: StudyEntry = until(found, what)
    return entry


def outcome(trials: tuple[Any, ...]) -> list[Any]:
    """What trials came to, without what clocks have a part in."""
    return [
        (trial.number, trial.parameters, trial.state, trial.training and replace(trial.training, seconds={}))
        for trial in trials
    ]


def test_a_killed_server_loses_nothing_and_its_study_goes_on(
    server: Server, toy_spec: dict[str, Any], toy_study: Study, tmp_path: Path
) -> None:
    server.client.create_study({**toy_spec, "dataset": {**toy_spec["dataset"], "path": "."}})
    entry_when(server, lambda entry: entry.counts.trained >= 1, "the first trained trial")
    folder = tmp_path / "studies" / "toy"

    server.kill()
    before = Study.open(folder).history.size
    until(lambda: Study.open(folder).history.size > before, "the worker to go on by itself")
    server.start()
    ended = entry_when(server, lambda entry: entry.state == StudyState.FINISHED, "the end of the study")

    assert ended.counts.trained == 4
    assert outcome(Study.open(folder).trials) == outcome(toy_study.trials)
    assert len(Study.open(folder).history.sessions) == 1  # the one worker did all of it
    assert "is trained" in server.client.study_log("toy").text


def test_a_lost_worker_is_replaced_and_a_paused_one_is_not(
    server: Server, toy_spec: dict[str, Any], toy_study: Study, tmp_path: Path
) -> None:
    """The power went: server and worker are killed at once. Then a pause, an extension and a cancellation."""
    server.client.create_study({**toy_spec, "dataset": {**toy_spec["dataset"], "path": "."}})
    entry_when(server, lambda entry: entry.counts.trained >= 1, "the first trained trial")
    folder = tmp_path / "studies" / "toy"

    server.kill()
    worker = read_worker(folder)
    assert worker is not None
    os.kill(worker.pid, signal.SIGKILL)
    server.start()
    ended = entry_when(server, lambda entry: entry.state == StudyState.FINISHED, "the end of the study")

    assert outcome(Study.open(folder).trials) == outcome(toy_study.trials)
    assert ended.counts.trained == 4

    server.client.extend_study("toy", Extension(trials=500))
    entry_when(server, lambda entry: entry.counts.trained >= 5, "a further trained trial")
    assert server.client.pause_study("toy").state == "running"
    paused = entry_when(server, lambda entry: entry.state == StudyState.PAUSED, "the pause")
    assert paused.trials_limit == 504
    assert not (read_worker(folder) or worker).alive
    assert Study.open(folder).history.stop is not None  # stopped as by Ctrl-C: the session's end is on record
    assert server.client.cancel_study("toy").state == "cancelled"
    server.client.delete_study("toy")
    assert not folder.exists()


def test_a_worker_tells_what_went_wrong(toy_spec: dict[str, Any], toy_motion: Path, tmp_path: Path) -> None:
    shutil.copytree(toy_motion, tmp_path / "data")
    app = create_app(Settings(studies=tmp_path / "studies", data_roots=(tmp_path / "data",)))
    with in_process_client(app) as client:
        client.create_study({**toy_spec, "dataset": {**toy_spec["dataset"], "path": "."}})
        shutil.rmtree(tmp_path / "data" / "still")

        app.state.desk.crew.begin()
        until(lambda: client.study("toy").entry.state == StudyState.FAILED, "the failure")
        app.state.desk.crew.end()

        assert "the data has changed" in client.study("toy").entry.reason
        assert "error: " in client.study_log("toy").text
