"""Scores on the locked test split: the shipped bytes, run by TensorFlow Lite Micro itself."""

from __future__ import annotations

from tuner.candidate import Candidate
from tuner.dsp.standardize import Standardizer
from tuner.metrics import Score
from tuner.record import TrainingResult
from tuner.tasks import Reading
from tuner.tflm import Tflm
from tuner.trial.answers import answers
from tuner.trial.appraise import Appraiser
from tuner.trial.prepare import features_of
from tuner.trial.task import Context


class FrontScorer:
    """Scores models on the test split; a context manager, for it holds a process that runs the interpreter."""

    def __init__(self, context: Context, recordings: tuple[str, ...]) -> None:
        self._context = context
        self._recordings = recordings
        self._tflm = Tflm()

    def __enter__(self) -> FrontScorer:
        return self

    def __exit__(self, *_: object) -> None:
        self._tflm.close()

    def score(self, candidate: Candidate, result: TrainingResult, model: bytes) -> Score:
        """Return the score of a trained candidate's model.

        Raises:
            EvaluationError: the interpreter cannot run it.
        """
        features, truth = features_of(self._context, candidate, self._recordings)
        standardizer = Standardizer(result.feature_mean, result.feature_deviation)
        context = self._context
        outputs = answers(
            context.task,
            lambda rows: self._tflm.predict(model, rows),
            result.anomaly,
            standardizer.apply(features),
        )
        network = Appraiser(context.dataset, context.task, context.targets).network(candidate)
        return context.task.score(outputs, truth, Reading(context.dataset.labels, candidate, network, result.fitted))
