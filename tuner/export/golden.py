"""Golden vectors: real windows and what every step must make of them, so that firmware can be checked step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Candidate
from tuner.data.dataset import Dataset
from tuner.data.windows import cut
from tuner.dsp import chain
from tuner.dsp.standardize import Standardizer
from tuner.tflite.formats import model_formats
from tuner.tflm import Tflm

COUNT = 5
"""Windows in the file."""


def golden_vectors(
    dataset: Dataset, recordings: tuple[str, ...], candidate: Candidate, standardizer: Standardizer, model: bytes
) -> list[dict[str, Any]]:
    """Return windows of validation recordings with the result of each step, the last by the real interpreter.

    Raises:
        EvaluationError: the interpreter cannot run the model.
    """
    chosen = _one_per_class(dataset, recordings)
    windows = cut(dataset, chosen, replace(candidate.window, stride_ms=1e3 * 3600))  # one window a recording
    features = chain.extract_all(candidate.preprocessing, windows.values, windows.signal)
    standardized = standardizer.apply(features)
    source, _ = model_formats(model)
    inputs: NDArray[Any] = standardized if source.quantization is None else source.quantization.quantize(standardized)
    with Tflm() as tflm:
        outputs = tflm.predict(model, inputs)
    return [
        {
            "recording": chosen[int(windows.recordings[index])],
            "label": dataset.recording(chosen[int(windows.recordings[index])]).label,
            "window": _rounded(windows.values[index]),
            "features": _rounded(features[index]),
            "standardized": _rounded(standardized[index]),
            "input": inputs[index].ravel().tolist() if source.quantization else _rounded(inputs[index].ravel()),
            "output": outputs[index].ravel().tolist(),
        }
        for index in range(len(windows.values))
    ]


def _one_per_class(dataset: Dataset, recordings: tuple[str, ...]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for recording in dataset.select(recordings):
        first.setdefault(recording.label, recording.id)
    return tuple(list(first.values())[:COUNT])


def _rounded(values: NDArray[np.float32]) -> Any:
    """Return the shortest decimals that read back to the same float32."""
    if values.ndim:
        return [_rounded(value) for value in values]
    return float(str(np.float32(values)))
