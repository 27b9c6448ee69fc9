"""What distinguishes one kind of problem from another; all else of a study is the same for every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Block, Candidate
from tuner.data.dataset import Dataset, Recording
from tuner.data.splits import Splits
from tuner.data.windows import Windows
from tuner.dsp.block import Float32
from tuner.learning_curve import Yardstick
from tuner.metrics import Score
from tuner.models.network import Network, Output
from tuner.record import DatasetSummary

Truth = NDArray[Any]
"""N × …, what is true of N windows."""

NOTHING = -1.0
"""What fills up the truth of a window of which less is true than of others, e.g. an image with fewer objects."""

Fitted = Mapping[str, tuple[float, ...]]
"""What a task takes from the truth of the training split, by name, e.g. the mean of a regression's targets."""


@dataclass(frozen=True, slots=True)
class Reading:
    """By what a network's outputs are read, and truth is put into their terms."""

    labels: tuple[str, ...]
    """The data set's classes, in order of their indices."""
    candidate: Candidate
    network: Network
    fitted: Fitted = field(default_factory=dict)
    features: Float32 | None = None
    """The standardised features, for a task whose targets they are."""


def joined(parts: Sequence[Truth]) -> Truth:
    """Return the truth of several batches of windows as one, filled up where one holds more than another."""
    most = max((part.shape[1] for part in parts if part.ndim > 1), default=0)

    def filled(part: Truth) -> Truth:
        if part.ndim == 1 or part.shape[1] == most:
            return part
        return np.pad(part, [(0, 0), (0, most - part.shape[1]), *[(0, 0)] * (part.ndim - 2)], constant_values=NOTHING)

    return np.concatenate([filled(part) for part in parts])


class Task(Protocol):
    """One kind of problem. Tasks have no state: what they fit is kept in the trial's record.

    Truth takes two forms: `truth` is made once per data set, window and preprocessing and shared by all trials;
    `targets` is what one network learns from it. `score` gets the former and the network's outputs.
    """

    name: ClassVar[str]
    """As study files and manifests call it."""
    metric: ClassVar[str]
    """The name of the quality in prose: "accuracy"."""
    measure: ClassVar[str]
    """The name of what is shown of each epoch of training: "accuracy", "MAE"."""
    losses: ClassVar[tuple[str, ...]]
    """The losses that fit, by name; the first is the standard one."""
    has_classes: ClassVar[bool]
    """Whether class weights mean something."""

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Refuse data of another kind, or a split that cannot be trained on or scored.

        Raises:
            DataError: the message says what was found and what is needed.
        """
        ...

    def output(self, labels: int) -> Output:
        """Return what a network must end in for so many labels."""
        ...

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],
        preprocessing: tuple[Block, ...],
    ) -> Truth:
        """Return what is true of the features of each window; `windows.recordings` are indices into `recordings`.

        Raises:
            BuildError: the preprocessing leaves open what is true of what it gives.
        """
        ...

    def fit(self, truth: Truth) -> Fitted:
        """Take from the truth of the training split what `targets` and `score` need beside the network."""
        ...

    def targets(self, truth: Truth, reading: Reading) -> Truth:
        """Return what the network is to learn, in the form its loss takes."""
        ...

    def measured(self, measure: float, fitted: Fitted) -> float:
        """Return the measure of an epoch in the unit of the truth."""
        ...

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:
        """Return what the measure of an epoch means, for so many labels."""
        ...

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> Score:
        """Score what a network, trained or converted, made of windows."""
        ...

    def chance(self, dataset: DatasetSummary) -> float:
        """Return the quality on the validation split of the best answer that does not look at the data."""
        ...
