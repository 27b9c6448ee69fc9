"""Multi-label classification: each window has any number of the labels, or none."""

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
from tuner.metrics import MultiLabelScore, multi_label_score
from tuner.models.network import Output
from tuner.record import DatasetSummary
from tuner.tasks.task import Fitted, Reading, Truth


class MultiLabel:
    """Truth: N × labels of 0 and 1. Output: a probability per label, each by itself."""

    name: ClassVar[str] = "multi-label"
    metric: ClassVar[str] = "macro F1"
    measure: ClassVar[str] = "share of right labels"
    losses: ClassVar[tuple[str, ...]] = ("binary_cross_entropy", "binary_focal")
    has_classes: ClassVar[bool] = True

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Ask for sets of labels, each label in every split."""
        if dataset.task != self.name:
            raise DataError(
                f"{dataset.root}: its labels make a {dataset.task}, not a multi-label classification",
                hint="say what stands between several labels with label_separator in dataset.yaml",
            )
        for part in ("train", "validation", "test"):
            present = {label for recording in dataset.select(getattr(splits, part)) for label in recording.classes}
            if absent := sorted(set(dataset.labels) - present):
                raise DataError(
                    f"{dataset.root}: the {part} split has no recording with {', '.join(absent)}",
                    hint="give more recordings, or a larger share of the data to that split",
                )

    def output(self, labels: int) -> Output:
        """Return a sigmoid per label."""
        return Output(labels, "sigmoid")

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],
        preprocessing: tuple[Block, ...],  # noqa: ARG002 (it holds of the window whatever becomes of it)
    ) -> Truth:
        """Return 1 for the labels of each window's recording."""
        there = np.array([[label in recording.classes for label in labels] for recording in recordings], np.uint8)
        return there[windows.recordings]

    def fit(self, truth: Truth) -> Fitted:  # noqa: ARG002 (there is nothing to fit)
        """Return nothing."""
        return {}

    def targets(self, truth: Truth, reading: Reading) -> Truth:  # noqa: ARG002 (it is what the loss takes)
        """Return the labels as they are."""
        return truth

    def measured(self, measure: float, fitted: Fitted) -> float:  # noqa: ARG002 (a share has no unit)
        """Return the share of right labels."""
        return measure

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:  # noqa: ARG002 (each label is a yes or no)
        """Return that of an accuracy of two classes."""
        return Yardstick.of_classes(2)

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> MultiLabelScore:
        """Take the labels of at least even odds for the answer."""
        return multi_label_score(outputs, truth, reading.labels)

    def chance(self, dataset: DatasetSummary) -> float:
        """Return the macro F1 of always naming every label."""
        shares = [
            dataset.split["validation"].get(label, 0) / dataset.recordings["validation"] for label in dataset.labels
        ]
        return sum(2 * share / (1 + share) for share in shares) / len(shares)
