"""One trial as a function of values: train, convert, evaluate, inspect. It knows neither Optuna nor Ray."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from io import BytesIO

import numpy as np

from tuner.candidate import Training
from tuner.compression import compression as read_compression
from tuner.models.compressible import left_out
from tuner.record import Artifact, Epoch, TrainingResult
from tuner.tasks import Fitted, Reading, Task, resolved
from tuner.tflite.stored import stored_weights
from tuner.training.compression import Course, train_compressed
from tuner.training.convert import convert
from tuner.training.predict import predict_converted, predict_float
from tuner.training.transfer import beginning
from tuner.training.values import Examples, Trained
from tuner.training.weights import Weights
from tuner.trial.appraise import Appraiser
from tuner.trial.prepare import Prepared, as_architecture_reads, features_key, prepare
from tuner.trial.task import Context, Product, TrialTask


def run(context: Context, task: TrialTask, prepared: Prepared) -> Product:
    """Train the candidate and score the bytes that a device would run.

    Raises:
        StageError: a stage failed; the error's class says which.
    """
    candidate = task.candidate
    prepared = as_architecture_reads(prepared, candidate)
    appraiser = Appraiser(context.dataset, context.task, context.targets)
    start = time.monotonic()
    network, training = appraiser.network(candidate), resolved(context.task, candidate.training)
    reading = Reading(context.dataset.labels, candidate, network, context.task.fit(prepared.train.truth))
    train, validation = (
        Examples(part.features, context.task.targets(part.truth, reading))
        for part in (prepared.train, prepared.validation)
    )

    compression = read_compression(candidate.compression)
    pretrained = appraiser.pretrained(candidate)
    begin = None if pretrained is None else beginning(network, pretrained)
    trained = train_compressed(
        network,
        compression,
        _course(task, training, train, validation, deadline=start + context.trial_seconds),
        teachers=appraiser.teachers(candidate),
        start=begin,
    )
    trained_at = time.monotonic()

    model = convert(trained, candidate.compression, train.features)
    converted_at = time.monotonic()

    truth = prepared.validation.truth
    float32 = context.task.score(predict_float(trained, validation.features), truth, reading)
    converted = context.task.score(predict_converted(model, validation.features), truth, reading)
    evaluated_at = time.monotonic()

    result = TrainingResult(
        curve=_curve(trained, context.task, reading.fitted),
        best_epoch=trained.best_epoch - 1,  # of the whole training; one before this leg if none was better
        float32=float32,
        converted=converted,
        inspected=appraiser.of_model(candidate, model),
        feature_mean=prepared.standardizer.mean,
        feature_deviation=prepared.standardizer.deviation,
        artifact=Artifact(hashlib.sha256(model).hexdigest(), len(model)),
        seconds={
            "train": trained_at - start,
            "convert": converted_at - trained_at,
            "evaluate": evaluated_at - converted_at,
        },
        stored=stored_weights(model, left_out(network, compression)),
        fitted=reading.fitted,
        weights="" if begin is None else begin.sha256,
    )
    return Product(result, model, b"" if task.leg is None else _packed(trained.weights))


def _course(task: TrialTask, training: Training, train: Examples, validation: Examples, *, deadline: float) -> Course:
    course = Course(training, train, validation, seed=task.seed, deadline=deadline)
    if task.leg is None:
        return course
    weights = _unpacked(task.leg.weights) if task.leg.weights else None
    return replace(course, start=weights, after=task.leg.after, until=task.leg.until)


def _packed(weights: Weights) -> bytes:
    content = BytesIO()
    np.savez(content, **dict(weights))  # type: ignore[arg-type]  # the stub takes its own keyword for an array
    return content.getvalue()


def _unpacked(content: bytes) -> Weights:
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


class TrialJob:
    """What the workers of a study do, as `tuner.execution` asks for it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def key(self, task: TrialTask) -> str:
        """Trials of one window and preprocessing share their features."""
        return features_key(self._context.on_fold(task.fold), task.candidate)

    def prepare(self, task: TrialTask) -> Prepared:
        """Make or fetch the features."""
        self._load_blocks()
        return prepare(self._context.on_fold(task.fold), task)

    def work(self, task: TrialTask, prepared: Prepared) -> Product:
        """Run the trial."""
        self._load_blocks()
        return run(self._context.on_fold(task.fold), task, prepared)

    def _load_blocks(self) -> None:
        for file in self._context.blocks:
            file.load()
        for model in self._context.models:
            model.make_known()


def _curve(trained: Trained, task: Task, fitted: Fitted) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(
            epoch.loss, task.measured(epoch.measure, fitted), epoch.val_loss, task.measured(epoch.val_measure, fitted)
        )
        for epoch in trained.history
    )
