"""The data sets a server knows by name: registered where they lie, or uploaded into its own folder."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tuner.config import validated
from tuner.data.description import Description
from tuner.errors import DataError, StoreError, nearest
from tuner.files import write_atomically
from tuner.messages.datasets import DatasetEntry
from tuner.service import archives
from tuner.service.paths import confined
from tuner.service.refusals import ConflictError, MissingError

_ENTRIES = TypeAdapter(dict[str, DatasetEntry])

FILE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".npz", ".ts", ".json", ".cbor", ".wav", ".flac")
"""Kinds of single files that may be uploaded: those that readers open and that hold recordings."""


class Datasets:
    """Kept in one file; uploads lie beside it.

    Args:
        folder: the server's own.
        roots: below which data sets may be registered.
        limit_bytes: of an upload, packed and unpacked.
    """

    def __init__(self, folder: Path, roots: Sequence[Path], *, limit_bytes: int) -> None:
        self._file = folder / "datasets.json"
        self._uploads = folder / "uploads"
        self._roots = tuple(roots)
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._entries = _read(self._file)

    def all(self) -> tuple[DatasetEntry, ...]:
        """Return the data sets by name."""
        return tuple(self._entries[name] for name in sorted(self._entries))

    def get(self, name: str) -> DatasetEntry:
        """Return one.

        Raises:
            MissingError: there is none of that name.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise MissingError(f"there is no data set '{name}'", hint=nearest(name, self._entries))
        return entry

    def register(self, name: str, path: str, options: Mapping[str, Any]) -> DatasetEntry:
        """Make data below one of the roots known.

        Raises:
            ForbiddenError: the path lies elsewhere.
            ConflictError: the name is taken.
            ConfigError: an option is wrong.
        """
        _check_options(options)
        found = confined(path, self._roots)
        return self._add(
            DatasetEntry(name=name, path=str(found), options=dict(options), source="registered", added_at=time.time())
        )

    def upload(self, name: str, file: Path, filename: str, options: Mapping[str, Any]) -> DatasetEntry:
        """Take an archive or a single file in.

        Raises:
            DataError: it is of no known kind, or the archive is not to be trusted.
            ConflictError: the name is taken.
            ConfigError: an option is wrong.
        """
        _check_options(options)
        self._check_free(name)
        plain = Path(filename).name
        target = self._uploads / name
        if archives.is_archive(plain):
            shutil.rmtree(target, ignore_errors=True)  # what an upload that broke off left behind
            archives.unpack(file, plain, target, limit_bytes=self._limit_bytes)
            path = target
        elif plain.lower().endswith(FILE_SUFFIXES) and not plain.startswith("."):
            target.mkdir(parents=True, exist_ok=True)
            path = target / plain
            shutil.copyfile(file, path)
        else:
            known = " ".join((*archives.SUFFIXES, *FILE_SUFFIXES))
            raise DataError(f"{plain[:100]}: is no kind of file that is taken", hint=f"known: {known}")
        entry = DatasetEntry(name=name, path=str(path), options=dict(options), source="uploaded", added_at=time.time())
        return self._add(entry)

    def forget(self, name: str) -> None:
        """Forget a data set, and delete it if it was uploaded.

        Raises:
            MissingError: there is none of that name.
        """
        entry = self.get(name)
        with self._lock:
            self._keep({other: kept for other, kept in self._entries.items() if other != name})
        if entry.source == "uploaded":
            shutil.rmtree(self._uploads / name, ignore_errors=True)

    def _add(self, entry: DatasetEntry) -> DatasetEntry:
        with self._lock:
            self._check_free(entry.name)
            self._keep({**self._entries, entry.name: entry})
        return entry

    def _check_free(self, name: str) -> None:
        if name in self._entries:
            raise ConflictError(
                f"there is a data set '{name}' already", hint="give it another name, or delete that one"
            )

    def _keep(self, entries: dict[str, DatasetEntry]) -> None:
        write_atomically(self._file, _ENTRIES.dump_json(entries, indent=1))
        self._entries = entries


def _check_options(options: Mapping[str, Any]) -> None:
    validated(Description, options, source="options")


def _read(file: Path) -> dict[str, DatasetEntry]:
    try:
        return _ENTRIES.validate_json(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise StoreError(
            f"{file}: is not a server's list of data sets: {error.errors()[0]['msg']}",
            hint="move it away and register the data sets anew; no study is lost",
        ) from error
