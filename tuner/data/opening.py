"""From a path to a data set: choose the reader, read every file once, and hold all recordings against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from tuner.data.dataset import BrokenFilesError, Dataset, Problem, Recording
from tuner.data.description import NORMAL, Description, describe
from tuner.data.folder import Folder, list_folder
from tuner.data.reader import RATE_TOLERANCE, Annotation, Found, Reader, Scanned
from tuner.data.readers import ANNOTATED, PLAIN
from tuner.errors import ConfigError, DataError, nearest

_T = TypeVar("_T")


def open_dataset(
    path: str | Path, *, skip_bad: bool = False, progress: Callable[[int], None] | None = None, **options: Any
) -> Dataset:
    """Open a data set as it lies on disk. Every file is read once, to check it and to take its fingerprint.

    Args:
        path: a folder, or a single file with several recordings.
        skip_bad: leave out what cannot be used, and list it in `Dataset.skipped`, instead of raising.
        progress: called with the number of recordings read so far.
        options: fields of `Description`, in place of what the folder's `dataset.yaml` says.

    Raises:
        BrokenFilesError: some files cannot be used; all are named.
        ConfigError: `dataset.yaml` or an option is wrong.
        DataError: there is no data set at `path`.
    """
    folder = list_folder(Path(path))
    description = describe(folder.root, options)
    reader = _choose(Path(path), folder, description)
    found: list[Found] = []
    for entry in reader.scan(folder, description):
        found.append(entry)
        if progress is not None:
            progress(len(found))
    scanned = [entry for entry in found if isinstance(entry, Scanned)]
    problems = [*folder.problems, *(entry for entry in found if isinstance(entry, Problem))]
    scanned = _at_common_rate(scanned, description)
    scanned = _set_apart(_disagreements(scanned, description), scanned, problems)
    problems += _emptied_classes(folder, description, scanned, problems)
    files = {problem.path.split("#")[0] for problem in problems}
    if problems and not (skip_bad and scanned):
        raise BrokenFilesError(str(path), len(files), tuple(problems))
    if not scanned:
        raise DataError(f"{path}: holds no recordings")
    mentioned = files | {entry.recording.path for entry in scanned}
    mentioned |= {entry.path for entry in found if isinstance(entry, Annotation)}
    recordings = sorted((entry.recording for entry in scanned), key=lambda recording: recording.id)
    return Dataset(
        name=description.name or Path(path).resolve().stem,
        root=folder.root.resolve(),
        reader=reader,
        description=description,
        axes=scanned[0].axes,
        frequency_hz=_common_rate(scanned, description),
        sample_bytes=max(entry.sample_bytes for entry in scanned),
        recordings=tuple(_cut_up([_with_labels(recording, description) for recording in recordings], description)),
        skipped=tuple(problems),
        ignored=tuple(name for name in folder.files if name not in mentioned),
    )


def _choose(path: Path, folder: Folder, description: Description) -> Reader:
    if description.reader is not None:
        named = {reader.name: reader for reader in (*ANNOTATED, *PLAIN)}
        if description.reader in named:
            return named[description.reader]
        raise ConfigError(f"{path}: there is no reader '{description.reader}'", hint=nearest(description.reader, named))
    for readers in (ANNOTATED, PLAIN):
        counts = [reader.count(folder) for reader in readers]
        if any(counts):
            return readers[counts.index(max(counts))]
    endings = sorted({Path(name).suffix for name in folder.files} - {""})
    raise DataError(
        f"{path}: none of its {len(folder.files)} files is data of a known format"
        + (f"; their endings: {' '.join(endings[:10])}" if endings else ""),
        hint=f"known: {', '.join(reader.name for reader in (*ANNOTATED, *PLAIN))}",
    )


def _at_common_rate(scanned: list[Scanned], description: Description) -> list[Scanned]:
    """Take rates within 1 % of that of most recordings for the same: clocks of two boards differ by as much."""
    most_hz = _most(entry.recording.frequency_hz for entry in scanned)
    if most_hz is None or description.resample:
        return scanned
    return [
        replace(entry, recording=replace(entry.recording, frequency_hz=most_hz))
        if 0 < abs(entry.recording.frequency_hz - most_hz) <= RATE_TOLERANCE * most_hz
        else entry
        for entry in scanned
    ]


def _disagreements(scanned: list[Scanned], description: Description) -> dict[int, Problem]:
    """Where a recording differs from most in what all must share, by its index."""
    problems: dict[int, Problem] = {}
    most_axes = _most(entry.axes for entry in scanned)
    most_hz = _most(entry.recording.frequency_hz for entry in scanned)
    most_kind = _most(_kind(entry.recording) for entry in scanned)
    ids: set[str] = set()
    for index, entry in enumerate(scanned):
        recording = entry.recording
        if entry.axes != most_axes:
            found = f"has {_axes(entry.axes)}, most recordings have {_axes(most_axes or ())}"
            problems[index] = Problem(recording.id, found, "name the axes to read: 'axes: [x, y, z]'")
        elif recording.frequency_hz != most_hz and not description.resample:
            found = f"was sampled at {recording.frequency_hz:g} Hz, most recordings at {most_hz:g} Hz"
            problems[index] = Problem(recording.id, found, "write 'resample: true' to allow several rates")
        elif _kind(recording) != most_kind:
            found = f"has {_kind(recording)}, most recordings have {most_kind}"
            problems[index] = Problem(recording.id, found)
        elif recording.id in ids:
            problems[index] = Problem(recording.id, "stands twice in the data set", "give each recording its own name")
        ids.add(recording.id)
    return problems


def _set_apart(bad: dict[int, Problem], scanned: list[Scanned], problems: list[Problem]) -> list[Scanned]:
    problems.extend(bad.values())
    return [entry for index, entry in enumerate(scanned) if index not in bad]


def _emptied_classes(
    folder: Folder, description: Description, scanned: list[Scanned], problems: list[Problem]
) -> list[Problem]:
    """Classes of which nothing is left, where paths say what the classes are."""
    recordings = [entry.recording for entry in scanned]
    if not all(recording.label == folder.label_of(recording.path, description) for recording in recordings):
        return []
    files = set(folder.files)
    bad = {folder.label_of(problem.path, description) for problem in problems if problem.path in files}
    empty = bad - {recording.label for recording in recordings} - {""}
    return [Problem(label, "is a class of which no recording can be used") for label in sorted(empty)]


def _kind(recording: Recording) -> str:
    if recording.boxes is not None:
        return "boxes"
    return "a label" if recording.target is None else "a target"


def _axes(axes: tuple[str, ...]) -> str:
    shown = ", ".join(axes[:8]) + (", …" if len(axes) > 8 else "")
    return f"{len(axes)} {'axis' if len(axes) == 1 else 'axes'} ({shown})"


def _most(values: Iterable[_T]) -> _T | None:
    """The value that most have; the first such one of a tie, as the files are sorted."""
    counts = Counter(values)
    return counts.most_common(1)[0][0] if counts else None


def _common_rate(scanned: list[Scanned], description: Description) -> float:
    if description.resample and description.frequency is not None:
        return description.frequency
    return _most(entry.recording.frequency_hz for entry in scanned) or 1.0


def _with_labels(recording: Recording, description: Description) -> Recording:
    """Take a label apart where the description says what stands between several, and call normal what it says is."""
    if recording.label in description.normal:
        return replace(recording, label=NORMAL)
    separator = description.label_separator
    if not separator or not recording.label:
        return recording
    named = dict.fromkeys(label.strip() for label in recording.label.split(separator))
    return replace(recording, labels=tuple(label for label in named if label))


def _cut_up(recordings: list[Recording], description: Description) -> Iterable[Recording]:
    """Yield the recordings, the long ones as consecutive pieces if the description asks for it."""
    for recording in recordings:
        piece = round((description.segment or 0) * recording.frequency_hz)
        if not piece or recording.samples <= piece or len(recording.shape) != 2:
            yield recording
            continue
        for start in range(0, recording.samples, piece):
            yield replace(
                recording,
                id=f"{recording.id}@{start:09d}",
                shape=(min(piece, recording.samples - start), recording.shape[1]),
                start=recording.start + start,
            )
