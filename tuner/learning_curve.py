"""What the course of a training says about the model: did it learn too little, or the examples by heart?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_GAP = 0.10
"""Accuracy on training examples above that on validation from which a model is called overfitted."""

_CHANCE = 0.25
"""Share of the way from guessing to perfect below which a model is called underfitted."""


class Fitting(StrEnum):
    """How well the model and its training suit the data."""

    WELL = "well fitted"
    OVER = "overfitted"
    UNDER = "underfitted"
    UNFINISHED = "still improving"


class EpochFigures(Protocol):
    """One epoch of training."""

    @property
    def accuracy(self) -> float:
        """On the training examples."""
        ...

    @property
    def val_accuracy(self) -> float:
        """On the validation examples."""
        ...


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The finding and what to do about it."""

    fitting: Fitting
    sentence: str


def diagnose(curve: Sequence[EpochFigures], best: int, classes: int, *, epochs: int) -> Diagnosis:
    """Judge a training by its best epoch.

    Training accuracy is measured while the weights move and with dropout, so it errs low: a gap is a real one.

    Args:
        curve: the epochs trained.
        best: index into `curve` of the epoch whose weights were kept.
        classes: number of classes; guessing is right once in so many.
        epochs: how many were allowed; a best epoch among the last tenth of them means that more would help.
    """
    accuracy, val_accuracy = curve[best].accuracy, curve[best].val_accuracy
    gap = accuracy - val_accuracy
    learned = (accuracy - 1 / classes) / (1 - 1 / classes)
    if gap > _GAP:
        return Diagnosis(
            Fitting.OVER,
            f"{accuracy:.0%} right on training examples, {val_accuracy:.0%} on validation: more data, "
            "more dropout or a smaller network would help",
        )
    if best + 1 > 0.9 * epochs:
        return Diagnosis(
            Fitting.UNFINISHED, f"epoch {best + 1} of at most {epochs} was the best: more epochs would help"
        )
    if learned < _CHANCE:
        return Diagnosis(
            Fitting.UNDER,
            f"only {accuracy:.0%} right on the examples it was trained on: a larger network, other features or "
            "another learning rate would help",
        )
    return Diagnosis(Fitting.WELL, f"{accuracy:.0%} right on training examples, {val_accuracy:.0%} on validation")
