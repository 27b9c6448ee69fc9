"""Scores from predictions, one file a task; they know nothing of how the predictions were made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from tuner.metrics.anomaly import AnomalyScore, anomaly_score
from tuner.metrics.classification import ClassificationScore, ClassScore, classification_score
from tuner.metrics.detection import DetectionScore
from tuner.metrics.multi_label import MultiLabelScore, multi_label_score
from tuner.metrics.regression import RegressionScore, regression_score
from tuner.metrics.score import SHARE, AnyScore, Figure, quality_text

__all__ = [
    "SHARE",
    "AnomalyScore",
    "AnyScore",
    "ClassScore",
    "ClassificationScore",
    "DetectionScore",
    "Figure",
    "MultiLabelScore",
    "RegressionScore",
    "Score",
    "anomaly_score",
    "classification_score",
    "multi_label_score",
    "quality_text",
    "regression_score",
]


def _kind(score: Any) -> str:
    """Return what a stored or living score is of; records from before there were tasks do not say."""
    found = score.get("kind", "classification") if isinstance(score, Mapping) else score.kind
    return str(found)


Score = Annotated[
    Annotated[ClassificationScore, Tag("classification")]
    | Annotated[MultiLabelScore, Tag("multi-label")]
    | Annotated[RegressionScore, Tag("regression")]
    | Annotated[DetectionScore, Tag("detection")]
    | Annotated[AnomalyScore, Tag("anomaly")],
    Discriminator(_kind),
]
"""The score of some task, as records hold it: `kind` says which."""
