"""A server with the dashboard on a free port, and pages of a browser that remember what went wrong."""

import logging
import shutil
import socket
import threading
import time

import pytest
import uvicorn

import tuner.dashboard
from tuner import Study
from tuner.service.app import create_app
from tuner.service.in_process import in_process_client
from tuner.service.settings import Settings


class Watched:
    """A page of the browser and what its console said."""

    def __init__(self, page, url):
        self.page, self.url, self.problems = page, url, []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type in ("error", "warning") else None)

    def open(self, path):
        self.page.goto(self.url + path)
        self.page.wait_for_selector("main *")
        return self.page

    def go(self, path):
        """Follow a link to another view, as the application does: without loading everything again."""
        self.page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new CustomEvent('_dashprivate_pushstate')); }",
            path,
        )


@pytest.fixture(scope="module")
def studies(toy_study, toy_spec, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(toy_study.folder, folder / "toy")
    Study.create({**toy_spec, "name": "fresh"}, studies=folder)
    return folder


@pytest.fixture(scope="module")
def url(studies, toy_motion):
    app = create_app(Settings(studies=studies, data_roots=(toy_motion.parent,)))
    tuner.dashboard.attach(app, in_process_client(app))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def contexts(browser):
    """A desk in light and a phone in dark, each with a cache of its own."""
    desk = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    phone = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    return {"desk": desk, "phone": phone}


@pytest.fixture
def watched(contexts, url, caplog):
    caplog.set_level(logging.ERROR)
    pages = []

    def open_page(on="desk"):
        pages.append(Watched(contexts[on].new_page(), url))
        return pages[-1]

    yield open_page
    for one in pages:
        one.page.close()
    assert [problem for one in pages for problem in one.problems] == []
    assert caplog.records == []
