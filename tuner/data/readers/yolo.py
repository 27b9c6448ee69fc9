"""Boxes in the text files of YOLO."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

import yaml

from tuner.data.dataset import Box, Problem
from tuner.data.detection import Annotations, DetectionReader, Marks
from tuner.data.folder import SPLIT_FOLDERS, Folder
from tuner.data.images import ENDINGS
from tuner.data.reader import BadFileError

_NAMES = ("data.yaml", "data.yml", "classes.txt", "obj.names")


@dataclass(frozen=True)
class YoloReader(DetectionReader):
    """`images/…` with `labels/….txt`: a line an object, class number, centre x and y, width and height in shares of 1.

    `data.yaml` or `classes.txt` names the classes; a `train`, `val` or `test` folder on the way to an image is its
    split. An image without a text file holds no object.
    """

    name: ClassVar[str] = "yolo"

    def count(self, folder: Folder) -> int:
        """How many text files belong to images by their names."""
        return len(_pairs(folder))

    def annotations(self, folder: Folder) -> Annotations:
        """Read the names of the classes and every text file."""
        named = [name for name in folder.files if PurePosixPath(name).name in _NAMES]
        problems: list[Problem] = []
        names: list[str] = []
        try:
            names = _class_names(folder, named)
        except BadFileError as error:
            problems.append(error.problem(named[0]))
        pairs = _pairs(folder)
        marks: dict[str, Marks] = {}
        for text_name, image in pairs.items():
            try:
                boxes = _boxes(folder.path(text_name).read_text(encoding="utf-8"), names)
            except (BadFileError, UnicodeDecodeError, OSError) as error:
                problems.append(Problem(text_name, getattr(error, "found", f"is not UTF-8 text: {error}")))
                problems.append(Problem(image, f"its annotation {text_name} cannot be used"))
                continue
            marks[image] = Marks(boxes, is_relative=True)
        for image in folder.ending_in(*ENDINGS):
            marked = marks.get(image, Marks(()))
            if image in marks or image not in {problem.path for problem in problems}:
                marks[image] = Marks(marked.boxes, is_relative=True, split=_split(image))
        return Annotations(marks, (*named, *pairs), tuple(problems), unmarked_is_background=True)


def _pairs(folder: Folder) -> dict[str, str]:
    """Each text file with its image: beside it, or in `images` where the text is in `labels`."""
    images = {str(PurePosixPath(name).with_suffix("")): name for name in folder.ending_in(*ENDINGS)}
    pairs = {}
    for name in folder.ending_in(".txt"):
        path = PurePosixPath(name).with_suffix("")
        swapped = PurePosixPath(*("images" if part == "labels" else part for part in path.parts))
        image = images.get(str(swapped)) or images.get(str(path))
        if image is not None:
            pairs[name] = image
    return pairs


def _class_names(folder: Folder, named: list[str]) -> list[str]:
    """The classes by number; empty if no file names them, so that they are called by their numbers."""
    if not named:
        return []
    text = folder.path(named[0]).read_text(encoding="utf-8", errors="replace")
    if not named[0].endswith((".yaml", ".yml")):
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        said: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadFileError(f"is not valid YAML: {error}") from error
    names = said.get("names") if isinstance(said, dict) else None
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[index] for index in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(name, str | int) for name in names):
        raise BadFileError("has no list of 'names'")
    return [str(name) for name in names]


def _boxes(text: str, names: list[str]) -> tuple[Box, ...]:
    boxes = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        try:
            index = int(cells[0])
            x, y, width, height = (float(cell) for cell in cells[1:])
        except ValueError:
            raise BadFileError(f"line {number} is '{line[:60]}', expected a class number and four numbers") from None
        if index < 0 or (names and index >= len(names)):
            raise BadFileError(f"line {number} has class {index}, but there are {len(names)} names of classes")
        label = names[index] if names else str(index)
        boxes.append(Box(label, x - width / 2, y - height / 2, width, height))
    return tuple(boxes)


def _split(image: str) -> str:
    parts = (part.lower() for part in PurePosixPath(image).parts[:-1])
    return next((SPLIT_FOLDERS[part] for part in parts if part in SPLIT_FOLDERS), "")
