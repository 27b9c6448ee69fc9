"""The files of a data set, and what their paths say: label, group and split."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from tuner.data.dataset import Problem
from tuner.data.description import FILE_NAME, Description
from tuner.errors import DataError

SPLIT_FOLDERS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}

_SPLIT_LISTS = {"validation_list.txt": "validation", "testing_list.txt": "test"}
"""Files that list paths, one a line, as Speech Commands has them."""


@dataclass(frozen=True)
class Folder:
    """The files below a root, named by their paths with `/`, sorted."""

    root: Path
    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """Links that lead out of the folder, and the like."""
    listed: Mapping[str, str] = field(default_factory=dict)
    """Splits of the files that a list in the folder names."""

    def split_of(self, name: str, description: Description) -> str:
        """The split of a file: by a pattern, a list of files, or a first folder like `train` or `testing`."""
        if description.test_pattern and re.search(description.test_pattern, name):
            return "test"
        if description.validation_pattern and re.search(description.validation_pattern, name):
            return "validation"
        folders = PurePosixPath(name).parts[:-1]
        return self.listed.get(name) or (SPLIT_FOLDERS.get(folders[0].lower(), "") if folders else "")

    def label_of(self, name: str, description: Description) -> str:
        """The class a file's path names.

        By the pattern, else its first folder after that of the split. Where all files lie in one folder, or in none,
        what stands before the first dot or underscore of their names; unless no two files have that in common.
        """
        if description.label_pattern is not None:
            return _matched(description.label_pattern, name)
        by_folder = _label_folder(name)
        if by_folder and (len(self._label_folders) > 1 or not self._names_repeat):
            return by_folder
        return _first_word(name)

    @cached_property
    def _label_folders(self) -> set[str]:
        return {_label_folder(name) for name in self.files} - {""}

    @cached_property
    def _names_repeat(self) -> bool:
        names = [name for name in self.files if _label_folder(name)]
        return len({_first_word(name) for name in names}) <= len(names) / 2

    def ending_in(self, *suffixes: str) -> tuple[str, ...]:
        """Return the files with one of these endings, in lower or upper case."""
        return tuple(name for name in self.files if name.lower().endswith(suffixes))

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.root / name


def list_folder(path: Path) -> Folder:
    """List the files of a folder and its subfolders; of a file's path, that file alone.

    Hidden files are not part of a data set. A link that leads out of the folder is a problem and is not followed,
    so that a data set cannot reach for files its owner did not put there.

    Raises:
        DataError: there is nothing at `path`.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder", hint="give the path of a data set")
    if path.is_file():
        return Folder(path.parent, (path.name,))
    files: list[str] = []
    problems: list[Problem] = []
    inside = path.resolve()
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        shown = sorted(name for name in names if not _is_hidden(name) and name != FILE_NAME)
        here = Path(folder)
        if not folders and not shown and here != path:
            problems.append(Problem(here.relative_to(path).as_posix(), "is an empty folder", _EMPTY_HINT))
        for found in [here / name for name in folders if (here / name).is_symlink()] + [here / name for name in shown]:
            relative = found.relative_to(path).as_posix()
            if wrong := _refused(found, inside):
                problems.append(Problem(relative, wrong, _LINK_HINT))
            else:
                files.append(relative)
    listed = {
        line.strip(): split
        for name, split in _SPLIT_LISTS.items()
        if name in files
        for line in (path / name).read_text(encoding="utf-8", errors="replace").splitlines()
    }
    data = sorted(name for name in files if name not in _SPLIT_LISTS)
    return Folder(path, tuple(data), tuple(sorted(problems, key=lambda problem: problem.path)), listed)


_EMPTY_HINT = "remove it, or put the recordings of the class in it"
_LINK_HINT = "put the files themselves in the folder"


def _refused(found: Path, inside: Path) -> str:
    """Why something in a folder is not read; empty for a file that is."""
    if found.is_symlink() and not _is_inside(found, inside):
        return "is a link that leads out of the data set's folder"
    if found.is_dir():
        return "is a link to a folder, which is not followed"
    return "" if found.is_file() else "is no regular file"


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_inside(link: Path, folder: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def _label_folder(name: str) -> str:
    folders = PurePosixPath(name).parts[:-1]
    if folders and folders[0].lower() in SPLIT_FOLDERS:
        folders = folders[1:]
    return folders[0] if folders else ""


def _first_word(name: str) -> str:
    return re.split(r"[._]", PurePosixPath(name).name, maxsplit=1)[0]


def group_of(name: str, description: Description) -> str:
    """Who or what was recorded, if a pattern for it is given and matches."""
    return _matched(description.group_pattern, name) if description.group_pattern else ""


def target_of(name: str, description: Description) -> float | None:
    """The number to predict, if a pattern for it is given.

    Raises:
        ValueError: what the pattern matched is no number.
    """
    if description.target_pattern is None:
        return None
    text = _matched(description.target_pattern, name)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"the target '{text}', matched by target_pattern, is not a number") from None


def _matched(pattern: str, name: str) -> str:
    match = re.search(pattern, name)
    if match is None:
        return ""
    return (match[1] or "") if match.re.groups else match[0]
