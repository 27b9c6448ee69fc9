"""Regression: each window has a number.

The network learns standardised numbers and answers in them; `TrainingResult.fitted` tells how to get back. Putting the
scale into the last layer instead would spend the int8 output on the way from zero to the least target, for its range
must hold zero: of a power plant's 420 to 496 MW, a step would be 1.9 MW.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tuner.candidate import Block
from tuner.data.dataset import Dataset, Recording
from tuner.data.splits import Splits
from tuner.data.windows import Windows
from tuner.dsp.block import Float32
from tuner.errors import DataError
from tuner.learning_curve import Yardstick
from tuner.metrics import RegressionScore, regression_score
from tuner.models.network import Output
from tuner.record import DatasetSummary
from tuner.tasks.task import Fitted, Reading, Truth


class Regression:
    """Truth: N numbers, in their own unit. Output: one number, standardised by the training split."""

    name: ClassVar[str] = "regression"
    metric: ClassVar[str] = "R²"
    measure: ClassVar[str] = "MAE"
    losses: ClassVar[tuple[str, ...]] = ("mse", "mae", "huber")
    has_classes: ClassVar[bool] = False

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Ask for numbers that differ."""
        if dataset.task != "regression":
            raise DataError(
                f"{dataset.root}: its labels make a {dataset.task}, not a regression",
                hint="name the numbers with target_column or target_pattern in dataset.yaml",
            )
        for part in ("train", "validation", "test"):
            numbers = {recording.target for recording in dataset.select(getattr(splits, part))}
            if len(numbers) < 2:
                raise DataError(
                    f"{dataset.root}: all recordings of the {part} split have the target {next(iter(numbers), None)}",
                    hint="a regression needs targets that differ, in every split",
                )

    def output(self, labels: int) -> Output:  # noqa: ARG002 (a number has no labels)
        """Return one plain value."""
        return Output(1, "linear")

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],  # noqa: ARG002
        preprocessing: tuple[Block, ...],  # noqa: ARG002 (it holds of the window whatever becomes of it)
    ) -> Truth:
        """Return the number of each window's recording."""
        return np.array([recording.target for recording in recordings], np.float32)[windows.recordings]

    def fit(self, truth: Truth) -> Fitted:
        """Return mean and standard deviation."""
        return {"target_mean": (float(truth.mean()),), "target_deviation": (float(truth.std()) or 1.0,)}

    def targets(self, truth: Truth, reading: Reading) -> Truth:
        """Return the numbers standardised, N × 1."""
        mean, deviation = _scale(reading.fitted)
        standardized: Truth = ((truth - mean) / deviation).astype(np.float32)[:, np.newaxis]
        return standardized

    def measured(self, measure: float, fitted: Fitted) -> float:
        """Return the mean absolute error in the targets' unit."""
        return measure * _scale(fitted)[1]

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:  # noqa: ARG002 (a number has no labels)
        """Return that of an absolute error: always answering the mean is off by about 0.8 standard deviations."""
        guessing = 0.8 * _scale(fitted)[1]
        return Yardstick(guessing, perfect=0.0, span=guessing, text="off by {:.3g}")

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> RegressionScore:
        """Bring the answers back to the targets' unit and compare."""
        mean, deviation = _scale(reading.fitted)
        return regression_score(mean + deviation * outputs.astype(np.float64), truth)

    def chance(self, dataset: DatasetSummary) -> float:  # noqa: ARG002 (the mean explains nothing, whatever the data)
        """Return 0, the R² of always answering the mean."""
        return 0.0


def _scale(fitted: Fitted) -> tuple[float, float]:
    return fitted["target_mean"][0], fitted["target_deviation"][0]
