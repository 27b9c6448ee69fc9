"""What a network says, trained or converted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.errors import EvaluationError
from tuner.tflite.read import read_graph
from tuner.tflm.quantization import Quantization
from tuner.training.layers import Pass, activate, forward, head_activation, tensor_shape
from tuner.training.runtime import quiet, tf
from tuner.training.values import Trained

_FLOAT_BATCH = 256
_CONVERTED_BATCH = 32
"""More rows at once no longer pay for the cache they need."""


def predict_float(trained: Trained, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the output of the network as trained: N × classes."""
    weights = {name: tf.constant(values) for name, values in trained.weights.items()}
    rows = features.reshape(-1, *tensor_shape(trained.network.input_shape))
    run = Pass(lambda name, _: weights[name])
    parts = []
    for first in range(0, len(rows), _FLOAT_BATCH):
        logits = forward(trained.network, tf.constant(rows[first : first + _FLOAT_BATCH]), run)
        parts.append(activate(head_activation(trained.network), logits).numpy())
    return np.concatenate(parts)


def predict_converted(model: bytes, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the output of a converted network, quantized and turned back as on the device: N × classes.

    TensorFlow Lite's own kernels without delegates: ten times as fast as TensorFlow Lite Micro on convolutions
    and within a few quantization steps of it; XNNPACK, the default delegate, differs on more rows.

    Raises:
        EvaluationError: the model cannot be run.
    """
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        with quiet():
            interpreter = tf.lite.Interpreter(
                model_content=model, num_threads=1, experimental_op_resolver_type=resolver
            )
            interpreter.allocate_tensors()
        source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        rows = _stored(features.reshape(-1, *source["shape"][1:]), source)
        run = _run_anew if any(tensor.variable for tensor in read_graph(model).tensors) else _run
        return _real(run(interpreter, rows, source["index"], target["index"]), target)
    except (RuntimeError, ValueError) as error:
        raise EvaluationError(f"the converted model does not run: {error}") from error


def _run(interpreter: Any, rows: NDArray[Any], source: int, target: int) -> NDArray[Any]:
    parts = []
    size = 1
    for first in range(0, len(rows), _CONVERTED_BATCH):
        part = rows[first : first + _CONVERTED_BATCH]
        if len(part) != size:
            size = len(part)
            interpreter.resize_tensor_input(source, part.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(source, part)
        interpreter.invoke()
        parts.append(interpreter.get_tensor(target))
    return np.concatenate(parts)


def _run_anew(interpreter: Any, rows: NDArray[Any], source: int, target: int) -> NDArray[Any]:
    """Run a model that has a memory on one row after the other, each as if it were the first."""
    parts = []
    for row in rows:
        interpreter.reset_all_variables()
        interpreter.set_tensor(source, row[np.newaxis])
        interpreter.invoke()
        parts.append(interpreter.get_tensor(target))
    return np.concatenate(parts)


def _stored(values: NDArray[np.float32], details: dict[str, Any]) -> NDArray[Any]:
    quantization = _quantization(details)
    return values.astype(np.float32) if quantization is None else quantization.quantize(values)


def _real(values: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    quantization = _quantization(details)
    return values if quantization is None else quantization.dequantize(values)


def _quantization(details: dict[str, Any]) -> Quantization | None:
    dtype = np.dtype(details["dtype"]).name
    if dtype == "float32":
        return None
    parameters = details["quantization_parameters"]
    return Quantization(float(parameters["scales"][0]), int(parameters["zero_points"][0]), dtype)
