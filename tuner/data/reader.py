"""What a reader of one format is, and what readers of files with series share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from tuner.data.dataset import Dataset, Float32, Problem, Recording, digest
from tuner.data.description import Description
from tuner.data.folder import Folder, group_of, target_of
from tuner.data.recent import RecentFiles

_recent = RecentFiles(64 << 20)
"""Of this process; motion data are mostly smaller, so that all of them stay."""

RATE_TOLERANCE = 0.01
"""Share by which rates may differ and still be the same."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A recording as it was found; what all recordings of a data set must share is kept beside it."""

    recording: Recording
    axes: tuple[str, ...]
    sample_bytes: int = 4


@dataclass(frozen=True, slots=True)
class Annotation:
    """A file that was read for what it says about others."""

    path: str


Found = Scanned | Annotation | Problem


class Reader(Protocol):
    """A format of data sets. Implementations are stateless."""

    @property
    def name(self) -> str:
        """What `reader:` in a `dataset.yaml` calls it."""
        ...

    def count(self, folder: Folder) -> int:
        """How many files look as if they were of this format."""
        ...

    def scan(self, folder: Folder, description: Description) -> Iterator[Found]:
        """Read every file once and yield what was found in it, good or bad; no file of the format goes unmentioned."""
        ...

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Read samples `start` up to `stop` of a recording's file; see `Loader.load`."""
        ...


class BadFileError(ValueError):
    """A file, or a part of it, cannot be used.

    Args:
        found: what is wrong, to follow the file's name and a colon.
        hint: what to do about it.
    """

    def __init__(self, found: str, hint: str = "") -> None:
        super().__init__(found)
        self.found, self.hint = found, hint

    def problem(self, path: str) -> Problem:
        """Name the file it is about."""
        return Problem(path, self.found, self.hint)


@dataclass(frozen=True, slots=True)
class Part:
    """One recording in a file that has been read. What is `None` is taken from the file's path."""

    values: Float32
    """Samples × axes."""
    key: str = ""
    """Its name within the file; empty if the file holds one recording."""
    label: str | None = None
    target: float | None = None
    group: str | None = None
    split: str | None = None
    frequency_hz: float | None = None
    """Its rate, if the file states it."""
    session: str = ""
    """Parts with the same one are pieces of one longer recording."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that has been read."""

    axes: tuple[str, ...]
    parts: tuple[Part, ...]
    problems: tuple[BadFileError, ...] = ()
    """What cannot be used although the rest of the file can."""


class FileReader(ABC):
    """A format told by the ending of its files, each of which stands for itself."""

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    def count(self, folder: Folder) -> int:
        """How many files have one of the format's endings."""
        return len(folder.ending_in(*self.suffixes))

    def scan(self, folder: Folder, description: Description) -> Iterator[Found]:
        """Read every file with one of the format's endings."""
        for name in folder.ending_in(*self.suffixes):
            yield from self.scan_file(folder, name, description)

    @abstractmethod
    def scan_file(self, folder: Folder, name: str, description: Description) -> Iterator[Scanned | Problem]:
        """Read one file and yield what was found in it."""


class PartsReader(FileReader):
    """A format whose files fit in memory one at a time."""

    @abstractmethod
    def parse(self, path: Path, description: Description) -> Parsed:
        """Read a file.

        Raises:
            BadFileError: nothing in it can be used.
        """

    def scan_file(self, folder: Folder, name: str, description: Description) -> Iterator[Scanned | Problem]:
        """Read one file and yield its parts."""
        try:
            parsed = self.parse(folder.path(name), description)
        except BadFileError as error:
            yield error.problem(name)
            return
        except OSError as error:
            yield Problem(name, f"cannot be read: {error.strerror or error}")
            return
        yield from (error.problem(name) for error in parsed.problems)
        for part in parsed.parts:
            try:
                yield Scanned(_recording(part, folder, name, description), parsed.axes)
            except BadFileError as error:
                yield error.problem(f"{name}#{part.key}" if part.key else name)

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Read the file again, unless that was lately done, and return that stretch of the recording's part."""
        path = dataset.root / recording.path
        try:
            status = path.stat()
            key = (self.name, path, dataset.description, status.st_mtime_ns, status.st_size)
            parts = _recent.get(key, lambda: self._values(path, dataset.description))
            return parts[recording.part][start:stop]
        except (OSError, BadFileError, KeyError):
            return np.empty((0, len(dataset.axes)), np.float32)

    def _values(self, path: Path, description: Description) -> dict[str, Float32]:
        parts = {part.key: part.values for part in self.parse(path, description).parts}
        for values in parts.values():
            values.flags.writeable = False  # several callers see the same array
        return parts


def _recording(part: Part, folder: Folder, name: str, description: Description) -> Recording:
    check_values(part.values)
    if part.target is None and part.label is None:
        label, target = meaning_of(folder, name, description)
    else:
        label, target = checked_label(part.label) if part.target is None else "", part.target
    recording_id = f"{name}#{part.key}" if part.key else name
    return Recording(
        id=recording_id,
        shape=part.values.shape,
        frequency_hz=rate_of(part.frequency_hz, description),
        digest=digest(part.values),
        label=label,
        target=target,
        group=part.group if part.group is not None else group_of(name, description),
        split=part.split or folder.split_of(name, description),
        path=name,
        part=part.key,
        session=f"{name}#{part.session}" if part.session else recording_id,
    )


def meaning_of(folder: Folder, name: str, description: Description) -> tuple[str, float | None]:
    """The label, or else the target, that a path names.

    Raises:
        BadFileError: it names none.
    """
    try:
        target = target_of(name, description)
    except ValueError as error:
        raise BadFileError(str(error)) from error
    return ("", target) if target is not None else (checked_label(folder.label_of(name, description)), None)


def checked_label(label: str | None) -> str:
    """Refuse a label that says nothing.

    Raises:
        BadFileError: it is empty.
    """
    if not label or not label.strip():
        raise BadFileError("has no label", "check label_pattern or label_column in dataset.yaml")
    return label.strip()


def check_values(values: Float32) -> None:
    """Refuse a series that is empty or has values that are not finite.

    Raises:
        BadFileError: says where the first such value is.
    """
    if not values.size:
        raise BadFileError("holds no values")
    finite = np.isfinite(values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        count = int(finite.size - finite.sum())
        kind = "missing (NaN)" if np.isnan(values[row, column]) else "infinite"
        raise BadFileError(f"sample {row} of axis {column} is {kind}; {count} of {finite.size} values are not finite")


def rate_of(stated_hz: float | None, description: Description) -> float:
    """The rate of a recording from what its file and the description state.

    Raises:
        BadFileError: they disagree by more than 1 %, or neither states one.
    """
    wanted = description.frequency
    if stated_hz is None:
        if wanted is None:
            raise BadFileError("does not say how fast it was sampled", _RATE_HINT)
        return wanted
    if not (np.isfinite(stated_hz) and stated_hz > 0):
        raise BadFileError(f"states a rate of {stated_hz} Hz")
    if wanted is None or description.resample:
        return stated_hz
    if abs(stated_hz - wanted) > RATE_TOLERANCE * wanted:
        raise BadFileError(
            f"was sampled at {stated_hz:g} Hz, expected {wanted:g} Hz", "write 'resample: true' to allow several rates"
        )
    return wanted


_RATE_HINT = "write e.g. 'frequency: 50 Hz' in the folder's dataset.yaml, or name the time_column"
