"""Folders of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from tuner.data.dataset import Dataset, Float32, Problem, Recording
from tuner.data.description import Description
from tuner.data.folder import Folder
from tuner.data.images import ENDINGS, load_image, scan_image
from tuner.data.reader import BadFileError, FileReader, Scanned, meaning_of


@dataclass(frozen=True)
class ImageReader(FileReader):
    """Files ending in .png, .jpg or .jpeg, one recording each: gray, or red, green and blue.

    `axes: [gray]` or `axes: [red, green, blue]` takes images of both kinds as one.
    """

    name: ClassVar[str] = "images"
    suffixes: ClassVar[tuple[str, ...]] = ENDINGS

    def scan_file(self, folder: Folder, name: str, description: Description) -> Iterator[Scanned | Problem]:
        """Decode an image."""
        try:
            label, target = meaning_of(folder, name, description)
            yield scan_image(folder, name, description, label=label, target=target)
        except BadFileError as error:
            yield error.problem(name)

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Decode an image; there are no stretches of one."""
        del start, stop
        return load_image(dataset.root / recording.path, dataset.axes)
