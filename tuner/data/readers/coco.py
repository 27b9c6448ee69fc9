"""Boxes in the JSON of COCO."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from tuner.data.dataset import Box, Problem
from tuner.data.detection import Annotations, DetectionReader, Marks
from tuner.data.folder import SPLIT_FOLDERS, Folder
from tuner.data.images import ENDINGS
from tuner.data.reader import BadFileError

_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class CocoReader(DetectionReader):
    """One JSON file for all images of a split, whose name or folder says which: `annotations/instances_val.json`."""

    name: ClassVar[str] = "coco"

    def count(self, folder: Folder) -> int:
        """How many JSON files begin like COCO's."""
        return len(_files(folder)) if folder.ending_in(*ENDINGS) else 0

    def annotations(self, folder: Folder) -> Annotations:
        """Read every JSON file."""
        files = _files(folder)
        marks: dict[str, Marks] = {}
        problems: list[Problem] = []
        for name in files:
            try:
                marks |= _marks(json.loads(folder.path(name).read_bytes()), name, folder)
            except (ValueError, OSError, RecursionError) as error:
                found = error.found if isinstance(error, BadFileError) else f"is not JSON: {error}"
                problems.append(Problem(name, found))
            except (KeyError, TypeError, AttributeError) as error:
                problems.append(Problem(name, f"is not in the form of COCO: {type(error).__name__}: {error}"))
        return Annotations(marks, files, tuple(problems))


def _files(folder: Folder) -> tuple[str, ...]:
    return tuple(name for name in folder.ending_in(".json") if _begins_like_coco(folder.path(name)))


def _begins_like_coco(path: Path) -> bool:
    """Whether the words of the format stand near the start or the end of a file, which may be long."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        ends = head + file.read()
    return b'"images"' in ends and (b'"annotations"' in ends or b'"categories"' in ends)


def _marks(said: dict[str, Any], name: str, folder: Folder) -> dict[str, Marks]:
    categories = {category["id"]: str(category["name"]) for category in said["categories"]}
    per_image: dict[Any, list[Box]] = defaultdict(list)
    for annotation in said["annotations"]:
        label = categories.get(annotation["category_id"])
        if label is None:
            raise BadFileError(
                f"annotation {annotation.get('id')} has the unknown category {annotation['category_id']}"
            )
        box = annotation["bbox"]
        if not isinstance(box, list) or len(box) != 4 or not all(isinstance(n, int | float) for n in box):
            raise BadFileError(f"annotation {annotation.get('id')} has the box {box}, expected four numbers")
        per_image[annotation["image_id"]].append(Box(label, *map(float, box)))
    known = {image["id"] for image in said["images"]}
    lost = sorted(str(image_id) for image_id in set(per_image) - known)
    if lost:
        raise BadFileError(f"annotates images that it does not list: {', '.join(lost[:5])}")
    split = _split(name)
    images: dict[str, list[str]] = defaultdict(list)
    for path in folder.ending_in(*ENDINGS):
        images[PurePosixPath(path).name].append(path)
    return {
        _find(str(image["file_name"]), name, images): Marks(tuple(per_image[image["id"]]), split=split)
        for image in said["images"]
    }


def _find(file_name: str, annotations: str, images: Mapping[str, list[str]]) -> str:
    """The image's path below the root: beside the JSON, else as written, else anywhere if the name is unique."""
    beside = str(PurePosixPath(annotations).parent / file_name)
    candidates = images.get(PurePosixPath(file_name).name, [])
    for candidate in (beside, file_name):
        if candidate in candidates:
            return candidate
    ending = [name for name in candidates if name.endswith(f"/{file_name}")]
    return ending[0] if len(ending) == 1 else beside


def _split(name: str) -> str:
    words = name.lower().replace(".", "_").replace("/", "_").replace("-", "_").split("_")
    return next(
        (split for word in words for known, split in SPLIT_FOLDERS.items() if word.rstrip("0123456789") == known), ""
    )
