"""The score of a model that finds objects in images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tuner.detection.score import ObjectScore
from tuner.metrics.score import Figure


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """How well objects were found, by class; what holds no object of a class says nothing of it."""

    metric: Literal["F1", "mAP"]
    """What the quality is: the mean over the classes of F1, or of average precision."""
    classes: tuple[ObjectScore, ...]
    kind: Literal["detection"] = "detection"

    @property
    def quality(self) -> float:
        """The mean of the classes' F1 or average precision."""
        return self._mean("f1" if self.metric == "F1" else "average_precision")

    def figures(self) -> tuple[Figure, ...]:
        """Return mAP where there are boxes, F1, precision and recall, each the mean over the classes."""
        f1 = Figure("f1", "F1", self._mean("f1"))
        rest = (
            Figure("precision", "precision", self._mean("precision")),
            Figure("recall", "recall", self._mean("recall")),
        )
        if self.metric == "F1":
            return (f1, *rest)
        return (Figure("map_50", "mAP at overlap 0.5", self._mean("average_precision")), f1, *rest)

    def _mean(self, what: str) -> float:
        values = [getattr(score, what) for score in self.classes if score.support]
        return float(np.mean(values)) if values else 0.0
