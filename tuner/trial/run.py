"""One trial as a function of values: train, convert, evaluate, inspect. It knows neither Optuna nor Ray."""

from __future__ import annotations

import hashlib
import time

from tuner.compression import compression as read_compression
from tuner.dsp.block import Float32
from tuner.metrics import ClassificationScore, classification_score
from tuner.models.compressible import left_out
from tuner.record import Artifact, Epoch, TrainingResult
from tuner.tflite.stored import stored_weights
from tuner.training.compression import Course, train_compressed
from tuner.training.convert import convert
from tuner.training.predict import predict_converted, predict_float
from tuner.training.values import Examples, Trained
from tuner.trial.appraise import Appraiser
from tuner.trial.prepare import Prepared, features_key, prepare
from tuner.trial.task import Context, Product, TrialTask


def run(context: Context, task: TrialTask, prepared: Prepared) -> Product:
    """Train the candidate and score the bytes that a device would run.

    Raises:
        StageError: a stage failed; the error's class says which.
    """
    candidate, labels = task.candidate, context.dataset.labels
    appraiser = Appraiser(context.dataset, context.targets)
    start = time.monotonic()

    network, compression = appraiser.network(candidate), read_compression(candidate.compression)
    trained = train_compressed(
        network,
        compression,
        Course(
            candidate.training,
            prepared.train,
            prepared.validation,
            seed=task.seed,
            deadline=start + context.trial_seconds,
        ),
        teachers=appraiser.teachers(candidate),
    )
    trained_at = time.monotonic()

    model = convert(trained, candidate.compression, prepared.train.features)
    converted_at = time.monotonic()

    float32 = _score(predict_float(trained, prepared.validation.features), prepared.validation, labels)
    converted = _score(predict_converted(model, prepared.validation.features), prepared.validation, labels)
    evaluated_at = time.monotonic()

    result = TrainingResult(
        curve=_curve(trained),
        best_epoch=trained.best_epoch - 1,
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
    )
    return Product(result, model)


class TrialJob:
    """What the workers of a study do, as `tuner.execution` asks for it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def key(self, task: TrialTask) -> str:
        """Trials of one window and preprocessing share their features."""
        return features_key(self._context, task.candidate)

    def prepare(self, task: TrialTask) -> Prepared:
        """Make or fetch the features."""
        self._load_blocks()
        return prepare(self._context, task)

    def work(self, task: TrialTask, prepared: Prepared) -> Product:
        """Run the trial."""
        self._load_blocks()
        return run(self._context, task, prepared)

    def _load_blocks(self) -> None:
        for file in self._context.blocks:
            file.load()


def _score(probabilities: Float32, examples: Examples, labels: tuple[str, ...]) -> ClassificationScore:
    return classification_score(probabilities, examples.truth, labels)


def _curve(trained: Trained) -> tuple[Epoch, ...]:
    return tuple(Epoch(epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy) for epoch in trained.history)
