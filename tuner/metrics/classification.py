"""The score of a classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tuner.metrics.score import Figure


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class against all others; a figure whose denominator is zero is 0, as in scikit-learn."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    """Number of examples of the class."""


@dataclass(frozen=True, slots=True)
class ClassificationScore:
    """How well predictions agree with labels."""

    accuracy: float
    loss: float
    """Mean cross-entropy in nats, with probabilities clipped at 1e-7."""
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Counts; row: true class, column: predicted class."""
    kind: Literal["classification"] = "classification"

    @property
    def quality(self) -> float:
        """Accuracy."""
        return self.accuracy

    def figures(self) -> tuple[Figure, ...]:
        """Return accuracy and macro F1."""
        return Figure("accuracy", "accuracy", self.accuracy), Figure("macro_f1", "macro F1", self.macro_f1)

    @property
    def macro_f1(self) -> float:
        """The mean of the classes' F1."""
        return float(np.mean([score.f1 for score in self.classes]))


def classification_score(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], labels: tuple[str, ...]
) -> ClassificationScore:
    """Score predictions.

    Args:
        probabilities: N × classes.
        truth: N class indices.
        labels: the classes' names, in order of their indices.

    Raises:
        ValueError: there are no examples.
    """
    if not len(truth):
        raise ValueError("no examples to score")
    predicted = probabilities.argmax(axis=1)
    size = len(labels)
    confusion = np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size)
    right = np.diag(confusion)
    chosen = np.clip(probabilities[np.arange(len(truth)), truth].astype(np.float64), 1e-7, 1.0)
    precision = _ratio(right, confusion.sum(axis=0))
    recall = _ratio(right, confusion.sum(axis=1))
    f1 = _ratio(2 * right, confusion.sum(axis=0) + confusion.sum(axis=1))
    return ClassificationScore(
        accuracy=float(right.sum() / len(truth)),
        loss=float(-np.log(chosen).mean()),
        classes=tuple(
            ClassScore(label, float(precision[i]), float(recall[i]), float(f1[i]), int(confusion[i].sum()))
            for i, label in enumerate(labels)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
