import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn

from tuner import Client, Study
from tuner.service.app import create_app
from tuner.service.settings import Settings
from tuner.service.worker_file import LOG
from tuner.store.event import Event
from tuner.store.location import open_store
from tuner.study.history import told


@pytest.fixture
def live(toy_study: Study, tmp_path: Path) -> Iterator[str]:
    """The address of a server in a thread of this process."""
    shutil.copytree(toy_study.folder, tmp_path / "studies" / "toy")
    app = create_app(Settings(studies=tmp_path / "studies"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_what_happens_to_a_study_is_told_as_it_happens(live: str, toy_study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "toy"
    with Client(live) as client:
        events = client.events("toy")
        first = next(events)
        assert (first.kind, first.version) == ("study", toy_study.history.size)

        with closing(open_store(folder, write=True)) as store:
            trial = replace(toy_study.trials[0], number=len(toy_study.trials))
            store.append(Event(*told(trial), at=time.time()))
        (folder / LOG).write_text("a line of the worker\nhalf a li", encoding="utf-8")
        following = {event.kind: event for event in (next(events) for _ in range(3))}

        assert following["study"].entry.counts.sampled == len(toy_study.trials) + 1
        assert [row.number for row in following["trials"].rows] == [trial.number]
        assert following["log"].text == "a line of the worker\n"


def test_a_reader_that_comes_back_is_told_what_it_missed(live: str, toy_study: Study) -> None:
    with httpx.stream("GET", f"{live}/api/v1/studies/toy/events", headers={"last-event-id": "1"}) as response:
        lines = response.iter_lines()
        told_ = [json.loads(line[5:]) for line in (next(lines) for _ in range(8)) if line.startswith("data:")]

    assert [event["kind"] for event in told_] == ["study", "trials"]
    assert told_[1]["changed"] == len(toy_study.trials)


def test_figures_for_prometheus_name_studies_and_requests(live: str) -> None:
    httpx.get(f"{live}/api/v1/studies/toy")

    text = httpx.get(f"{live}/metrics").text

    assert 'tuner_studies{state="finished"} 1.0' in text
    assert 'tuner_trials{state="trained",study="toy"} 4.0' in text
    assert 'tuner_requests_total{method="GET",route="/studies/{name}",status="200"} 1.0' in text
