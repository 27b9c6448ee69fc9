"""One trial as a function of values: train, convert, evaluate, inspect. It knows neither Optuna nor Ray."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO

import numpy as np

from tuner.candidate import Training
from tuner.compression import compression as read_compression
from tuner.models.compressible import left_out
from tuner.record import AnomalyBlock, Artifact, Epoch, TrainingResult
from tuner.tasks import Fitted, Reading, Task, resolved, taught
from tuner.tasks.anomaly import Anomaly, passing_threshold, reconstruction_errors
from tuner.tflite.stored import stored_weights
from tuner.training import values
from tuner.training.compression import Course, train_compressed
from tuner.training.convert import convert
from tuner.training.predict import predict_converted, predict_float
from tuner.training.rate_finder import with_rate
from tuner.training.transfer import beginning
from tuner.training.values import Examples
from tuner.training.weights import Weights
from tuner.trial.answers import Predict, answers
from tuner.trial.appraise import Appraiser, anomaly_block
from tuner.trial.courses import Notes
from tuner.trial.own import Made, make_own
from tuner.trial.prepare import Prepared, Windowed, as_architecture_reads, features_key, prepare
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
    train, validation = (_learned(context.task, part, reading) for part in (prepared.train, prepared.validation))

    rated = with_rate(network, training, train, task.seed) if network.nodes else training
    course = _course(task, rated, train, validation, deadline=start + context.trial_seconds)
    course = replace(course, on_epoch=_noting(context, task, reading.fitted))
    made = _made(appraiser, task, course)
    if rated != training:
        reading = replace(reading, fitted={**reading.fitted, "learning_rate": (_rate(rated),)})
    model = b"" if made is None else made.model
    made_at = time.monotonic()
    block = anomaly_block(candidate)
    learned = None if block is None else block.fit(train.features.reshape(len(train), -1), task.seed)
    learned_at = time.monotonic()

    shipped = partial(predict_converted, model)
    if isinstance(context.task, Anomaly):
        threshold = _threshold(shipped, learned, train)
        reading = replace(reading, fitted={**reading.fitted, "threshold": (threshold,)})
    rows, truth = prepared.validation.features, prepared.validation.truth
    float32, converted = (
        context.task.score(answers(context.task, predict, learned, rows), truth, reading)
        for predict in (shipped if made is None else made.predict, shipped)
    )

    seconds = {"train": 0.0, "convert": 0.0} if made is None else dict(made.seconds)
    seconds["train"] += learned_at - made_at
    result = TrainingResult(
        curve=() if made is None else _curve(made, context.task, reading.fitted),
        # Of the whole training; one before this leg if none was better.
        best_epoch=-1 if made is None else made.best_epoch - 1,
        float32=float32,
        converted=converted,
        inspected=appraiser.of_model(candidate, model) if model else appraiser.of_block(candidate),
        feature_mean=prepared.standardizer.mean,
        feature_deviation=prepared.standardizer.deviation,
        artifact=Artifact(hashlib.sha256(model).hexdigest(), len(model)),
        seconds={**seconds, "evaluate": time.monotonic() - learned_at},
        stored=None if made is None else made.stored,
        fitted=reading.fitted,
        weights="" if made is None else made.weights,
        anomaly=learned,
    )
    return Product(result, model, b"" if task.leg is None or made is None else _packed(made.trained))


def _made(appraiser: Appraiser, task: TrialTask, course: Course) -> Made | None:
    """Return the candidate's model; `None` if it has no network."""
    candidate, start = task.candidate, time.monotonic()
    own, network = appraiser.own(candidate), appraiser.network(candidate)
    if own is not None:
        return make_own(own, course)
    if not network.nodes:
        return None
    compression, pretrained = read_compression(candidate.compression), appraiser.pretrained(candidate)
    begin = None if pretrained is None else beginning(network, pretrained)
    trained = train_compressed(network, compression, course, teachers=appraiser.teachers(candidate), start=begin)
    trained_at = time.monotonic()
    model = convert(trained, candidate.compression, course.train.features)
    return Made(
        model,
        partial(predict_float, trained),
        trained.history,
        trained.best_epoch,
        seconds={"train": trained_at - start, "convert": time.monotonic() - trained_at},
        trained=trained.weights,
        weights="" if begin is None else begin.sha256,
        stored=stored_weights(model, left_out(network, compression)),
    )


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


def _learned(task: Task, part: Windowed, reading: Reading) -> Examples:
    """Return what a candidate may learn from, in the terms of the task."""
    chosen = taught(task, part.truth)
    features, truth = part.features[chosen], part.truth[chosen]
    return Examples(features, task.targets(truth, replace(reading, features=features)))


def _rate(training: Training) -> float:
    return float(training.optimizer["learning_rate"])


def _threshold(shipped: Predict, block: AnomalyBlock | None, train: Examples) -> float:
    """Return the score above which a window is an anomaly, from the normal windows of the training split."""
    if block is not None:
        return block.threshold
    return passing_threshold(reconstruction_errors(shipped(train.features), train.features))


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


def _curve(made: Made, task: Task, fitted: Fitted) -> tuple[Epoch, ...]:
    return tuple(_recorded(epoch, task, fitted) for epoch in made.history)


def _recorded(epoch: values.Epoch, task: Task, fitted: Fitted) -> Epoch:
    return Epoch(
        epoch.loss, task.measured(epoch.measure, fitted), epoch.val_loss, task.measured(epoch.val_measure, fitted)
    )


def _noting(context: Context, task: TrialTask, fitted: Fitted) -> Callable[[values.Epoch], None] | None:
    """Return what notes the epochs of a trial in its first training; of what follows that, its record tells."""
    if context.courses is None or task.run or (task.leg is not None and task.leg.after):
        return None
    notes = Notes(context.courses, task.number)
    return lambda epoch: notes.add(_recorded(epoch, context.task, fitted))
