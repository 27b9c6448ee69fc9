"""Anomaly detection: some windows are unlike the normal ones, which alone are learned.

What is scored are not a network's outputs but how strange each window is: the score of the candidate's anomaly block,
or else how far an autoencoder's answer is from the window's features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Block
from tuner.data.dataset import Dataset, Recording
from tuner.data.description import NORMAL
from tuner.data.splits import Splits
from tuner.data.windows import Windows
from tuner.dsp.block import Float32
from tuner.errors import DataError
from tuner.learning_curve import Yardstick
from tuner.metrics import AnomalyScore, anomaly_score
from tuner.models.network import AS_MANY_AS_FEATURES, Output
from tuner.record import DatasetSummary
from tuner.tasks.task import Fitted, Reading, Truth

_GUESSING = 0.8
"""How far off always answering the mean is, of standardised features."""

_PASSING = 0.99
"""Share of the normal training windows that an autoencoder's threshold lets pass."""


class Anomaly:
    """Truth: N times 0 or 1, the latter for an anomaly. Output: the features again, as the network knows them."""

    name: ClassVar[str] = "anomaly"
    metric: ClassVar[str] = "AUC"
    measure: ClassVar[str] = "MAE"
    losses: ClassVar[tuple[str, ...]] = ("mse", "mae", "huber")
    has_classes: ClassVar[bool] = False

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Ask for normal recordings in every split, and anomalies to score by."""
        if NORMAL not in dataset.labels or len(dataset.labels) < 2:
            raise DataError(
                f"{dataset.root}: its classes are {', '.join(dataset.labels) or 'none'}, one of them should be "
                f"'{NORMAL}' and others anomalies",
                hint="name the classes that are normal with 'normal: [...]' in dataset.yaml",
            )
        for part in ("train", "validation", "test"):
            present = {recording.label for recording in dataset.select(getattr(splits, part))}
            if NORMAL not in present or (part != "train" and present == {NORMAL}):
                what = "normal recording" if NORMAL not in present else "anomaly"
                raise DataError(
                    f"{dataset.root}: the {part} split has no {what}", hint="give more recordings, or a larger share"
                )

    def output(self, labels: int) -> Output:  # noqa: ARG002 (what counts are the features)
        """Return as many plain values as there are features."""
        return Output(AS_MANY_AS_FEATURES, "linear")

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],  # noqa: ARG002
        preprocessing: tuple[Block, ...],  # noqa: ARG002 (it holds of the window whatever becomes of it)
    ) -> Truth:
        """Return 1 for each window of a recording that is not normal."""
        return np.array([recording.label != NORMAL for recording in recordings], np.int64)[windows.recordings]

    def fit(self, truth: Truth) -> Fitted:  # noqa: ARG002 (there is nothing to fit)
        """Return nothing; the threshold comes later."""
        return {}

    def targets(self, truth: Truth, reading: Reading) -> Truth:  # noqa: ARG002 (nothing else is learned)
        """Return the features, N × values."""
        assert reading.features is not None
        return reading.features.reshape(len(reading.features), -1)

    def measured(self, measure: float, fitted: Fitted) -> float:  # noqa: ARG002 (features are standardised)
        """Return the mean absolute error in standard deviations."""
        return measure

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:  # noqa: ARG002
        """Return that of an absolute error of standardised values."""
        return Yardstick(_GUESSING, perfect=0.0, span=_GUESSING, text="off by {:.3g}")

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> AnomalyScore:
        """Compare how strange each window is (N numbers) with whether it is an anomaly."""
        return anomaly_score(outputs, truth, reading.fitted["threshold"][0])

    def chance(self, dataset: DatasetSummary) -> float:  # noqa: ARG002 (whatever the data)
        """Return the AUC of answers in no order."""
        return 0.5


def reconstruction_errors(outputs: Float32, features: Float32) -> NDArray[np.float64]:
    """Return how far an autoencoder's answers, N × values, are from the features: the mean squared difference."""
    rows = features.reshape(len(features), -1)
    errors: NDArray[np.float64] = np.square(outputs.astype(np.float64) - rows).mean(axis=1)
    return errors


def passing_threshold(errors: NDArray[np.float64]) -> float:
    """Return the threshold for an autoencoder from the errors on its training windows."""
    return float(np.quantile(errors, _PASSING))
