"""From trained weights to the bytes a device runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Settings
from tuner.compression import Compression, Float32, Int8, Int16x8
from tuner.compression import compression as read_compression
from tuner.errors import ConversionError
from tuner.models.network import LSTM, Network
from tuner.models.thinning import thinned
from tuner.tflite.write import repack
from tuner.training.layers import Pass, activate, forward, head_activation, tensor_shape
from tuner.training.runtime import quiet, tf
from tuner.training.values import Trained
from tuner.training.weights import Weights, random_weights


def convert(trained: Trained, compression: Settings, calibration: NDArray[np.float32]) -> bytes:
    """Return the packed `.tflite` of a trained network: batch 1, no names, no metadata.

    What a compression does to weights (`tuner.training.compression`) is done already; this is its form alone.

    Args:
        trained: the network and its weights.
        compression: the form: floating point, or integers, whose weights have a scale per channel and all else one
            per tensor, input and output included.
        calibration: N × input shape, examples from which integers take the ranges of activations; as many as the
            compression asks for are used, spread evenly.

    Raises:
        ConfigError: no compression has that name or parameter.
        ConversionError: the converter refused; the message is its first line.
    """
    return _convert(trained.network, trained.weights, read_compression(compression), calibration)


def convert_untrained(network: Network, compression: Settings, seed: int) -> bytes:
    """Return what `convert` would, before training: other weights, but the same operators, arena and size."""
    form = read_compression(compression)
    final = thinned(network, form.width)
    dummy = np.random.default_rng(seed).normal(size=(1, *network.input_shape)).astype(np.float32)
    return _convert(final, random_weights(final, seed), form, dummy)


def _convert(network: Network, weights: Weights, form: Compression, calibration: NDArray[np.float32]) -> bytes:
    shape = tensor_shape(network.input_shape)
    if calibration.size % math.prod(shape):
        raise ConversionError(
            f"the calibration examples are {calibration.shape[1:]} each, the network's input is {network.input_shape}"
        )
    return converted(lambda: _converter(network, weights), form, calibration.reshape(-1, *shape))


def converted(make: Callable[[], Any], form: Compression, calibration: NDArray[np.float32]) -> bytes:
    """Return the packed `.tflite` that one of TensorFlow's converters gives in some form.

    Args:
        make: gives the converter, of a function of one input whose batch is 1.
        form: only what it says of numbers counts; what it does to weights is done already.
        calibration: N × the input's shape; examples of which integers take the ranges of activations.

    Raises:
        ConversionError: the converter refused; the message is its first line.
    """
    if not isinstance(form, Float32):
        _check_calibration(calibration)
    try:
        with quiet():
            converter = make()
            if isinstance(form, Int8 | Int16x8):
                _to_integers(converter, form, calibration)
            model: bytes = converter.convert()
    except Exception as error:  # the converter raises whatever its passes raise
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        raise ConversionError(f"no .tflite came out: {reason}") from error
    return repack(model)


def _converter(network: Network, weights: Weights) -> Any:
    # Without a trackable object the converter freezes a function of constants: 0.2 s instead of 2.4 s for a DS-CNN.
    # It also takes functions apart, so a recurrent layer, known to the converter as a function, goes the long way.
    module = tf.Module() if any(isinstance(node.layer, LSTM) for node in network.nodes) else None
    function = _inference(network, weights)
    if module is not None:
        module.function = function
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], module)


def _to_integers(converter: Any, form: Int8 | Int16x8, calibration: NDArray[np.float32]) -> None:
    operators, number = _INTEGERS[form.activations]
    rows = calibration_rows(calibration, form.calibration)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [operators]
    converter.inference_input_type = converter.inference_output_type = number
    converter.representative_dataset = lambda: ([row[np.newaxis]] for row in rows)


_INTEGERS = {
    "int8": (tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.int8),
    "int16": (tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, tf.int16),
}
"""What the converter is to use, by the type of activations."""


def _inference(network: Network, weights: Weights) -> Any:
    """Trace the network with its weights as constants.

    A fixed batch of 1 keeps SHAPE, STRIDED_SLICE and PACK operators out of the model.
    """

    def infer(x: object) -> object:
        logits = forward(network, x, Pass(lambda name, _: tf.constant(weights[name]), fused=True))
        return activate(head_activation(network), logits)

    example = tf.TensorSpec((1, *tensor_shape(network.input_shape)), tf.float32)
    return tf.function(infer, autograph=False, input_signature=[example])


def _check_calibration(calibration: NDArray[np.float32]) -> None:
    if not len(calibration):
        raise ConversionError("integers need at least one example to take the ranges of activations from")
    if not np.isfinite(calibration).all():
        raise ConversionError("the calibration examples hold values that are not finite")  # they kill the process


def calibration_rows(features: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return as many examples as asked for, or all, spread evenly over those given."""
    chosen = np.linspace(0, len(features) - 1, min(len(features), count)).round().astype(int)
    rows: NDArray[np.float32] = features[chosen]
    return rows
