"""The file in a study's folder by which its worker process is found again: who works, since when, and how it ended."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from tuner.files import write_atomically

LOG = "worker.log"
_FILE = "worker.json"


class Worker(BaseModel):
    """A process that works on a study, or did."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pid: int
    born: float
    """When the process started, by the system's clock: another one may get the same number later."""
    started_at: float
    """Seconds since 1970."""
    ended: Literal["", "finished", "interrupted", "failed"] = ""
    error: str = ""
    hint: str = ""

    @classmethod
    def this(cls) -> Worker:
        """Return the process that asks."""
        return cls(pid=os.getpid(), born=psutil.Process().create_time(), started_at=time.time())

    @property
    def alive(self) -> bool:
        """Whether the process is there and has not ended."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.born and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def write_worker(folder: Path, worker: Worker) -> None:
    """Leave word of the worker in a study's folder."""
    write_atomically(folder / _FILE, worker.model_dump_json())


def read_worker(folder: Path) -> Worker | None:
    """Return the last worker of a study, `None` if the service never ran it."""
    try:
        return Worker.model_validate_json((folder / _FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def beat(folder: Path) -> None:
    """Say that the worker is still there: the file's time of change is its heartbeat."""
    os.utime(folder / _FILE)


def last_beat(folder: Path) -> float | None:
    """Return when the worker last gave a sign of life, in seconds since 1970."""
    try:
        return (folder / _FILE).stat().st_mtime
    except FileNotFoundError:
        return None
