"""Studies: what to ask for, where they stand, and what they are."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from tuner.messages.base import Message, Name
from tuner.record import Counts, StudySummary


class StudyState(StrEnum):
    """Where a study stands."""

    CREATED = "created"
    """Written down; never started."""
    QUEUED = "queued"
    """Waits until a study that runs comes to its end."""
    RUNNING = "running"
    PAUSED = "paused"
    """Stopped before its limits, with nothing lost; `resume` goes on."""
    FINISHED = "finished"
    """Reached its limits; `extend` searches on."""
    CANCELLED = "cancelled"
    """Stopped for good; what was found is kept, and only `extend` searches on."""
    FAILED = "failed"
    """Cannot go on; the reason says why."""


class StudyRequest(Message):
    """A study to make."""

    study: dict[str, Any] = Field(default_factory=dict)
    """What the study file would say. `dataset.path` is the name of a data set of the server or a path below one of
    its data roots; devices and spaces are given by name, a space also as a mapping."""
    text: Annotated[str, Field(max_length=1_000_000)] | None = None
    """The study file in YAML or JSON instead of `study`."""
    start: bool = True
    """Put it into the queue at once."""


class RunLimits(Message):
    """How far to go on; what is left out stays as it was."""

    trials: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Candidates to train in all."""
    time_limit_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Working time in all, over all sessions."""
    compute_limit_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Working time of all workers together, in all."""
    target: Annotated[float, Field(ge=0, le=1)] | None = None
    """Stop once every device has a model of this quality."""
    patience: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Stop after so many trained candidates without a gain in hypervolume."""
    workers: Annotated[int, Field(ge=0, le=1024)] | None = None
    """Ray workers; 0 trains in the study's own process."""


class Extension(Message):
    """How much further to search."""

    trials: Annotated[int, Field(ge=1, le=1_000_000)]
    """Candidates to train in addition."""
    time_limit_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Working time in all, over all sessions."""
    compute_limit_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """Working time of all workers together, in all."""
    target: Annotated[float, Field(ge=0, le=1)] | None = None
    """Stop once every device has a model of this quality."""
    patience: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Stop after so many trained candidates without a gain in hypervolume."""
    workers: Annotated[int, Field(ge=0, le=1024)] | None = None


class DeviceStanding(Message):
    """How a study stands on one of its devices."""

    device: str
    title: str
    ram_bytes: int
    flash_bytes: int
    latency_ms: float | None
    """The budget."""
    fitting: int
    """Trained candidates that keep it."""
    front: int
    """Members of the Pareto front."""
    best: float | None
    """Best quality on the validation split among the converted models that fit."""
    best_trial: int | None
    hypervolume: float
    """Of the front, 0 to 1: the chance that a wish drawn at random can be fulfilled."""


class StudyEntry(Message):
    """A study in one line."""

    name: Name
    state: StudyState
    reason: str
    """Why it ended, waits or failed, as a sentence; empty while it runs."""
    version: int
    """Grows with every change of the study's record: equal versions, equal answers."""
    task: str
    metric: str
    """What `best` and `quality` are figures of, such as "accuracy"."""
    dataset: str
    search_space: str
    sampler: str
    seed: int
    workers: int
    counts: Counts
    trials_limit: int
    """Candidates to train in all."""
    time_limit_s: float | None
    elapsed_s: float
    """Working time over all sessions."""
    created_at: float
    """Seconds since 1970, as is `changed_at`."""
    changed_at: float
    queue_position: int | None
    """From 1, while it is queued."""
    devices: tuple[DeviceStanding, ...]
    sparkline: tuple[float, ...]
    """Hypervolume, mean over the devices, at up to 60 points of the study so far."""


class StudyDetail(Message):
    """A study with all that is known beside its trials."""

    entry: StudyEntry
    summary: StudySummary
    spec: dict[str, Any]
    """The study file, checked; to begin another from."""
    space: dict[str, Any]
    """The search space as it was when the study was made."""
    parameters: tuple[str, ...]
    """Names that trials have values for, by which lists can be sorted: "parameter/…"."""
    folder: str
    """Where it lies on the server."""


class StudyLog(Message):
    """What the worker of a study wrote."""

    text: str
    """The end of the log, whole lines."""
    size: int
    """Bytes of the log in all."""
    truncated: bool
    """Whether there is more before it."""
