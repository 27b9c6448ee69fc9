"""The record in one SQLite file with a write-ahead log."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tuner.errors import StoreError
from tuner.store.event import Event, Kind

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    at      REAL NOT NULL,
    payload TEXT NOT NULL
) STRICT
"""


class SQLiteStore:
    """An append-only record in a file; readers never wait for the writer.

    A lock beside the file keeps a second writer out. The system drops it when the process ends, however it ends.

    Args:
        path: the file; it is made if it is not there and `write` is set.
        write: open for appending; else for reading only, beside a writer if there is one.

    Raises:
        StoreError: the file is missing, is no record, is of a later version, or another process writes it.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self._path = path
        self._lock = _lock(path) if write else None
        try:
            self._connection = _connect(path, write=write)
        except BaseException:
            self._unlock()
            raise

    def append(self, event: Event) -> None:
        """Write one event and wait until it is on disk."""
        row = (event.kind.value, event.at, json.dumps(event.payload, allow_nan=False, separators=(",", ":")))
        try:
            self._connection.execute("INSERT INTO events (kind, at, payload) VALUES (?, ?, ?)", row)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: cannot write the record: {error}", hint=_hint(error)) from error

    def events(self, *, after: int = 0) -> Iterator[Event]:
        """Yield the events in the order they were appended; their numbers have no gaps, for there is one writer."""
        query = "SELECT kind, at, payload FROM events WHERE number > ? ORDER BY number"
        try:
            for kind, at, payload in self._connection.execute(query, (after,)):
                yield Event(Kind(kind), json.loads(payload), at)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"{self._path}: cannot read the record: {error}", hint=_hint(error)) from error

    def close(self) -> None:
        """Close the file and let another writer in."""
        self._connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _lock(path: Path) -> IO[str]:
    try:
        handle = path.with_suffix(".lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
    if not _taken(handle, fcntl.LOCK_EX, patience_s=0.2):
        handle.seek(0)
        owner = handle.read().strip() or "another process"
        handle.close()
        raise StoreError(f"{path}: {owner} is writing this study", hint="wait until it ends, or stop it with Ctrl-C")
    handle.truncate(0)
    handle.write(f"process {os.getpid()}")
    handle.flush()
    return handle


def being_written(path: Path) -> bool:
    """Whether a process has the record open for writing; only its lock tells, for processes die without a word."""
    try:
        with path.with_suffix(".lock").open("r", encoding="ascii") as handle:
            return not _taken(handle, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _taken(handle: IO[str], kind: int, *, patience_s: float = 0.0) -> bool:
    """Take the lock; with patience, for somebody may be looking whether it is free, which takes it for a moment."""
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    mode = "rwc" if write else "ro"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30
        )
        if write:
            # FULL: an appended event survives a power cut, not only the death of this process.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if write and version == 0:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            version = _SCHEMA_VERSION
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot open the record: {error}", hint=_hint(error)) from error
    if version != _SCHEMA_VERSION:
        connection.close()
        raise StoreError(
            f"{path}: the record has version {version}, this program reads version {_SCHEMA_VERSION}",
            hint="use the version of Edge Tuner that wrote it",
        )
    return connection


def _hint(error: Exception) -> str:
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return "free some disk space, then `tuner resume`: nothing that was recorded is lost"
    if "malformed" in text or "not a database" in text:
        return "the file is damaged; restore it from a copy"
    if "unable to open" in text:
        return "is this the folder of a study?"
    return ""
