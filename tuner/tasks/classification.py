"""Classification: each window belongs to one of the classes."""

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
from tuner.metrics import ClassificationScore, classification_score
from tuner.models.network import Output
from tuner.record import DatasetSummary
from tuner.tasks.task import Fitted, Reading, Truth


class Classification:
    """Truth: N class indices. Output: a probability per class."""

    name: ClassVar[str] = "classification"
    metric: ClassVar[str] = "accuracy"
    measure: ClassVar[str] = "accuracy"
    losses: ClassVar[tuple[str, ...]] = ("cross_entropy", "focal")
    has_classes: ClassVar[bool] = True

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Ask for two classes, each present in every split."""
        if dataset.task != "classification":
            raise DataError(
                f"{dataset.root}: its labels make a {dataset.task}, not a classification",
                hint="leave `task` out of the study file: it follows from the data",
            )
        if len(dataset.labels) < 2:
            found = f"{len(dataset.labels)} classes ({', '.join(dataset.labels)})"
            raise DataError(
                f"{dataset.root}: has {found}, a classifier needs two",
                hint="see how the labels are read with `tuner datasets inspect`",
            )
        for part in ("train", "validation", "test"):
            present = {recording.label for recording in dataset.select(getattr(splits, part))}
            if absent := sorted(set(dataset.labels) - present):
                raise DataError(
                    f"{dataset.root}: the {part} split has no recording of {', '.join(absent)}",
                    hint="give more recordings, a larger share of the data to that split, or another "
                    "`dataset.split.by`",
                )

    def output(self, labels: int) -> Output:
        """Return a softmax over the classes."""
        return Output(labels, "softmax")

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],
        preprocessing: tuple[Block, ...],  # noqa: ARG002 (it holds of the window whatever becomes of it)
    ) -> Truth:
        """Return the index of the class of each window's recording."""
        numbers = {label: number for number, label in enumerate(labels)}
        return np.array([numbers[recording.label] for recording in recordings], np.int64)[windows.recordings]

    def fit(self, truth: Truth) -> Fitted:  # noqa: ARG002 (there is nothing to fit)
        """Return nothing."""
        return {}

    def targets(self, truth: Truth, reading: Reading) -> Truth:  # noqa: ARG002 (indices are what the loss takes)
        """Return the class indices."""
        return truth

    def measured(self, measure: float, fitted: Fitted) -> float:  # noqa: ARG002 (accuracy has no unit)
        """Return the accuracy."""
        return measure

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:  # noqa: ARG002 (accuracy has no unit)
        """Return that of an accuracy."""
        return Yardstick.of_classes(labels)

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> ClassificationScore:
        """Take the most probable class for the answer."""
        return classification_score(outputs, truth, reading.labels)

    def chance(self, dataset: DatasetSummary) -> float:
        """Return the share of the most frequent class."""
        counts = dataset.split["validation"].values()
        return max(counts) / sum(counts)
