"""What goes to a worker and what comes back: values that pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuner.candidate import Candidate
from tuner.data.dataset import Dataset
from tuner.devices.budget import Budget
from tuner.devices.profile import DeviceProfile
from tuner.dsp.custom import BlockFile
from tuner.record import TrainingResult
from tuner.tasks import Task


@dataclass(frozen=True, slots=True)
class TrialTask:
    """One candidate to train."""

    number: int
    candidate: Candidate
    seed: int


@dataclass(frozen=True, slots=True)
class Product:
    """A trained candidate: what is recorded of it, and the bytes a device runs."""

    result: TrainingResult
    model: bytes


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
