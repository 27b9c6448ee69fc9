"""Models that a user's Python file builds with `tf_keras`: built, trained by Keras, and handed to the converter.

Everything Keras allows is allowed: layers of one's own, and, in a model that `build` has compiled, a loss or optimizer
of one's own, or a class with another `train_step`.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Scalar, Settings, Training
from tuner.compression import Compression
from tuner.detection.centroids import CentroidGrid
from tuner.errors import BuildError, TrainingError, TrialTimeoutError, TunerError, nearest
from tuner.models.network import Output
from tuner.models.own import ModelFile
from tuner.training.convert import converted
from tuner.training.fit import example_weights
from tuner.training.layers import Tensor
from tuner.training.losses import Objective, build_objective
from tuner.training.optimizers import FULL_BATCH, learning_rates
from tuner.training.runtime import quiet, tf
from tuner.training.values import Epoch, Examples

_BATCH = 256
_LOOKED_AT = 512
"""Training examples on which the measure of an epoch is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnTrained:
    """A user's model with the weights of its best epoch."""

    model: Any
    history: tuple[Epoch, ...]
    best_epoch: int
    """Counted from 1."""


def build_own(file: ModelFile, architecture: Settings, shape: tuple[int, ...], output: Output, *, seed: int) -> Any:
    """Return what the file's `build` gives for the architecture's parameters.

    Args:
        file: the user's file; it is run.
        architecture: its parameters are handed over as a mapping.
        shape: of the features, without the batch.
        output: what the task wants; `build` is told the number of classes, or of values.
        seed: of the model's first weights.

    Raises:
        BuildError: the file cannot be run, `build` raises, or gives no model for this input and task.
    """
    import tf_keras  # noqa: PLC0415 - takes seconds, and only these models need it

    build = getattr(_module(file), "build", None)
    if build is None:
        raise BuildError(f"{file.path.name}: has no function 'build'", hint="build(params, input_shape, classes)")
    asked = _Asked(dict(architecture))
    tf_keras.utils.set_random_seed(seed % 2**32)
    try:
        with quiet():
            model = build(asked, shape, output.units)
    except Exception as error:
        raise BuildError(f"{file.path.name}: build raised {_line(error)}") from error
    if not isinstance(model, tf_keras.Model):
        found = f"{type(model).__module__}.{type(model).__name__}"
        raise BuildError(f"{file.path.name}: build gives a {found}, expected a tf_keras.Model", hint="import tf_keras")
    for name in asked.unread():
        raise BuildError(f"{file.path.name}: build never asks for '{name}'", hint=nearest(name, asked.missed))
    _check_shapes(file, model, shape, output)
    return model


def unsettle(model: Any, seed: int) -> None:
    """Give the model weights such as training might leave, for costing: no bias is zero, no two channels alike.

    From its first values a model converts to a smaller one than the trained, for zero biases are left out.
    """
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = weight.numpy()
        if values.size and np.ptp(values) == 0 and values.dtype.kind == "f":
            weight.assign(values + generator.uniform(0.05, 0.3, values.shape))


def answer_of(model: Any, output: Output) -> CentroidGrid | None:
    """Return how the output of a checked model is read, if it says where something is."""
    return CentroidGrid(*model.output_shape[1:3]) if output.form == "centroids" else None


def fit_own(
    model: Any,
    training: Training,
    output: Output,
    train: Examples,
    validation: Examples,
    *,
    until: int | None = None,
    deadline: float | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> OwnTrained:
    """Train by Keras until the task's loss on the validation examples has not improved for `training.patience` epochs.

    A model that `build` has compiled keeps its loss and optimizer; another gets those of the candidate. After epoch
    `until` it pauses. `on_epoch` is told of each epoch as it ends.

    Raises:
        BuildError: the optimizer or augmentation is not to be had for such a model.
        TrainingError: training raised, or a loss is not finite.
        TrialTimeoutError: the deadline passed.
    """
    if training.augmentation.type != "none":
        raise BuildError(
            "examples for a model of one's own cannot be augmented from outside",
            hint="put layers such as tf_keras.layers.RandomFlip into it, or set augmentation: none",
        )
    objective = build_objective(training.loss, output.activation)
    batch = len(train) if training.optimizer.type == FULL_BATCH else min(training.batch_size, len(train))
    rates = None
    if model.optimizer is None:
        model.compile(_optimizer(training.optimizer), _keras_loss(objective, output, train))
        rates = learning_rates(training.optimizer, training.epochs, -(-len(train) // batch))
    watch = _watch(model, training, objective, output, train, validation, rates, deadline, on_epoch)
    try:
        with quiet():
            model.fit(
                train.features,
                train.truth,
                batch_size=batch,
                epochs=training.epochs if until is None else min(until, training.epochs),
                sample_weight=example_weights(train.truth, balanced=training.class_weights),
                callbacks=[watch],
                verbose=0,
            )
    except TunerError:
        raise
    except Exception as error:
        raise TrainingError(f"training raised {_line(error)}") from error
    model.set_weights(watch.best)
    return OwnTrained(model, tuple(watch.history), watch.best_epoch)


def predict_own(model: Any, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the output of the model as trained: N × …."""
    parts = [
        model(features[first : first + _BATCH], training=False).numpy() for first in range(0, len(features), _BATCH)
    ]
    return np.concatenate(parts)


def convert_own(model: Any, form: Compression, calibration: NDArray[np.float32]) -> bytes:
    """Return the packed `.tflite` of the model: batch 1, in some form.

    Raises:
        ConversionError: the converter refused; the message is its first line.
    """
    example = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(lambda x: model(x, training=False), autograph=False).get_concrete_function(example)
    return converted(lambda: tf.lite.TFLiteConverter.from_concrete_functions([function]), form, calibration)


class _Asked(Mapping[str, Scalar]):
    """Parameters that remember which of them were asked for, so that a misspelt one does not go unnoticed."""

    def __init__(self, parameters: Mapping[str, Scalar]) -> None:
        self._parameters = parameters
        self._read: set[str] = set()
        self.missed: set[str] = set()
        """Names asked for in vain."""

    def __getitem__(self, name: str) -> Scalar:
        (self._read if name in self._parameters else self.missed).add(name)
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        self._read |= set(self._parameters)
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def unread(self) -> Sequence[str]:
        return sorted(set(self._parameters) - self._read)


def _module(file: ModelFile) -> Any:
    name = f"tuner_model_{file.sha256[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file.path)
    assert spec is not None and spec.loader is not None, "a file whose name ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where Keras looks up classes
    try:
        with quiet():
            spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise BuildError(f"{file.path}: cannot be run: {_line(error)}") from error
    return module


def _check_shapes(file: ModelFile, model: Any, shape: tuple[int, ...], output: Output) -> None:
    if not model.built or model.input_shape != (None, *shape):
        found = model.input_shape[1:] if model.built else "nothing, as it is not built"
        raise BuildError(f"{file.path.name}: the model reads {found}, the preprocessing gives {shape}")
    given = tuple(model.output_shape[1:])
    fits = given == (output.units,)
    wanted = f"{output.units} values"
    if output.form == "centroids":
        fits = len(given) == 3 and given[2] == 1 + output.units
        wanted = f"rows × columns × {1 + output.units} (nothing, and each class)"
    elif output.form == "boxes":
        raise BuildError(f"{file.path.name}: a model of one's own cannot say boxes, for its anchors are not known")
    if not fits:
        raise BuildError(f"{file.path.name}: the model gives {' × '.join(map(str, given))}, the task needs {wanted}")


def _keras_loss(objective: Objective, output: Output, train: Examples) -> Any:
    """Return a loss as Keras calls it: of the model's output, after its activation, and truth of any type and rank."""

    def loss(truth: Tensor, given: Tensor) -> Tensor:
        wanted = tf.reshape(tf.cast(truth, train.truth.dtype), (-1, *train.truth.shape[1:]))
        return objective.loss(_sums(given, output), wanted)

    return loss


def _sums(given: Tensor, output: Output) -> Tensor:
    """Return what the last activation was applied to, up to what does not change the result."""
    clipped = tf.clip_by_value(given, 1e-7, 1 - 1e-7) if output.activation in ("softmax", "sigmoid") else given
    match output.activation:
        case "softmax":
            return tf.math.log(clipped)
        case "sigmoid":
            return tf.math.log(clipped / (1 - clipped))
        case _:
            return given


def _optimizer(settings: Settings) -> Any:
    from tf_keras import optimizers  # noqa: PLC0415 - as above

    renamed = {"initial_accumulator": "initial_accumulator_value"}
    options = {renamed.get(name, name): value for name, value in settings.items() if name not in _FED}
    kinds = {
        "adam": optimizers.Adam,
        "adamw": optimizers.AdamW,
        "sgd": optimizers.SGD,
        FULL_BATCH: optimizers.SGD,
        "rmsprop": optimizers.RMSprop,
        "adagrad": optimizers.Adagrad,
    }
    if settings.type not in kinds:
        raise BuildError(
            f"the optimizer '{settings.type}' is not to be had for a model of one's own",
            hint=f"use one of {', '.join(kinds)}, or compile the model in build",
        )
    return kinds[settings.type](**options)


_FED = ("learning_rate", "schedule", "warmup_epochs", "decay")
"""What of an optimizer is given to each step."""


def _watch(
    model: Any,
    training: Training,
    objective: Objective,
    output: Output,
    train: Examples,
    validation: Examples,
    rates: NDArray[np.float32] | None,
    deadline: float | None,
    on_epoch: Callable[[Epoch], None] | None,
) -> Any:
    """Return a Keras callback that sets rates, keeps the history and the best weights, and ends the training."""
    from tf_keras.callbacks import Callback  # noqa: PLC0415 - as above

    rows = np.linspace(0, len(train) - 1, min(len(train), _LOOKED_AT)).round().astype(int)
    seen = Examples(train.features[rows], train.truth[rows])

    def judged(examples: Examples, what: Any) -> float:
        sums = _sums(tf.constant(predict_own(model, examples.features)), output)
        return float(np.mean(what(sums, tf.constant(examples.truth))))

    class Watch(Callback):  # type: ignore[misc]  # Keras publishes no types
        def __init__(self) -> None:
            super().__init__()
            self.history: list[Epoch] = []
            self.best, self.best_epoch, self._least = model.get_weights(), 0, np.inf
            self._epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            self._epoch = epoch

        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
            if deadline is not None and time.monotonic() > deadline:
                raise TrialTimeoutError(f"the trial's time was up in epoch {self._epoch + 1} of training")
            if rates is not None:
                model.optimizer.learning_rate = rates[self._epoch, batch]

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            loss = float((logs or {}).get("loss", 0.0))
            val_loss = judged(validation, objective.validation)
            if not np.isfinite(loss + val_loss):
                raise TrainingError(f"training diverged: the loss is {loss:g}, the validation loss {val_loss:g}")
            measures = judged(seen, objective.measure), judged(validation, objective.measure)
            self.history.append(Epoch(epoch + 1, loss, measures[0], val_loss, measures[1]))
            if on_epoch is not None:
                on_epoch(self.history[-1])
            if val_loss < self._least:
                self.best, self.best_epoch, self._least = model.get_weights(), epoch + 1, val_loss
            elif epoch + 1 - self.best_epoch >= training.patience:
                model.stop_training = True

    return Watch()


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
