"""Features on disk, by what they were made from, up to a size; the least recently used leave first."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.errors import StoreError
from tuner.files import write_atomically

Arrays = Mapping[str, NDArray[Any]]

DEFAULT_LIMIT_BYTES = 4 * 1024**3


class FeatureCache:
    """A folder that several processes may share. A damaged entry counts as absent."""

    def __init__(self, folder: Path, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def get(self, key: str) -> Arrays | None:
        """Return the arrays of an entry, `None` if there is no sound one."""
        path = self._path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
                arrays = {name: entry[name] for name in entry.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the date of the last use decides which entry leaves first
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep arrays; what cannot be written is not kept, for a cache is a convenience."""
        content = BytesIO()
        np.savez(content, **dict(arrays))  # type: ignore[arg-type]  # the stub takes its own keyword for an array
        if content.tell() > self._limit:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(key), content.getvalue())
            self._shrink()

    def _shrink(self) -> None:
        entries = sorted((path.stat() for path in self._folder.glob("*.npz")), key=lambda entry: entry.st_mtime)
        excess = sum(entry.st_size for entry in entries) - self._limit
        if excess <= 0:
            return
        for path in sorted(self._folder.glob("*.npz"), key=lambda path: path.stat().st_mtime):
            if excess <= 0:
                break
            excess -= path.stat().st_size
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise StoreError(f"'{key}' cannot name an entry of the feature cache")
        return self._folder / f"{key}.npz"


def default_folder() -> Path:
    """Return the user's cache folder, `$XDG_CACHE_HOME/edge-tuner/features` (by default below `~/.cache`)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "edge-tuner" / "features"
