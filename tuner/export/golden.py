"""Golden vectors: real windows and what every step must make of them, so that firmware can be checked step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.anomaly import scores
from tuner.candidate import Candidate
from tuner.data.dataset import Dataset, Recording
from tuner.data.windows import cut
from tuner.dsp import chain
from tuner.dsp.standardize import Standardizer
from tuner.record import TrainingResult
from tuner.tflite.formats import model_formats
from tuner.tflm import Tflm

COUNT = 5
"""Windows in the file."""


def golden_vectors(
    dataset: Dataset, recordings: tuple[str, ...], candidate: Candidate, result: TrainingResult, model: bytes
) -> list[dict[str, Any]]:
    """Return windows of validation recordings with the result of each step, the network's by the real interpreter.

    Raises:
        EvaluationError: the interpreter cannot run the model.
    """
    chosen = _various(dataset, recordings)
    windows = cut(dataset, chosen, replace(candidate.window, stride_ms=1e3 * 3600))  # one window a recording
    features = chain.extract_all(candidate.preprocessing, windows.values, windows.signal)
    standardized = Standardizer(result.feature_mean, result.feature_deviation).apply(features)
    answers = _network_answers(model, standardized) if model else [{}] * len(standardized)
    strange: Sequence[float] = [] if result.anomaly is None else scores.of(result.anomaly, standardized).tolist()
    return [
        {
            "recording": chosen[int(windows.recordings[index])],
            **_truth(dataset.recording(chosen[int(windows.recordings[index])])),
            "window": _rounded(windows.values[index]),
            "features": _rounded(features[index]),
            "standardized": _rounded(standardized[index]),
            **answers[index],
            **({"anomaly_score": strange[index]} if len(strange) else {}),
        }
        for index in range(len(windows.values))
    ]


def _network_answers(model: bytes, standardized: NDArray[np.float32]) -> list[dict[str, Any]]:
    source, _ = model_formats(model)
    inputs: NDArray[Any] = standardized if source.quantization is None else source.quantization.quantize(standardized)
    with Tflm() as tflm:
        outputs = tflm.predict(model, inputs)
    return [
        {
            "input": inputs[index].ravel().tolist() if source.quantization else _rounded(inputs[index].ravel()),
            "output": outputs[index].ravel().tolist(),
        }
        for index in range(len(inputs))
    ]


def _various(dataset: Dataset, recordings: tuple[str, ...]) -> tuple[str, ...]:
    """Return recordings that differ in what is true of them: one of each class, or targets from low to high."""
    first: dict[object, str] = {}
    for recording in sorted(dataset.select(recordings), key=lambda recording: recording.target or 0.0):
        first.setdefault(recording.target if recording.target is not None else recording.classes, recording.id)
    ids = list(first.values())
    return tuple(ids[place] for place in np.linspace(0, len(ids) - 1, min(COUNT, len(ids))).round().astype(int))


def _truth(recording: Recording) -> dict[str, Any]:
    """Return what is true of a recording, under the name that fits."""
    if recording.target is not None:
        return {"target": recording.target}
    if recording.boxes is not None:
        return {"boxes": [asdict(box) for box in recording.boxes]}
    if recording.labels is not None:
        return {"labels": list(recording.classes)}
    return {"label": recording.label}


def _rounded(values: NDArray[np.float32]) -> Any:
    """Return the shortest decimals that read back to the same float32."""
    if values.ndim:
        return [_rounded(value) for value in values]
    return float(str(np.float32(values)))
