"""From trained weights to the bytes a device runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Settings
from tuner.errors import ConfigError, ConversionError, nearest
from tuner.models.lowering import COMPRESSIONS
from tuner.models.network import Network
from tuner.tflite.write import repack
from tuner.training.layers import Pass, activate, forward, head_activation, tensor_shape
from tuner.training.runtime import quiet, tf
from tuner.training.values import Trained
from tuner.training.weights import Weights, random_weights

CALIBRATION_EXAMPLES = 100
"""More change neither ranges nor accuracy by a measurable amount."""


def convert(trained: Trained, compression: Settings, calibration: NDArray[np.float32]) -> bytes:
    """Return the packed `.tflite` of a trained network: batch 1, no names, no metadata.

    Args:
        trained: the network and its weights.
        compression: "float32", or "int8" and "int8-qat": weights per channel, everything else per tensor, input and
            output int8.
        calibration: N × input shape, examples from which int8 takes the ranges of activations; at most
            `CALIBRATION_EXAMPLES` are used, spread evenly.

    Raises:
        ConfigError: no compression has that name.
        ConversionError: the converter refused; the message is its first line.
    """
    return _convert(trained.network, trained.weights, compression, calibration)


def convert_untrained(network: Network, compression: Settings, seed: int) -> bytes:
    """Return what `convert` would, before training: other weights, but the same operators, arena and size."""
    dummy = np.random.default_rng(seed).normal(size=(1, *network.input_shape)).astype(np.float32)
    return _convert(network, random_weights(network, seed), compression, dummy)


def _convert(network: Network, weights: Weights, compression: Settings, calibration: NDArray[np.float32]) -> bytes:
    if compression.type not in COMPRESSIONS:
        raise ConfigError(
            f"no compression is called '{compression.type}'", hint=nearest(compression.type, COMPRESSIONS)
        )
    if compression.type != "float32":
        _check_calibration(calibration)
    try:
        with quiet():
            model: bytes = _converter(network, weights, compression, calibration).convert()
    except Exception as error:  # the converter raises whatever its passes raise
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        raise ConversionError(f"no .tflite came out: {reason}") from error
    return repack(model)


def _converter(network: Network, weights: Weights, compression: Settings, calibration: NDArray[np.float32]) -> Any:
    # Without a trackable object the converter freezes a function of constants: 0.2 s instead of 2.4 s for a DS-CNN.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([_inference(network, weights)])
    if compression.type != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        converter.representative_dataset = lambda: _samples(network, calibration)
    return converter


def _inference(network: Network, weights: Weights) -> object:
    """Trace the network with its weights as constants.

    A fixed batch of 1 keeps SHAPE, STRIDED_SLICE and PACK operators out of the model.
    """

    def infer(x: object) -> object:
        logits = forward(network, x, Pass(lambda name, _: tf.constant(weights[name])))
        return activate(head_activation(network), logits)

    example = tf.TensorSpec((1, *tensor_shape(network.input_shape)), tf.float32)
    return tf.function(infer, autograph=False).get_concrete_function(example)


def _check_calibration(calibration: NDArray[np.float32]) -> None:
    if not len(calibration):
        raise ConversionError("int8 needs at least one example to take the ranges of activations from")
    if not np.isfinite(calibration).all():
        raise ConversionError("the calibration examples hold values that are not finite")  # they kill the process


def calibration_rows(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return as many examples as calibration needs, spread evenly over those given."""
    count = min(len(features), CALIBRATION_EXAMPLES)
    rows: NDArray[np.float32] = features[np.linspace(0, len(features) - 1, count).round().astype(int)]
    return rows


def _samples(network: Network, calibration: NDArray[np.float32]) -> Iterator[list[NDArray[np.float32]]]:
    for row in calibration_rows(calibration):
        yield [row.reshape(1, *tensor_shape(network.input_shape))]
