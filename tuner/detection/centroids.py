"""Objects as points on a grid: every cell says which class has the centre of an object in it, if any.

The idea of FOMO (Edge Impulse 2022): a fully convolutional classifier cut off at a coarse resolution, several thousand
times cheaper than regressing boxes. What it gives up is the objects' size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.detection.objects import Detections, Objects, present

THRESHOLD = 0.5
"""Probability from which a cell holds an object; above a half, two classes cannot both claim a cell."""


@dataclass(frozen=True, slots=True)
class CentroidGrid:
    """What a network answers: rows × columns × (1 + classes) probabilities, the first that of nothing."""

    rows: int
    columns: int

    def encode(self, objects: Objects) -> NDArray[np.int64]:
        """Return the truth for training: N × rows × columns, 0 for nothing, else 1 + class.

        Of several objects in a cell the largest counts.
        """
        truth = np.zeros((len(objects), self.rows, self.columns), np.int64)
        for grid, image in zip(truth, objects, strict=True):
            there = present(image)
            there = there[np.argsort((there[:, 3:] - there[:, 1:3]).prod(axis=1), kind="stable")]
            across, down = (there[:, 1] + there[:, 3]) / 2, (there[:, 2] + there[:, 4]) / 2
            rows = np.clip((down * self.rows).astype(int), 0, self.rows - 1)
            columns = np.clip((across * self.columns).astype(int), 0, self.columns - 1)
            grid[rows, columns] = there[:, 0].astype(np.int64) + 1
        return truth

    def decode(self, probabilities: NDArray[np.float32], *, threshold: float = THRESHOLD) -> list[Detections]:
        """Return what is found in each image; touching cells of one class are one object.

        Its place is the mean of its cells' centres, weighted by probability, in a box of one cell around it.

        Args:
            probabilities: N × rows × columns × (1 + classes).
            threshold: probability from which a cell counts.
        """
        grids = probabilities.reshape(len(probabilities), self.rows, self.columns, -1)
        return [self._decoded(image, threshold) for image in grids]

    def _decoded(self, probabilities: NDArray[np.float32], threshold: float) -> Detections:
        from scipy.ndimage import label  # noqa: PLC0415 - takes a quarter of a second

        half = np.array([0.5 / self.columns, 0.5 / self.rows])
        found = []
        for kind in range(probabilities.shape[-1] - 1):
            likely = probabilities[..., kind + 1]
            blobs, count = label(likely >= threshold, structure=np.ones((3, 3)))
            for blob in range(1, count + 1):
                rows, columns = np.nonzero(blobs == blob)
                weights = likely[rows, columns]
                centre = np.array(
                    [
                        np.average((columns + 0.5) / self.columns, weights=weights),
                        np.average((rows + 0.5) / self.rows, weights=weights),
                    ]
                )
                found.append((kind, weights.max(), *(centre - half), *(centre + half)))
        detections = np.array(found, np.float32).reshape(-1, 6)
        return detections[np.argsort(-detections[:, 1], kind="stable")]
