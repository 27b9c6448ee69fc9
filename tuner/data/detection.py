"""Images with boxes around objects: what the formats of annotations share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from tuner.data.dataset import Box, Dataset, Float32, Problem, Recording
from tuner.data.description import Description
from tuner.data.folder import Folder
from tuner.data.images import ENDINGS, load_image, scan_image
from tuner.data.reader import Annotation, BadFileError, Found, Scanned

_TOLERANCE = 1.0
"""Pixels by which a box may reach beyond its image: tools differ in whether they count from 0 or 1."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked in one image."""

    boxes: tuple[Box, ...]
    is_relative: bool = False
    """Whether boxes are in shares of the image's width and height rather than in pixels."""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What all annotation files of a folder say."""

    marks: Mapping[str, Marks]
    """By the image's path below the root."""
    files: tuple[str, ...]
    """The annotation files themselves."""
    problems: tuple[Problem, ...] = ()
    unmarked_is_background: bool = False
    """Whether an image of which nothing is said holds no object, or was forgotten."""


class DetectionReader(ABC):
    """A format of annotations for images."""

    name: ClassVar[str]

    @abstractmethod
    def count(self, folder: Folder) -> int:
        """How many annotation files there are."""

    @abstractmethod
    def annotations(self, folder: Folder) -> Annotations:
        """Read all annotation files."""

    def scan(self, folder: Folder, description: Description) -> Iterator[Found]:
        """Read all annotations, then every image."""
        said = self.annotations(folder)
        yield from (Annotation(name) for name in said.files)
        yield from said.problems
        blamed = {problem.path for problem in said.problems}
        images = set(folder.ending_in(*ENDINGS))
        for name in sorted(set(said.marks) - images):
            yield Problem(name, "is annotated, but there is no such image")
        for name in sorted(images - blamed):
            marks = said.marks.get(name)
            if marks is None and not said.unmarked_is_background:
                yield Problem(name, "has no annotation")
                continue
            try:
                yield scan_marked(folder, name, description, marks or Marks(()))
            except BadFileError as error:
                yield error.problem(name)

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Decode an image."""
        del start, stop
        return load_image(dataset.root / recording.path, dataset.axes)


def scan_marked(folder: Folder, name: str, description: Description, marks: Marks) -> Scanned:
    """Decode an image and hold its boxes against its size.

    Raises:
        BadFileError: it cannot be decoded, or a box is not within it.
    """
    scanned = scan_image(folder, name, description, boxes=(), split=marks.split)
    height, width, _ = scanned.recording.shape
    scale = (width, height) if marks.is_relative else (1, 1)
    boxes = tuple(_within(index, box, scale, width, height) for index, box in enumerate(marks.boxes))
    return replace(scanned, recording=replace(scanned.recording, boxes=boxes))


def _within(index: int, box: Box, scale: tuple[int, int], width: int, height: int) -> Box:
    left, top = box.x * scale[0], box.y * scale[1]
    right, bottom = left + box.width * scale[0], top + box.height * scale[1]
    where = f"box {index} ('{box.label}', x {left:g} to {right:g}, y {top:g} to {bottom:g})"
    if not box.label.strip():
        raise BadFileError(f"{where} has no label")
    if not all(map(math.isfinite, (left, top, right, bottom))) or right <= left or bottom <= top:
        raise BadFileError(f"{where} has no area")
    if left < -_TOLERANCE or top < -_TOLERANCE or right > width + _TOLERANCE or bottom > height + _TOLERANCE:
        raise BadFileError(f"{where} reaches outside the image of {width} × {height} pixels")
    left, top = max(left, 0.0), max(top, 0.0)
    return Box(box.label.strip(), left, top, min(right, width) - left, min(bottom, height) - top)
