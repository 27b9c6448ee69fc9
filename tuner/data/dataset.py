"""A data set as values: which recordings there are and where they lie. The reader that found them loads them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tuner.data.description import Description
from tuner.errors import DataError

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """An object in an image, in pixels from the top left corner."""

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One piece of data with one label; a reference, without the values."""

    id: str
    """Unique in the data set and the same on every machine: the path below the data set's root, and a part of it."""
    shape: tuple[int, ...]
    """Samples × axes of a series, height × width × channels of an image."""
    frequency_hz: float
    """Samples a second; 1 for an image."""
    digest: str
    """SHA-256 of the content of the file, or of the recording's part of it."""
    label: str = ""
    """The class; empty for regression targets and boxes, and as written where there may be several."""
    labels: tuple[str, ...] | None = None
    """Each label by itself, of a data set whose recordings may have several, or none; `None` in others."""
    target: float | None = None
    """The number to predict, of a regression."""
    boxes: tuple[Box, ...] | None = None
    """Objects to detect; `None` unless the data set is about detection."""
    group: str = ""
    """Who or what was recorded: a person, a machine, a place. Empty: unknown."""
    split: str = ""
    """ "train", "validation" or "test" if the data set says so."""
    path: str = ""
    """The file below the data set's root, with `/`."""
    part: str = ""
    """Which part of the file, if it holds several recordings; its reader knows what it means."""
    start: int = 0
    """First sample within the part."""
    session: str = ""
    """Pieces of one longer recording share it; it is the id of that recording."""

    @property
    def samples(self) -> int:
        """Length of a series; 1 for an image."""
        return self.shape[0] if len(self.shape) == 2 else 1

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples / self.frequency_hz

    @property
    def classes(self) -> tuple[str, ...]:
        """What it is an example of: its label or labels, or those of the objects in it, each once."""
        if self.boxes is not None:
            return tuple(dict.fromkeys(box.label for box in self.boxes))
        if self.labels is not None:
            return self.labels
        return (self.label,) if self.label else ()

    @property
    def content(self) -> tuple[str, int, tuple[int, ...]]:
        """Equal for recordings with the same values: copies, but not other pieces of the same file."""
        return self.digest, self.start, self.shape


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a data set that cannot be used."""

    path: str
    found: str
    """What is wrong with it, and what was expected."""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.found}"


class BrokenFilesError(DataError):
    """Some of a data set's files cannot be used; all of them are named."""

    def __init__(self, root: str, files: int, problems: tuple[Problem, ...]) -> None:
        shown = [f"  {problem}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            shown.append(f"  … and {len(problems) - _SHOWN} more")
        hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
        super().__init__(
            "\n".join([f"{root}: {_count(len(problems), 'problem')} in {_count(files, 'file')}", *shown]),
            hint="; ".join([*list(hints)[:3], "to go on without what cannot be used: --skip-bad, or 'skip_bad: true'"]),
        )
        self.root, self.files, self.problems = root, files, problems

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.files, self.problems)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_SHOWN = 50


class Loader(Protocol):
    """The part of a reader that a data set carries with it; picklable."""

    @property
    def name(self) -> str:
        """The format."""
        ...

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Read samples `start` up to `stop` of the file, or of the recording's part of it; see `Dataset.load`.

        What cannot be read any more is left out: `Dataset.load` says so.
        """
        ...


@dataclass(frozen=True)
class Dataset:
    """Recordings with labels, and where they lie.

    Small and picklable: a worker process reads the values itself, from `root`, without looking for files again.
    """

    name: str
    root: Path
    reader: Loader
    description: Description
    axes: tuple[str, ...]
    frequency_hz: float
    """The rate of most recordings; windows are cut at this rate unless they ask for another."""
    sample_bytes: int
    """Bytes a value takes in a device's input buffer: 4, but 2 of 16-bit sound and 1 of an image."""
    recordings: tuple[Recording, ...]
    """Sorted by id."""
    skipped: tuple[Problem, ...] = ()
    """What was left out on request because it cannot be used."""
    ignored: tuple[str, ...] = ()
    """Files that are not data of this format."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The classes, sorted."""
        return tuple(sorted({label for recording in self.recordings for label in recording.classes}))

    @property
    def task(self) -> str:
        """What the labels make of it: "classification", "multi-label", "regression" or "detection"."""
        first = self.recordings[0]
        if first.labels is not None:
            return "multi-label"
        if first.boxes is not None:
            return "detection"
        return "classification" if first.target is None else "regression"

    @property
    def is_images(self) -> bool:
        """Whether the recordings are images rather than series."""
        return len(self.recordings[0].shape) == 3

    @cached_property
    def longest(self) -> Recording:
        """The recording of the longest duration."""
        return max(self.recordings, key=lambda recording: recording.seconds)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images as a camera takes them: as described, else those of most."""
        if self.description.image_size is not None:
            return self.description.image_size
        sizes = Counter(recording.shape[:2] for recording in self.recordings)
        height, width = sizes.most_common(1)[0][0]
        return height, width

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that training can see: the content, labels, groups and splits of every recording.

        It depends neither on where the data set lies nor on the order of its files.
        """
        content: dict[str, object] = {
            "axes": self.axes,
            "frequency_hz": self.frequency_hz,
            "recordings": [
                [r.id, r.digest, r.shape, r.frequency_hz, r.label, r.target, r.group, r.split, r.session, r.start]
                + [[box.label, box.x, box.y, box.width, box.height] for box in r.boxes or ()]
                + ([] if r.labels is None else [r.labels])
                for r in self.recordings
            ],
        }
        if self.description.image_size is not None:
            content["image_size"] = self.description.image_size
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def _by_id(self) -> dict[str, Recording]:
        return {recording.id: recording for recording in self.recordings}

    def recording(self, recording_id: str) -> Recording:
        """Return the recording of that id."""
        try:
            return self._by_id[recording_id]
        except KeyError:
            raise DataError(f"{self.root}: there is no recording '{recording_id}'") from None

    def select(self, recording_ids: Iterable[str]) -> tuple[Recording, ...]:
        """Return the recordings of those ids, in that order."""
        return tuple(self.recording(recording_id) for recording_id in recording_ids)

    def load(self, recording: Recording, start: int = 0, stop: int | None = None) -> Float32:
        """Read the values of one recording, or samples `start` up to `stop` of it, at its own rate.

        Returns:
            samples × axes; of an image height × width × channels, 0 to 255. Sound is in units of a 16-bit sample,
            −32768 to 32767, as a microphone's driver delivers it.

        Raises:
            DataError: the file has gone or changed since the data set was opened.
        """
        end = recording.samples if stop is None else min(stop, recording.samples)
        values = self.reader.load(self, recording, recording.start + start, recording.start + end)
        if values.shape == (recording.shape if self.is_images else (end - start, len(self.axes))):
            return values
        raise DataError(
            f"{self.root / recording.path}: has changed since the data set was opened",
            hint="open the data set anew; a study needs the data it began with",
        )

    def __getstate__(self) -> dict[str, object]:
        """Pickle without what can be derived."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}


def digest(values: NDArray[np.generic]) -> str:
    """SHA-256 of an array's shape and values, equal on machines of either byte order."""
    ordered = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return hashlib.sha256(repr(values.shape).encode() + ordered.tobytes()).hexdigest()
