"""The record in a PostgreSQL database, which may hold those of many studies."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from typing import Any

from tuner.errors import StoreError
from tuner.store.event import Event, Kind

_SCHEMA_VERSION = 1
# Text, not jsonb, which holds no zero characters and keeps no order.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS edge_tuner_events (
    study   TEXT NOT NULL,
    number  BIGINT NOT NULL,
    version INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    at      DOUBLE PRECISION NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (study, number)
)
"""
_INSERT = "INSERT INTO edge_tuner_events (study, number, version, kind, at, payload) VALUES (%s, %s, %s, %s, %s, %s)"
_SELECT = """
SELECT version, kind, at, payload FROM edge_tuner_events WHERE study = %s AND number > %s ORDER BY number
"""
_LAST = "SELECT COALESCE(MAX(number), 0) FROM edge_tuner_events WHERE study = %s"
_OWNER = """
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = %s
"""


class PostgreSQLStore:
    """An append-only record in a database; readers never wait for the writer.

    An advisory lock keeps a second writer out. The server drops it when the connection ends, however it ends.

    Args:
        url: of the database, `postgresql://user@host/database`.
        study: the study's key in the table.
        write: open for appending; else for reading only.

    Raises:
        StoreError: there is no driver or no such database, or another process writes this study.
    """

    def __init__(self, url: str, study: str, *, write: bool) -> None:
        self._driver = _driver()
        self._study = study
        try:
            name = f"process {os.getpid()} on {platform.node()}"
            self._connection = self._driver.connect(url, autocommit=True, application_name=name, connect_timeout=10)
        except self._driver.Error as error:
            raise StoreError(
                f"cannot open the record: {_line(error)}", hint="is the server up, the URL right?"
            ) from error
        try:
            self._number = self._begin_to_write() if write else 0
        except self._driver.Error as error:
            self.close()
            raise StoreError(f"cannot write the record: {_line(error)}") from error
        except BaseException:
            self.close()
            raise

    def append(self, event: Event) -> None:
        """Write one event and wait until the server has it on disk."""
        payload = json.dumps(event.payload, allow_nan=False, separators=(",", ":"))
        row = (self._study, self._number + 1, _SCHEMA_VERSION, event.kind.value, event.at, payload)
        try:
            self._connection.execute(_INSERT, row)
        except self._driver.Error as error:
            hint = "nothing that was recorded is lost: `tuner resume` goes on once the server is back"
            raise StoreError(f"cannot write the record: {_line(error)}", hint=hint) from error
        self._number += 1

    def events(self, *, after: int = 0) -> Iterator[Event]:
        """Yield the events in the order they were appended."""
        try:
            for version, kind, at, payload in self._connection.execute(_SELECT, (self._study, after)):
                if version != _SCHEMA_VERSION:
                    raise StoreError(
                        f"the record has version {version}, this program reads version {_SCHEMA_VERSION}",
                        hint="use the version of Edge Tuner that wrote it",
                    )
                yield Event(Kind(kind), json.loads(payload), at)
        except (self._driver.Error, ValueError) as error:
            raise StoreError(f"cannot read the record: {_line(error)}") from error

    def close(self) -> None:
        """Let another writer in."""
        self._connection.close()

    @property
    def being_written(self) -> bool:
        """Whether a process has this record open for writing."""
        try:
            return self._one(_OWNER, self._key) is not None
        except self._driver.Error as error:
            raise StoreError(f"cannot read the record: {_line(error)}") from error

    @property
    def _key(self) -> int:
        """The number of the advisory lock."""
        return int.from_bytes(hashlib.sha256(self._study.encode()).digest()[:8], "big") >> 1

    def _begin_to_write(self) -> int:
        """Take the lock, make the table if need be, and return the number of the last event."""
        if not self._one("SELECT pg_try_advisory_lock(%s)", self._key):
            owner = self._one(_OWNER, self._key) or "another process"
            raise StoreError(f"{owner} is writing this study", hint="wait until it ends, or stop it with Ctrl-C")
        if self._one("SELECT to_regclass('edge_tuner_events')") is None:
            with self._connection.transaction():
                # Two studies that are begun at once would both make the table.
                self._connection.execute("SELECT pg_advisory_xact_lock(0)")
                self._connection.execute(_SCHEMA)
        return int(self._one(_LAST, self._study))

    def _one(self, query: Any, *parameters: object) -> Any:
        row = self._connection.execute(query, parameters).fetchone()
        return None if row is None else row[0]


def _driver() -> Any:
    try:
        import psycopg  # noqa: PLC0415 - an extra, and only who asks for PostgreSQL needs it
    except ImportError:
        raise StoreError(
            "records in PostgreSQL need the package psycopg", hint="pip install 'edge-tuner[postgresql]'"
        ) from None
    return psycopg


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
