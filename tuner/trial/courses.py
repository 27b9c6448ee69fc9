"""Training as it goes: workers note the epochs of trials that run, readers look in.

A convenience beside the record: nothing follows from these files, and a worker on another machine, which has no such
folder, notes nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tuner.record import Epoch

FOLDER = "running"
"""In the study's folder; there only while a session works."""

_EPOCH = TypeAdapter(Epoch)


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Let epochs be noted in a folder; what an earlier session left there goes before, all goes afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Notes:
    """Notes the epochs of one trial, from its first."""

    def __init__(self, folder: Path, number: int) -> None:
        self._path = _path(folder, number)
        forget(folder, number)  # those of a worker that was lost

    def add(self, epoch: Epoch) -> None:
        """Note an epoch, if it can be written."""
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(epoch)) + "\n")


def epochs_so_far(folder: Path, number: int) -> tuple[Epoch, ...]:
    """Return the epochs that were noted of a trial, none if it does not run. A line half written is passed over."""
    try:
        lines = _path(folder, number).read_bytes().splitlines()
    except OSError:
        return ()
    return tuple(epoch for epoch in map(_read, lines) if epoch is not None)


def forget(folder: Path, number: int) -> None:
    """Delete what was noted of a trial."""
    with suppress(OSError):
        _path(folder, number).unlink(missing_ok=True)


def _read(line: bytes) -> Epoch | None:
    try:
        return _EPOCH.validate_json(line)
    except ValidationError:
        return None


def _path(folder: Path, number: int) -> Path:
    return folder / f"trial-{number:05d}.jsonl"
