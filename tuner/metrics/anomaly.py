"""The score of a model that tells anomalies from what is normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuner.metrics.score import Figure

_SHOWN = 101
"""Points kept of the curve."""


@dataclass(frozen=True, slots=True)
class AnomalyScore:
    """How well anomalies stand out."""

    auc: float
    """Chance that an anomaly scores higher than a normal window (area under the ROC curve)."""
    detected: float
    """Share of the anomalies above the threshold."""
    false_alarms: float
    """Share of the normal windows above it."""
    curve: tuple[tuple[float, float], ...]
    """(false alarms, detected) for falling thresholds, spread evenly over the false alarms."""
    kind: Literal["anomaly"] = "anomaly"

    @property
    def quality(self) -> float:
        """The area under the ROC curve."""
        return self.auc

    def figures(self) -> tuple[Figure, ...]:
        """Return AUC, detected anomalies and false alarms."""
        return (
            Figure("auc", "AUC", self.auc, unit=""),
            Figure("detected", "detected", self.detected),
            Figure("false_alarms", "false alarms", self.false_alarms),
        )


def anomaly_score(strangeness: NDArray[Any], truth: NDArray[Any], threshold: float) -> AnomalyScore:
    """Score how strange windows are said to be.

    Args:
        strangeness: N numbers, the higher the stranger; ties count half.
        truth: N times 0 (normal) or 1 (anomaly).
        threshold: above it a window is called an anomaly.

    Raises:
        ValueError: there are no normal windows, or no anomalies.
    """
    scores, strange = strangeness.astype(np.float64).ravel(), truth.astype(bool).ravel()
    normal, anomalies = np.sort(scores[~strange]), scores[strange]
    if not len(normal) or not len(anomalies):
        raise ValueError("an AUC needs normal windows and anomalies")
    below = np.searchsorted(normal, anomalies, "left") + np.searchsorted(normal, anomalies, "right")
    shares = np.linspace(0, 1, _SHOWN)
    limits = normal[::-1][np.minimum((shares * len(normal)).astype(int), len(normal) - 1)]
    curve = [(0.0, float((anomalies > normal[-1]).mean()))]
    curve += [(float((normal > at).mean()), float((anomalies > at).mean())) for at in dict.fromkeys(limits.tolist())]
    return AnomalyScore(
        auc=float(below.mean() / (2 * len(normal))),
        detected=float((anomalies > threshold).mean()),
        false_alarms=float((normal > threshold).mean()),
        curve=tuple(dict.fromkeys([*curve, (1.0, 1.0)])),
    )
