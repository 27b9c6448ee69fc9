"""Candidates whose model is the user's own: what it is before training, and how it is made.

Their costs are read from converted bytes, with weights yet to be learned: building and converting takes tenths of a
second, where the product's own networks take milliseconds, so it is done once for candidates that differ in training.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tuner.compression import Compression, Float32, Int8Aware
from tuner.compression import compression as read_compression
from tuner.detection.centroids import CentroidGrid
from tuner.dsp.block import Float32 as Features
from tuner.errors import BuildError, ConversionError, ModelError
from tuner.models.network import Answer, Network
from tuner.models.own import OwnModel
from tuner.record import StoredWeights
from tuner.tflite.formats import model_formats
from tuner.tflite.write import repack
from tuner.training.compression import Course
from tuner.training.convert import converted
from tuner.training.foreign import convert_foreign, foreign_converter
from tuner.training.own import answer_of, build_own, convert_own, fit_own, predict_own, unsettle
from tuner.training.predict import predict_converted
from tuner.training.values import Epoch
from tuner.training.weights import Weights
from tuner.trial.answers import Predict


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A model that was trained, or came finished."""

    model: bytes
    predict: Predict
    """What it answers in floating point."""
    history: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    """Counted from 1; 0 for a finished model."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time of training and conversion."""
    trained: Weights = field(default_factory=dict)
    """Of one of the product's own networks."""
    weights: str = ""
    """SHA-256 of the file whose weights the first layers began with."""
    stored: StoredWeights | None = None


@functools.lru_cache(maxsize=512)
def before_training(own: OwnModel) -> tuple[bytes, Network]:
    """Return the model's bytes with weights yet to be learned, and what is known of it as a network: how it is read.

    Raises:
        BuildError: it cannot be built or converted, or does not fit the features or the task.
    """
    form = _form(own)
    example = np.random.default_rng(0).normal(size=(1, *own.shape)).astype(np.float32)
    try:
        if own.file.is_code:
            model = build_own(own.file, own.architecture, own.shape, own.output, seed=0)
            unsettle(model, seed=0)
            answer: Answer | None = answer_of(model, own.output)
            return convert_own(model, form, example), Network(own.shape, (), answer)
        content = _finished(own, form, example)
        return content, Network(own.shape, (), _checked_answer(own, content))
    except (ConversionError, ModelError) as error:
        raise BuildError(f"{own.file.path.name}: {error.message}", hint=error.hint) from error


def make_own(own: OwnModel, course: Course) -> Made:
    """Train the model that the user's code builds, or take the finished one.

    Of a training in legs each begins anew, for Keras' optimizers are not kept; it tells of its own epochs alone.

    Raises:
        StageError: a stage failed; the error's class says which.
    """
    form, start = _form(own), time.monotonic()
    train, validation = course.train, course.validation
    if not own.file.is_code:
        single = _finished(own, Float32(), train.features)
        model = _finished(own, form, train.features)
        return Made(
            model,
            functools.partial(predict_converted, single),
            seconds={"train": 0.0, "convert": time.monotonic() - start},
        )
    built = build_own(own.file, own.architecture, own.shape, own.output, seed=course.seed)
    trained = fit_own(
        built,
        course.training,
        own.output,
        train,
        validation,
        until=course.until,
        deadline=course.deadline,
        on_epoch=course.on_epoch,
    )
    trained_at = time.monotonic()
    model = convert_own(trained.model, form, train.features)
    seconds = {"train": trained_at - start, "convert": time.monotonic() - trained_at}
    history = trained.history[course.after :]
    return Made(model, functools.partial(predict_own, built), history, trained.best_epoch, seconds)


def _form(own: OwnModel) -> Compression:
    form = read_compression(own.compression)
    if form.width < 1 or form.sparsity or form.clusters or form.teachers or isinstance(form, Int8Aware):
        raise BuildError(
            f"{own.file.path.name}: the compression '{own.compression.type}' takes part in the training, which a model "
            "of one's own does itself",
            hint="use float32, int8 or int16x8 without further parameters",
        )
    return form


def _finished(own: OwnModel, form: Compression, examples: Features) -> bytes:
    """Return a finished model in some form; a `.tflite` file comes in its own."""
    path = own.file.path
    if path.suffix == ".tflite":
        return path.read_bytes()
    single = repack(convert_foreign(path))
    _checked_answer(own, single)
    if isinstance(form, Float32):
        return single
    return converted(lambda: foreign_converter(path), form, examples.reshape(-1, *model_formats(single)[0].shape[1:]))


def _checked_answer(own: OwnModel, model: bytes) -> Answer | None:
    source, target = model_formats(model)
    wanted = " × ".join(map(str, own.shape))
    if math.prod(source.shape) != math.prod(own.shape):
        found = " × ".join(map(str, source.shape[1:]))
        raise BuildError(f"{own.file.path.name}: the model reads {found}, the preprocessing gives {wanted}")
    given, units = target.shape[1:], own.output.units
    if own.output.form == "centroids" and len(given) == 3 and given[2] == 1 + units:
        return CentroidGrid(given[0], given[1])
    if own.output.form == "values" and math.prod(given) == units:
        return None
    found = " × ".join(map(str, given))
    raise BuildError(f"{own.file.path.name}: the model gives {found}, the task needs {units} {own.output.form}")
