"""Exports of Edge Impulse projects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final

from tuner.data.dataset import Dataset, Float32, Problem, Recording
from tuner.data.description import Description
from tuner.data.detection import Marks, scan_marked
from tuner.data.folder import Folder
from tuner.data.images import ENDINGS
from tuner.data.reader import Annotation, BadFileError, Found, Scanned
from tuner.data.readers.acquisition import AcquisitionReader, begins_like_acquisition
from tuner.data.readers.audio import AudioReader
from tuner.data.readers.csv import CsvReader
from tuner.data.readers.edge_impulse_labels import LabelledPart, Said, read_labels
from tuner.data.readers.images import ImageReader

_BY_ENDING: Final = {
    ending: reader
    for reader in (AcquisitionReader(), CsvReader(), AudioReader(), ImageReader())
    for ending in reader.suffixes
}

_MS_TOLERANCE = 2
"""Rows or milliseconds by which the labels of parts may miss the end of a recording."""


@dataclass(frozen=True)
class EdgeImpulseReader:
    """Samples as JSON, CBOR, CSV, WAV or images, with labels in `info.labels` or `*.labels`, else in file names.

    `training` and `testing` are the splits. A sample with several labels one after the other becomes a recording for
    each, all of one session. Metadata named by `group_column` are groups.
    """

    name: ClassVar[str] = "edge-impulse"

    def count(self, folder: Folder) -> int:
        """How many files of labels and acquisitions there are."""
        jsons = sum(begins_like_acquisition(folder.path(name)) for name in folder.ending_in(".json"))
        return len(folder.ending_in(".labels", ".cbor")) + jsons

    def scan(self, folder: Folder, description: Description) -> Iterator[Found]:
        """Read all labels, then every sample."""
        said, problems, files = read_labels(folder)
        yield from (Annotation(name) for name in files)
        yield from problems
        samples = folder.ending_in(*_BY_ENDING)
        for name in sorted(set(said) - set(samples)):
            yield Problem(name, f"is named in {said[name].file}, but there is no such sample")
        has_boxes = any(entry.boxes for entry in said.values())
        for name in samples:
            entry = said.get(name)
            if entry is None and problems:
                yield Problem(name, f"has labels, if any, in {problems[0].path}, which cannot be used")
            elif entry is None and any(PurePosixPath(file).name == "info.labels" for file in files):
                yield Problem(name, "is not named in info.labels")
            elif entry is not None and has_boxes and name.lower().endswith(ENDINGS):
                yield from _marked(folder, name, description, entry)
            else:
                reader = _BY_ENDING[PurePosixPath(name.lower()).suffix]
                for found in reader.scan_file(folder, name, description):
                    yield from _labelled(found, entry or Said("the file's name"), name, description)

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Read a stretch of a sample in its format."""
        return _BY_ENDING[PurePosixPath(recording.path.lower()).suffix].load(dataset, recording, start, stop)


def _marked(folder: Folder, name: str, description: Description, said: Said) -> Iterator[Scanned | Problem]:
    try:
        yield scan_marked(folder, name, description, Marks(said.boxes or (), split=said.split))
    except BadFileError as error:
        yield error.problem(name)


def _labelled(found: Scanned | Problem, said: Said, name: str, description: Description) -> Iterator[Scanned | Problem]:
    """Put what the labels say in place of what the path did."""
    if isinstance(found, Problem):
        yield found
        return
    recording = found.recording
    changes: dict[str, Any] = {}
    if said.split:
        changes["split"] = said.split
    if description.group_column is not None:
        changes["group"] = said.metadata.get(description.group_column, "")
    try:
        if said.parts is not None:
            recording = replace(recording, **changes)
            yield from [replace(found, recording=part) for part in _parts(recording, said)]
            return
        if description.label_pattern is None or said.label is not None:
            label = PurePosixPath(name).name.split(".")[0] if said.label is None else said.label
            changes |= _meaning(label, said, description)
    except BadFileError as error:
        yield error.problem(recording.id)
        return
    yield replace(found, recording=replace(recording, **changes))


def _meaning(label: str, said: Said, description: Description) -> dict[str, Any]:
    if not label.strip():
        raise BadFileError(f"has no label in {said.file}")
    if description.task != "regression":
        return {"label": label.strip(), "target": None}
    try:
        return {"label": "", "target": float(label)}
    except ValueError:
        raise BadFileError(f"has the label '{label}' in {said.file}, expected a number") from None


def _parts(recording: Recording, said: Said) -> Iterator[Recording]:
    """Cut a recording where its label changes.

    The format's description gives the ends of parts in milliseconds and as indices of rows, but also says that parts
    cover a recording from end to end: so where the last one ends tells which of the two they are.
    """
    parts = said.parts or ()
    _check_cover(parts, said.file)
    last = parts[-1].stop
    if abs(last - recording.samples) <= _MS_TOLERANCE:
        scale = 1.0
    elif abs(last - 1000 * recording.seconds) <= _MS_TOLERANCE + 1000 / recording.frequency_hz:
        scale = recording.frequency_hz / 1000
    else:
        length = f"{recording.samples} rows of {1000 * recording.seconds:g} ms"
        raise BadFileError(f"has labels up to {last - 1} in {said.file}, but {length}")
    for part in parts:
        start, stop = round(part.start * scale), min(round(part.stop * scale), recording.samples)
        if start >= stop:
            raise BadFileError(f"has the empty part {part.start} to {part.stop - 1} in {said.file}")
        yield replace(
            recording,
            id=f"{recording.id}@{start:09d}",
            label=part.label,
            shape=(stop - start, recording.shape[1]),
            start=recording.start + start,
        )


def _check_cover(parts: tuple[LabelledPart, ...], file: str) -> None:
    """Refuse labels that leave a gap, overlap or say nothing."""
    if not parts:
        raise BadFileError(f"has no labels in {file}")
    expected = 0
    for part in parts:
        if part.start != expected or part.stop <= part.start:
            found = f"the part '{part.label}' from {part.start} to {part.stop - 1}"
            raise BadFileError(f"has {found} in {file}, expected it to start at {expected}")
        if not part.label.strip():
            raise BadFileError(f"has no label from {part.start} to {part.stop - 1} in {file}")
        expected = part.stop
