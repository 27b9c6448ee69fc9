"""Where the record of a study lies: in its folder, or in a database that the folder names."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from pathlib import Path

from tuner.errors import InputError, StoreError
from tuner.store import sqlite
from tuner.store.event import Store
from tuner.store.postgresql import PostgreSQLStore
from tuner.store.sqlite import SQLiteStore

_FILE = "study.db"
_POINTER = "store.json"
"""Names the database and the study's key in it."""


def is_study(folder: Path) -> bool:
    """Whether the folder is that of a study."""
    return record_file(folder) is not None


def record_file(folder: Path) -> Path | None:
    """Return the file that makes a folder that of a study: its record, or what says where that is."""
    return next((folder / name for name in (_FILE, _POINTER) if (folder / name).is_file()), None)


def studies_in(folder: Path) -> list[str]:
    """Return the names of the studies that lie in a folder."""
    return sorted(path.parent.name for name in (_FILE, _POINTER) for path in folder.glob(f"[!.]*/{name}"))


def place(folder: Path, url: str | None) -> None:
    """Say in a new study's folder where its record is to be; without a URL it is in the folder itself.

    Raises:
        InputError: the URL is none of PostgreSQL.
    """
    if url is None:
        return
    check_url(url)
    path = folder / _POINTER
    path.touch(mode=0o600)  # the URL may hold a password
    path.write_text(json.dumps({"url": url, "study": uuid.uuid4().hex}) + "\n", encoding="utf-8")


def check_url(url: str) -> None:
    """Refuse what is no database.

    Raises:
        InputError: the URL is none of PostgreSQL.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise InputError(f"'{url}' is no store", hint="write it like postgresql://user@host/database, or leave it out")


def open_store(folder: Path, *, write: bool) -> Store:
    """Open the record of the study in a folder.

    Raises:
        StoreError: it cannot be opened, or another process writes it.
    """
    if not (folder / _POINTER).is_file():
        return SQLiteStore(folder / _FILE, write=write)
    return PostgreSQLStore(*_pointed(folder), write=write)


def being_written(folder: Path) -> bool:
    """Whether a process has the record of the study in a folder open for writing.

    Raises:
        StoreError: the database cannot be asked.
    """
    if not (folder / _POINTER).is_file():
        return sqlite.being_written(folder / _FILE)
    with closing(PostgreSQLStore(*_pointed(folder), write=False)) as store:
        return store.being_written


def _pointed(folder: Path) -> tuple[str, str]:
    """Return the URL of the database and the study's key in it."""
    pointer = folder / _POINTER
    try:
        content = json.loads(pointer.read_text(encoding="utf-8"))
        return str(content["url"]), str(content["study"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{pointer}: does not say where the record is: {error}") from error
