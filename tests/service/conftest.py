import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tuner import Client, Study
from tuner.service.app import create_app
from tuner.service.in_process import InProcessTransport, in_process_client
from tuner.service.settings import Settings


@pytest.fixture(scope="session")
def app(toy_study: Study, toy_motion: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A server with one finished study; nothing may change it."""
    studies = tmp_path_factory.mktemp("served")
    shutil.copytree(toy_study.folder, studies / "toy")
    return create_app(Settings(studies=studies, data_roots=(toy_motion,)))


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[Client]:
    with in_process_client(app) as client:
        yield client


@pytest.fixture(scope="session")
def http(app: FastAPI) -> Iterator[httpx.Client]:
    """The same server as a program without our client sees it."""
    with httpx.Client(base_url="http://localhost", transport=InProcessTransport(app)) as http:
        yield http


@pytest.fixture
def empty(tmp_path: Path, toy_motion: Path) -> Iterator[Client]:
    """A server of one's own, without studies."""
    with in_process_client(
        create_app(Settings(studies=tmp_path / "studies", data_roots=(toy_motion,), upload_limit_bytes=1024**2))
    ) as client:
        yield client
