"""What a data set holds, and what in it may mislead a study."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.axis_summary import AxisSummary, summarise_axes
from tuner.data.dataset import Dataset, Problem, Recording
from tuner.data.window_candidates import WindowCandidates, window_candidates


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """How much there is of one class; of a detection, how many boxes."""

    label: str
    recordings: int
    seconds: float
    boxes: int
    groups: int
    splits: tuple[tuple[str, int], ...]
    """Recordings in each split that the data set gives."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that `tuner datasets inspect` tells."""

    dataset: Dataset
    classes: tuple[ClassSummary, ...]
    axes: tuple[AxisSummary, ...]
    durations_s: tuple[float, float, float]
    """Shortest, median and longest recording."""
    rates_hz: tuple[tuple[float, int], ...]
    """Rates with the number of recordings."""
    duplicates: tuple[tuple[str, ...], ...]
    """Ids of recordings with the same content."""
    remarks: tuple[str, ...]
    """What to look at before a study is run."""
    windows: WindowCandidates

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was left out because it cannot be used."""
        return self.dataset.skipped

    @property
    def seconds(self) -> float:
        """Duration of all recordings together."""
        return sum(recording.seconds for recording in self.dataset.recordings)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        dataset = self.dataset
        return {
            "name": dataset.name,
            "path": str(dataset.root),
            "reader": dataset.reader.name,
            "task": dataset.task,
            "fingerprint": dataset.fingerprint,
            "recordings": len(dataset.recordings),
            "seconds": None if dataset.is_images else self.seconds,
            "image_size": list(dataset.image_size) if dataset.is_images else None,
            "frequency_hz": dataset.frequency_hz,
            "axes": [asdict(axis) for axis in self.axes],
            "classes": [{**asdict(summary), "splits": dict(summary.splits)} for summary in self.classes],
            "durations_s": list(self.durations_s),
            "rates_hz": [{"rate_hz": rate, "recordings": count} for rate, count in self.rates_hz],
            "duplicates": [list(ids) for ids in self.duplicates],
            "remarks": list(self.remarks),
            "problems": [asdict(problem) for problem in self.problems],
            "ignored": list(dataset.ignored),
            "windows": {
                "event": [candidate.to_json() for candidate in self.windows.event],
                "continuous": [candidate.to_json() for candidate in self.windows.continuous],
            },
        }


def inspect(dataset: Dataset) -> Inspection:
    """Look at every recording once, a stretch at a time.

    Raises:
        DataError: a recording cannot be read any more.
    """
    seconds = [recording.seconds for recording in dataset.recordings]
    classes = _classes(dataset)
    axes = summarise_axes(dataset)
    duplicates = _duplicates(dataset)
    return Inspection(
        dataset=dataset,
        classes=classes,
        axes=axes,
        durations_s=(min(seconds), float(np.median(seconds)), max(seconds)),
        rates_hz=tuple(sorted(Counter(recording.frequency_hz for recording in dataset.recordings).items())),
        duplicates=duplicates,
        remarks=(
            *_label_remarks(dataset, classes),
            *_split_remarks(dataset),
            *_duplicate_remarks(dataset, duplicates),
            *_axis_remarks(axes),
        ),
        windows=window_candidates(dataset),
    )


def _classes(dataset: Dataset) -> tuple[ClassSummary, ...]:
    members: dict[str, list[Recording]] = defaultdict(list)
    boxes: Counter[str] = Counter()
    for recording in dataset.recordings:
        marked = [box.label for box in recording.boxes or ()]
        boxes.update(marked)
        for label in recording.classes:
            members[label].append(recording)
    return tuple(
        ClassSummary(
            label=label,
            recordings=len(recordings),
            seconds=sum(recording.seconds for recording in recordings),
            boxes=boxes[label],
            groups=len({recording.group for recording in recordings} - {""}),
            splits=tuple(sorted(Counter(recording.split for recording in recordings if recording.split).items())),
        )
        for label, recordings in sorted(members.items())
    )


def _duplicates(dataset: Dataset) -> tuple[tuple[str, ...], ...]:
    same: dict[object, list[str]] = defaultdict(list)
    for recording in dataset.recordings:
        same[recording.content].append(recording.id)
    return tuple(tuple(ids) for ids in same.values() if len(ids) > 1)


def _duplicate_remarks(dataset: Dataset, duplicates: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    copies = [(ids, dataset.select(ids)) for ids in duplicates]
    disagree = [ids for ids, same in copies if len({(r.label, r.target) for r in same}) > 1]
    across = [ids for ids, same in copies if len({r.split for r in same}) > 1]
    if duplicates:
        yield f"{_many(len(duplicates), 'recording is', 'recordings are')} there more than once: {_some(duplicates[0])}"
    if disagree:
        yield f"{_many(len(disagree), 'of them has', 'of them have')} different labels: {_some(disagree[0])}"
    if across:
        found = f"{_many(len(across), 'of them is', 'of them are')} in more than one of the given splits"
        yield f"{found}, so that scores look better than they are: {_some(across[0])}"


def _label_remarks(dataset: Dataset, classes: tuple[ClassSummary, ...]) -> Iterator[str]:
    if dataset.task == "regression":
        yield from _target_remarks(dataset)
        return
    counts = {summary.label: summary.boxes or summary.recordings for summary in classes}
    if len(counts) == 1 and dataset.task == "classification":
        yield f"there is one class, '{next(iter(counts))}': a classifier needs two"
    if len(counts) > 2 and max(counts.values()) == 1:
        yield "every recording has a label of its own: say how to read it with label_pattern or label_column"
    alike: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        alike[re.sub(r"[\W_]+", "", label).casefold()].append(label)
    for labels in alike.values():
        if len(labels) > 1:
            yield f"labels differ only in how they are written: {_some(labels)}"
    few = [label for label, count in counts.items() if count < 3]
    if few and max(counts.values()) > 1:
        yield f"too few recordings to train, validate and test: {_some(few)}"
    if counts and max(counts.values()) > 10 * min(counts.values()):
        least, most = min(counts, key=lambda k: counts[k]), max(counts, key=lambda k: counts[k])
        yield f"classes are uneven: '{most}' has {counts[most]}, '{least}' {counts[least]}"


def _target_remarks(dataset: Dataset) -> Iterator[str]:
    targets: NDArray[np.float64] = np.array([recording.target for recording in dataset.recordings], np.float64)
    if targets.min() == targets.max():
        yield f"all targets are {targets[0]:g}: there is nothing to learn"
    quarters = np.quantile(targets, [0.25, 0.75])
    reach = 10 * (quarters[1] - quarters[0])
    far = (targets < quarters[0] - reach) | (targets > quarters[1] + reach)
    if reach and far.any():
        ids = [recording.id for recording, is_far in zip(dataset.recordings, far, strict=True) if is_far]
        yield f"{_many(len(ids), 'target lies', 'targets lie')} far from all others: {_some(ids)}"


def _split_remarks(dataset: Dataset) -> Iterator[str]:
    sides: dict[str, set[str]] = defaultdict(set)
    for recording in dataset.recordings:
        if recording.group and recording.split:
            sides[recording.group].add(recording.split)
    both = sorted(group for group, splits in sides.items() if len(splits) > 1)
    if both:
        yield f"in more than one of the given splits: {_some(both)}; scores will not tell how new ones fare"
    given = {recording.split for recording in dataset.recordings} - {""}
    for split in sorted(given - {"train"}):
        there = {label for recording in dataset.recordings if recording.split == split for label in recording.classes}
        missing = set(dataset.labels) - there
        if missing and dataset.task == "classification":
            yield f"the given {split} split has no {_some(sorted(missing))}"


def _axis_remarks(axes: tuple[AxisSummary, ...]) -> Iterator[str]:
    for axis in axes:
        if axis.minimum == axis.maximum:
            yield f"axis '{axis.name}' is {axis.minimum:g} throughout"
        if axis.clipped:
            yield (
                f"axis '{axis.name}' is clipped: {100 * axis.clipped:.2g} % of its samples stay at {axis.minimum:g} or "
                f"{axis.maximum:g}, in {_many(axis.clipped_recordings, 'recording', 'recordings')}"
            )


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
