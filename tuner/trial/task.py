"""What goes to a worker and what comes back: values that pickle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tuner.candidate import Candidate
from tuner.data.dataset import Dataset
from tuner.devices.budget import Budget
from tuner.devices.profile import DeviceProfile
from tuner.dsp.custom import BlockFile
from tuner.models.own import ModelFile
from tuner.record import TrainingResult
from tuner.tasks import Task


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a candidate's training."""

    until: int
    """Epoch after which to pause."""
    after: int = 0
    """Epochs trained before."""
    weights: bytes = b""
    """What they left, as `Product.weights`."""


@dataclass(frozen=True, slots=True)
class TrialTask:
    """One candidate to train."""

    number: int
    candidate: Candidate
    seed: int
    run: int = 0
    """Counts the trainings of one candidate."""
    fold: int = 0
    leg: Leg | None = None
    """`None` trains to the end at once."""


@dataclass(frozen=True, slots=True)
class Product:
    """A trained candidate: what is recorded of it, and the bytes a device runs."""

    result: TrainingResult
    model: bytes
    weights: bytes = b""
    """The trained network's, to go on from; only of a leg."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device and what the model may use on it."""

    profile: DeviceProfile
    budget: Budget


@dataclass(frozen=True, slots=True)
class Context:
    """What all trials of a study share; small, for workers open the data themselves."""

    dataset: Dataset
    task: Task
    train: tuple[str, ...]
    """Recordings to train on."""
    validation: tuple[str, ...]
    """Recordings to validate on."""
    targets: tuple[Target, ...]
    blocks: tuple[BlockFile, ...]
    """The user's own preprocessing blocks; every process that meets them loads them."""
    trial_seconds: float
    cache: Path
    """Folder of the feature cache."""
    models: tuple[ModelFile, ...] = ()
    """The user's own models and weights; every process that meets them makes them known."""
    folds: tuple[tuple[str, ...], ...] = ()
    """In a cross-validation, the recordings that validate in each fold."""
    courses: Path | None = None
    """Folder in which workers note the epochs of trials that run; `None` notes nothing."""

    def on_fold(self, fold: int) -> Context:
        """Return the context in which that fold validates and the others train."""
        if not self.folds:
            return self
        train = sorted(recording for index, part in enumerate(self.folds) if index != fold for recording in part)
        return replace(self, train=tuple(train), validation=self.folds[fold])
