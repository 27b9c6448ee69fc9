"""Boxes in the XML of Pascal VOC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar
from xml.etree import ElementTree
from xml.parsers import expat

from tuner.data.dataset import Box, Problem
from tuner.data.detection import Annotations, DetectionReader, Marks
from tuner.data.folder import Folder
from tuner.data.images import ENDINGS
from tuner.data.reader import BadFileError

_LISTS = {"train.txt": "train", "val.txt": "validation", "test.txt": "test"}


@dataclass(frozen=True)
class VocReader(DetectionReader):
    """One XML file an image, with the image's name; `ImageSets/Main/{train,val,test}.txt` are splits."""

    name: ClassVar[str] = "voc"

    def count(self, folder: Folder) -> int:
        """How many XML files there are beside images."""
        return len(folder.ending_in(".xml")) if folder.ending_in(*ENDINGS) else 0

    def annotations(self, folder: Folder) -> Annotations:
        """Read every XML file; an image belongs to it by name, or by its path without the ending."""
        images = {PurePosixPath(name).stem: name for name in folder.ending_in(*ENDINGS)}
        splits, lists = _splits(folder)
        marks: dict[str, Marks] = {}
        problems: list[Problem] = []
        files = folder.ending_in(".xml")
        for name in files:
            stem = PurePosixPath(name).stem
            try:
                boxes = _boxes(folder.path(name).read_bytes())
            except (BadFileError, OSError) as error:
                problems.append(Problem(name, getattr(error, "found", str(error))))
                if stem in images:
                    problems.append(Problem(images[stem], f"its annotation {name} cannot be used"))
                continue
            marks[images.get(stem, f"{stem}.jpg")] = Marks(boxes, split=splits.get(stem, ""))
        return Annotations(marks, (*files, *lists), tuple(problems))


def _splits(folder: Folder) -> tuple[dict[str, str], list[str]]:
    splits: dict[str, str] = {}
    lists: list[str] = []
    for name in folder.ending_in(".txt"):
        path = PurePosixPath(name)
        if path.parent.parts[-2:] == ("ImageSets", "Main"):
            lists.append(name)
            lines = folder.path(name).read_text(encoding="utf-8", errors="replace").splitlines()
            if path.name in _LISTS:
                splits.update((line.split()[0], _LISTS[path.name]) for line in lines if line.strip())
    return splits, lists


def _boxes(content: bytes) -> tuple[Box, ...]:
    root = _parse(content)
    boxes = []
    for index, element in enumerate(root.iter("object")):
        corners = [element.findtext(f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
        try:
            left, top, right, bottom = (float(text or "") for text in corners)
        except ValueError:
            raise BadFileError(f"object {index} has the box {corners}, expected four numbers") from None
        boxes.append(Box(element.findtext("name") or "", left, top, right - left, bottom - top))
    return tuple(boxes)


def _parse(content: bytes) -> ElementTree.Element:
    """Parse XML that declares no entities, for those can grow without bounds or reach for other files."""
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        raise BadFileError("declares entities, which are not read")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise BadFileError(f"is not XML: {error}") from error
    if root.tag != "annotation":
        raise BadFileError(f"is XML with the root '{root.tag}', expected 'annotation'")
    return root
