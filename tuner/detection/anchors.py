"""Objects as boxes, told by how they differ from anchors: boxes of a few sizes and shapes in every cell of some grids.

The single-shot detector (Liu et al. 2016) with the encoding it took from Faster R-CNN (Ren et al. 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.detection.boxes import Boxes, overlaps, suppressed
from tuner.detection.objects import Detections, Objects, present

THRESHOLD = 0.05
"""Score from which a detection is kept: average precision looks at all of them, good and bad."""

SUPPRESSION = 0.5
"""Overlap above which the worse of two detections of one class is dropped."""

MOST = 100
"""Detections kept per image, and looked at per class before suppression."""

_POSITIVE, _NEGATIVE = 0.5, 0.4
"""An anchor that overlaps an object by at least the first stands for it; one below the second stands for nothing."""

IGNORED = -1.0
"""The class of an anchor between the two: training does not look at it."""

CENTRE, SIZE = 0.1, 0.2
"""Scales of the offsets ("variances"), which bring them near 1."""

_MOST_GROWTH = 4.0
"""Limit of the logarithm of a box's size against its anchor's, so that no output can overflow."""


@dataclass(frozen=True, slots=True)
class AnchorGrid:
    """Anchors in every cell of one grid."""

    rows: int
    columns: int
    sizes: tuple[tuple[float, float], ...]
    """Width and height of each anchor of a cell, as shares of the image."""


@dataclass(frozen=True, slots=True)
class AnchorBoxes:
    """What a network answers: for every anchor a logit per class, then four offsets.

    Anchors go by grid, row, column and size, and so do the answers, in one flat vector of anchors × (classes + 4). A
    class's probability is the sigmoid of its logit: an anchor may well stand for nothing.
    """

    grids: tuple[AnchorGrid, ...]
    classes: int

    @property
    def count(self) -> int:
        """Number of anchors."""
        return sum(grid.rows * grid.columns * len(grid.sizes) for grid in self.grids)

    def boxes(self) -> Boxes:
        """Return all anchors: N × 4."""
        parts = []
        for grid in self.grids:
            down, across = np.meshgrid(
                (np.arange(grid.rows) + 0.5) / grid.rows, (np.arange(grid.columns) + 0.5) / grid.columns, indexing="ij"
            )
            centres = np.stack([across, down], axis=-1)[:, :, None, :]
            half = np.array(grid.sizes) / 2
            parts.append(np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4))
        return np.concatenate(parts).astype(np.float32)

    def encode(self, objects: Objects) -> NDArray[np.float32]:
        """Return the truth for training: N × anchors × 5, the class (0 for nothing, else 1 + class) and four offsets.

        Every object has at least the anchor that overlaps it most.
        """
        anchors = self.boxes()
        return np.stack([_matched(anchors, present(image)) for image in objects])

    def decode(self, answers: NDArray[np.float32], *, threshold: float = THRESHOLD) -> list[Detections]:
        """Return what is found in each image, after non-maximum suppression within each class.

        Args:
            answers: N × (anchors · (classes + 4)), as the network gives them.
            threshold: score from which a detection counts.
        """
        anchors = self.boxes()
        return [self._decoded(anchors, answer.reshape(len(anchors), -1), threshold) for answer in answers]

    def _decoded(self, anchors: Boxes, answer: NDArray[np.float32], threshold: float) -> Detections:
        scores = 1 / (1 + np.exp(-np.clip(answer[:, : self.classes], -50, 50)))
        boxes = _moved(anchors, answer[:, self.classes :])
        found = []
        for kind in range(self.classes):
            chosen = np.flatnonzero(scores[:, kind] >= threshold)
            chosen = chosen[np.argsort(-scores[chosen, kind], kind="stable")][:MOST]
            chosen = chosen[suppressed(boxes[chosen], scores[chosen, kind], SUPPRESSION)]
            labelled = [np.full(len(chosen), kind), scores[chosen, kind], *boxes[chosen].T]
            found.append(np.stack(labelled, axis=1))
        detections = np.concatenate(found).astype(np.float32)
        return detections[np.argsort(-detections[:, 1], kind="stable")][:MOST]


def _matched(anchors: Boxes, objects: NDArray[np.float32]) -> NDArray[np.float32]:
    truth = np.zeros((len(anchors), 5), np.float32)
    if not len(objects):
        return truth
    shares = overlaps(anchors, objects[:, 1:])
    best = shares.max(axis=1)
    chosen = shares.argmax(axis=1)
    for index in np.argsort(shares.max(axis=0), kind="stable"):  # of two that want one anchor, the better match has it
        anchor = shares[:, index].argmax()
        chosen[anchor], best[anchor] = index, 1.0
    positive = best >= _POSITIVE
    truth[(best >= _NEGATIVE) & ~positive, 0] = IGNORED
    truth[positive, 0] = objects[chosen[positive], 0] + 1
    truth[positive, 1:] = _offsets(anchors[positive], objects[chosen[positive], 1:])
    return truth


def _offsets(anchors: Boxes, boxes: Boxes) -> NDArray[np.float32]:
    """Return centre and size of boxes as seen from their anchors: N × 4."""
    size, wanted = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([centre / size / CENTRE, np.log(wanted / size) / SIZE], axis=1)


def _moved(anchors: Boxes, offsets: NDArray[np.float32]) -> Boxes:
    """Return the boxes of offsets: the inverse of `_offsets`."""
    size = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2 + offsets[:, :2] * CENTRE * size
    half = size * np.exp(np.clip(offsets[:, 2:] * SIZE, -_MOST_GROWTH, _MOST_GROWTH)) / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
