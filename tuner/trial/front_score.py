"""Scores on the locked test split: the shipped bytes, run by TensorFlow Lite Micro itself."""

from __future__ import annotations

from tuner.candidate import Candidate
from tuner.dsp.standardize import Standardizer
from tuner.metrics import ClassificationScore, classification_score
from tuner.record import TrainingResult
from tuner.tflm import Tflm
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

    def score(self, candidate: Candidate, result: TrainingResult, model: bytes) -> ClassificationScore:
        """Return the score of a trained candidate's model.

        Raises:
            EvaluationError: the interpreter cannot run it.
        """
        features, truth = features_of(self._context, candidate, self._recordings)
        standardizer = Standardizer(result.feature_mean, result.feature_deviation)
        probabilities = self._tflm.predict(model, standardizer.apply(features))
        return classification_score(probabilities, truth, self._context.dataset.labels)
