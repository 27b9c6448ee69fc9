"""Models that other programs trained, as `.tflite` bytes in their own precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuner.errors import InputError, ModelError
from tuner.training.runtime import quiet, tf


def convert_foreign(path: Path) -> bytes:
    """Return a Keras or ONNX file or a SavedModel folder as float32 `.tflite`, for a batch of one.

    Raises:
        ModelError: the model cannot be loaded, has an open input shape, or does not convert.
        InputError: the package that reads ONNX is not installed.
    """
    try:
        with quiet():
            model: bytes = foreign_converter(path).convert()
    except InputError:
        raise
    except Exception as error:  # loaders and converter raise whatever their passes raise
        reason = (str(error) or type(error).__name__).strip().partition("\n")[0]
        raise ModelError(
            f"{path.name} does not convert to .tflite: {reason}",
            hint="convert it with the program that made it and give the .tflite file",
        ) from error
    return model


def foreign_converter(path: Path) -> Any:
    """Return TensorFlow's converter of a Keras or ONNX file or a SavedModel folder; it raises whatever it meets."""
    return _saved_model(path) if path.is_dir() else _onnx(path) if path.suffix == ".onnx" else _keras(path)


def _saved_model(path: Path) -> Any:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{path} is no SavedModel: it lacks saved_model.pb", hint="give the folder that holds it")
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures.get("serving_default")
    if signature is None:
        raise ModelError(
            f"{path} has no signature 'serving_default', found {', '.join(loaded.signatures) or 'none'}",
            hint="export the model with its serving signature",
        )
    _, inputs = signature.structured_input_signature
    names = list(inputs)

    def call(*values: Any) -> Any:
        return signature(**dict(zip(names, values, strict=True)))

    return _converter(call, [(inputs[name].shape, inputs[name].dtype) for name in names], path, owner=loaded)


def _keras(path: Path) -> Any:
    model = load_keras(path)
    inputs = [(tensor.shape, tensor.dtype) for tensor in model.inputs]
    single = len(inputs) == 1

    def call(*values: Any) -> Any:
        return model(values[0] if single else list(values), training=False)

    return _converter(call, inputs, path)


def _onnx(path: Path) -> Any:
    try:
        from tuner.training.onnx_import import import_onnx  # noqa: PLC0415 - needs a package that is optional
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError(
            f"{path.name} is an ONNX model, and the package onnx is not installed",
            hint="pip install 'edge-tuner[onnx]'",
        ) from error
    call, inputs = import_onnx(path)
    return _converter(call, inputs, path)


def load_keras(path: Path) -> Any:
    """Load with the version of Keras that wrote the file: 2 writes both kinds, 3 the newer alone as well."""
    import tf_keras  # noqa: PLC0415 - takes seconds, and a SavedModel needs none

    try:
        return tf_keras.models.load_model(path, compile=False)
    except Exception:
        import keras  # type: ignore[import-untyped]  # noqa: PLC0415 - the same

        return keras.models.load_model(path, compile=False)


def _converter(call: Any, inputs: list[tuple[Any, Any]], path: Path, *, owner: Any = None) -> Any:
    specifications = []
    for shape, dtype in inputs:
        fixed = [1, *list(shape)[1:]]
        if None in fixed:
            raise ModelError(f"{path.name} has an input of shape {tuple(shape)}", hint="give every dimension a size")
        specifications.append(tf.TensorSpec(fixed, dtype))
    # Nothing here is Python for AutoGraph to translate, and it would bury an error of ours in its own.
    function = tf.function(call, input_signature=specifications, autograph=False).get_concrete_function()
    # A function of a SavedModel does not keep its variables alive; the object that they belong to does.
    return tf.lite.TFLiteConverter.from_concrete_functions([function], owner)
