"""What the course of a training says about the model: did it learn too little, or the examples by heart?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

_GAP = 0.10
"""How much better training examples fare than validation ones, as a share of the measure's span, from which on a
model is called overfitted."""

_DECAYS = (0.25, 0.5, 1.0, 2.0)
"""Exponents of the power laws that a curve is held against."""

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
    def measure(self) -> float:
        """On the training examples."""
        ...

    @property
    def val_measure(self) -> float:
        """On the validation examples."""
        ...


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the measure of a training's epochs means."""

    guessing: float
    """The measure of answers that do not look at the data."""
    perfect: float
    span: float
    """A difference as large as this is the largest that matters."""
    text: str = "{:.0%} right"
    """How a measure is written."""

    @classmethod
    def of_classes(cls, classes: int) -> Yardstick:
        """Return that of an accuracy: guessing is right once in so many times."""
        return cls(guessing=1 / classes, perfect=1.0, span=1.0)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The finding and what to do about it."""

    fitting: Fitting
    sentence: str


def diagnose(curve: Sequence[EpochFigures], best: int, yardstick: Yardstick, *, epochs: int) -> Diagnosis:
    """Judge a training by its best epoch.

    Training examples are measured while the weights move and with dropout, so it errs low: a gap is a real one.

    Args:
        curve: the epochs trained.
        best: index into `curve` of the epoch whose weights were kept.
        yardstick: what the epochs' measure means.
        epochs: how many were allowed; a best epoch among the last tenth of them means that more would help.
    """
    measure, val_measure = curve[best].measure, curve[best].val_measure
    better = 1 if yardstick.perfect > yardstick.guessing else -1
    gap = better * (measure - val_measure) / yardstick.span
    learned = (measure - yardstick.guessing) / (yardstick.perfect - yardstick.guessing)
    on_training, on_validation = yardstick.text.format(measure), yardstick.text.format(val_measure)
    both = f"{on_training} on training examples, {on_validation.removesuffix(' right')} on validation"
    if gap > _GAP:
        return Diagnosis(
            Fitting.OVER,
            f"{both}: more data, more dropout or a smaller network would help",
        )
    if best + 1 > 0.9 * epochs:
        return Diagnosis(
            Fitting.UNFINISHED, f"epoch {best + 1} of at most {epochs} was the best: more epochs would help"
        )
    if learned < _CHANCE:
        return Diagnosis(
            Fitting.UNDER,
            f"only {on_training} on the examples it was trained on: a larger network, other features or another "
            "learning rate would help",
        )
    return Diagnosis(Fitting.WELL, both)


def remaining(losses: Sequence[float], epochs: int) -> float:
    """Return the share of its least loss so far that a training may be expected to end with, from a half to 1.

    The curve is taken to fall as a + b · epoch^-c (Domhan et al., "Speeding up automatic hyperparameter optimization
    of deep neural networks by extrapolation of learning curves", 2015), by least squares over its second half; one
    that no longer falls stays where it is.

    Args:
        losses: on the validation examples, by epoch.
        epochs: how many there will be.
    """
    least = min(losses)
    if len(losses) < 3 or len(losses) >= epochs or least <= 0:
        return 1.0
    first = len(losses) // 2 if len(losses) > 5 else 0
    at = np.arange(first + 1, len(losses) + 1, dtype=np.float64)
    seen = np.asarray(losses[first:], dtype=np.float64)
    ends: list[tuple[float, float]] = []
    for decay in _DECAYS:
        basis = np.stack([np.ones_like(at), at**-decay], axis=1)
        (level, height), *_ = np.linalg.lstsq(basis, seen, rcond=None)
        off = float(np.square(basis @ (level, height) - seen).sum())
        ends.append((off, float(level + height * epochs**-decay) if height > 0 else least))
    return float(np.clip(min(ends)[1] / least, 0.5, 1.0))
