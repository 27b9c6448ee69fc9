"""What the `*.labels` files of an Edge Impulse export say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tuner.data.dataset import Box, Problem
from tuner.data.folder import SPLIT_FOLDERS, Folder


@dataclass(frozen=True, slots=True)
class LabelledPart:
    """A label for the rows, or milliseconds, from `start` up to but not with `stop`."""

    label: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one sample."""

    file: str
    """Which file says so."""
    label: str | None = None
    parts: tuple[LabelledPart, ...] | None = None
    boxes: tuple[Box, ...] | None = None
    split: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class _Form(BaseModel):
    """Exports carry more than is read here, and newer ones more than older ones."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Box(_Form):
    label: str
    x: float
    y: float
    width: float
    height: float


class _Part(_Form):
    label: str
    start: Annotated[int, Field(alias="startIndex", ge=0)]
    end: Annotated[int, Field(alias="endIndex", ge=0)]


class _Label(_Form):
    type: Literal["label", "unlabeled", "multi-label"]
    label: str | float = ""
    labels: tuple[_Part, ...] = ()


class _File(_Form):
    path: str
    category: str = ""
    label: _Label | None = None
    metadata: dict[str, Any] | None = None
    boxes: Annotated[tuple[_Box, ...] | None, Field(alias="boundingBoxes")] = None


class _Info(_Form):
    version: Literal[1]
    files: tuple[_File, ...]


class _StructuredLabels(_Form):
    version: Literal[1]
    labels: Annotated[dict[str, tuple[_Part, ...]], Field(alias="structuredLabels")]


class _BoundingBoxes(_Form):
    version: Literal[1]
    boxes: Annotated[dict[str, tuple[_Box, ...]], Field(alias="boundingBoxes")]


def read_labels(folder: Folder) -> tuple[dict[str, Said], list[Problem], tuple[str, ...]]:
    """Read every file of labels.

    Returns:
        what is said, by the sample's path below the root; what is wrong with the files; the files.
    """
    said: dict[str, Said] = {}
    problems: list[Problem] = []
    files = folder.ending_in(".labels")
    samples = set(folder.files)
    for name in files:
        try:
            entries = list(_entries(json.loads(folder.path(name).read_bytes()), name))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            problems.append(Problem(name, f"{where}: {first['msg']}"))
            continue
        except (ValueError, OSError, RecursionError) as error:
            problems.append(Problem(name, f"cannot be read: {error}"))
            continue
        for path, entry in entries:
            sample = _find(path, name, samples)
            said[sample] = _joined(said.get(sample), entry)
    return said, problems, files


def _entries(document: Any, name: str) -> Iterator[tuple[str, Said]]:
    if not isinstance(document, dict):
        raise ValueError(f"expected a JSON object, found {type(document).__name__}")  # noqa: TRY004  one kind to catch
    if "structuredLabels" in document:
        for path, parts in _StructuredLabels.model_validate(document).labels.items():
            yield path, Said(name, parts=_as_parts(parts))
    elif "boundingBoxes" in document:
        for path, boxes in _BoundingBoxes.model_validate(document).boxes.items():
            yield path, Said(name, boxes=_as_boxes(boxes))
    else:
        for file in _Info.model_validate(document).files:
            label = file.label
            yield (
                file.path,
                Said(
                    name,
                    label=None if label is None or label.type == "multi-label" else str(label.label),
                    parts=_as_parts(label.labels) if label is not None and label.type == "multi-label" else None,
                    boxes=None if file.boxes is None else _as_boxes(file.boxes),
                    split=SPLIT_FOLDERS.get(file.category, ""),
                    metadata={key: str(value) for key, value in (file.metadata or {}).items()},
                ),
            )


def _as_parts(parts: tuple[_Part, ...]) -> tuple[LabelledPart, ...]:
    return tuple(LabelledPart(part.label, part.start, part.end + 1) for part in parts)


def _as_boxes(boxes: tuple[_Box, ...]) -> tuple[Box, ...]:
    return tuple(Box(box.label, box.x, box.y, box.width, box.height) for box in boxes)


def _find(path: str, labels: str, samples: set[str]) -> str:
    """A path is below the root or beside the file that names it."""
    beside = str(PurePosixPath(labels).parent / path)
    return beside if beside in samples else path


def _joined(before: Said | None, now: Said) -> Said:
    """Several files may speak of one sample: each adds what the others leave out."""
    if before is None:
        return now
    return replace(
        before,
        label=before.label if before.label is not None else now.label,
        parts=before.parts or now.parts,
        boxes=before.boxes if before.boxes is not None else now.boxes,
        split=before.split or now.split,
        metadata={**now.metadata, **before.metadata},
    )
