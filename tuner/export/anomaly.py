"""An anomaly block as C source and in the manifest."""

from __future__ import annotations

from tuner.anomaly import scores
from tuner.export.manifest import AnomalyPart
from tuner.record import TrainingResult


def anomaly_files(name: str, result: TrainingResult) -> dict[str, bytes]:
    """Return `anomaly.h` and `anomaly.c`; nothing if the candidate has no anomaly block."""
    if result.anomaly is None:
        return {}
    return {
        "anomaly.h": scores.header(name, result.anomaly).encode(),
        "anomaly.c": scores.source(name, result.anomaly, header_name="anomaly.h").encode(),
    }


def anomaly_part(result: TrainingResult) -> AnomalyPart | None:
    """Return how firmware tells anomalies, if it can."""
    if result.anomaly is not None:
        return AnomalyPart(score=result.anomaly.type, threshold=result.anomaly.threshold)
    if "threshold" in result.fitted:
        return AnomalyPart(score="reconstruction", threshold=result.fitted["threshold"][0])
    return None
