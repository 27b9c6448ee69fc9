"""Unpacking what was uploaded: ZIP and TAR archives that do not leave their folder and are as large as they look."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from tuner.errors import DataError

_MOST_FILES = 200_000
_MOST_RATIO = 200
"""Unpacked bytes per packed byte: CSV files of a constant come near a hundred, bombs far beyond."""
_SLACK = 16 * 1024**2
"""Unpacked bytes that are always allowed: small files of zeros pack well."""
_CHUNK = 1024**2

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_archive(filename: str) -> bool:
    """Whether the name is that of an archive."""
    return filename.lower().endswith(SUFFIXES)


def unpack(archive: Path, filename: str, target: Path, *, limit_bytes: int) -> None:
    """Unpack regular files; folders come with them. A single top folder is left out.

    Args:
        archive: the file.
        filename: its name where it came from, which tells the kind.
        target: a folder that does not exist yet.
        limit_bytes: of all files together.

    Raises:
        DataError: it is no such archive, is damaged, holds links, devices or paths that lead elsewhere, or is too
            large; nothing is left behind.
    """
    packed = archive.stat().st_size
    allowed = min(limit_bytes, max(_SLACK, packed * _MOST_RATIO))
    target.mkdir(parents=True)
    try:
        members = _zip_members(archive) if filename.lower().endswith(".zip") else _tar_members(archive)
        _write(members, target, filename, allowed)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise DataError(f"{filename}: cannot be unpacked: {error}", hint="pack it anew as .zip or .tar.gz") from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    _without_top_folder(target)


def _write(members: Iterator[tuple[str, IO[bytes]]], target: Path, filename: str, allowed: int) -> None:
    total = 0
    for count, (name, source) in enumerate(members, start=1):
        if count > _MOST_FILES:
            raise DataError(f"{filename}: holds more than {_MOST_FILES:,} files")
        path = target / _checked(name, filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            while chunk := source.read(_CHUNK):
                total += len(chunk)
                if total > allowed:
                    raise DataError(f"{filename}: unpacks to more than the {allowed:,} bytes allowed for its size")
                file.write(chunk)


def _zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
                raise DataError(f"{info.filename}: is a link or device; archives may hold files alone")
            with opened.open(info) as source:
                yield info.filename, source


def _tar_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(archive, "r:*") as opened:
        for info in opened:
            if info.isdir():
                continue
            source = opened.extractfile(info) if info.isreg() else None
            if source is None:
                raise DataError(f"{info.name}: is a link or device; archives may hold files alone")
            yield info.name, source


def _checked(name: str, filename: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0] or "\0" in name
    if outside:
        raise DataError(f"{filename}: holds the path '{name}', which leads out of its folder")
    return path


def _without_top_folder(target: Path) -> None:
    """Move the content of a single folder up: `data.zip` with `data/…` in it is the data set `…`."""
    entries = list(target.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    inner = entries[0].rename(target.with_name(f"{target.name}.inner"))
    target.rmdir()
    inner.rename(target)
