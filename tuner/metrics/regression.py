"""The score of a model that predicts a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuner.metrics.score import Figure

_SHOWN = 400
"""Examples kept for the scatter of a report."""


@dataclass(frozen=True, slots=True)
class RegressionScore:
    """How close predictions come to numbers, all in the unit of what is predicted."""

    r2: float
    """Share of the variance explained; 0 for always answering the mean, below 0 for worse."""
    mae: float
    """Mean absolute error."""
    rmse: float
    """Root of the mean squared error."""
    points: tuple[tuple[float, float], ...]
    """(true, predicted) of some examples, spread evenly."""
    kind: Literal["regression"] = "regression"

    @property
    def quality(self) -> float:
        """R²."""
        return self.r2

    def figures(self) -> tuple[Figure, ...]:
        """Return R², MAE and RMSE."""
        return (
            Figure("r2", "R²", self.r2, unit=""),
            Figure("mae", "MAE", self.mae, unit=""),
            Figure("rmse", "RMSE", self.rmse, unit=""),
        )


def regression_score(predicted: NDArray[Any], truth: NDArray[Any]) -> RegressionScore:
    """Score predictions.

    Args:
        predicted: N numbers.
        truth: N numbers; if all are equal, R² is 1 where every prediction hits and 0 else.

    Raises:
        ValueError: there are no examples.
    """
    if not len(truth):
        raise ValueError("no examples to score")
    answers, wanted = predicted.astype(np.float64).ravel(), truth.astype(np.float64).ravel()
    errors = answers - wanted
    spread = float(np.square(wanted - wanted.mean()).sum())
    missed = float(np.square(errors).sum())
    chosen = np.linspace(0, len(wanted) - 1, min(len(wanted), _SHOWN)).round().astype(int)
    return RegressionScore(
        r2=1 - missed / spread if spread else float(missed == 0),
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt(missed / len(wanted))),
        points=tuple((float(f"{wanted[i]:.6g}"), float(f"{answers[i]:.6g}")) for i in chosen),
    )
