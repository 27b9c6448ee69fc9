"""What is kept of a trial and of a study: facts only; states, fronts and counts are derived from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import mean, stdev
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from tuner.candidate import Candidate, Scalar
from tuner.estimate import DeviceCost
from tuner.metrics import Score

RESOURCES = ("ram", "flash", "latency")
"""The resources a budget limits, in the order they are shown."""


class State(StrEnum):
    """Where a trial stands; follows from what was recorded."""

    PENDING = "pending"
    """Sampled and handed to a worker; nothing came back yet."""
    REJECTED = "rejected"
    """Fits no device, or cannot be built; never trained."""
    TRAINED = "trained"
    FAILED = "failed"
    """A stage of the trial failed; its reason says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate fits a device's budget."""

    device: str
    excess: Mapping[str, float]
    """Per resource: need / limit − 1; at most 0 where it fits. "operators" appears, with the number of operators
    the runtime lacks, only if there are any."""
    reasons: tuple[str, ...]
    """A sentence per resource that does not fit: need, limit and excess."""

    @property
    def fits(self) -> bool:
        """Nothing exceeds the budget."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a candidate needs on every device of the study, and whether that fits."""

    costs: tuple[DeviceCost, ...]
    verdicts: tuple[Verdict, ...]
    """One per cost, in the same order."""

    @property
    def fits_any(self) -> bool:
        """At least one device can run it."""
        return any(verdict.fits for verdict in self.verdicts)

    def cost(self, device: str) -> DeviceCost:
        """Return the cost on one device of the study."""
        return next(cost for cost in self.costs if cost.device == device)

    def verdict(self, device: str) -> Verdict:
        """Return the verdict for one device of the study."""
        return next(verdict for verdict in self.verdicts if verdict.device == device)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of training."""

    loss: float
    measure: Annotated[float, Field(validation_alias=AliasChoices("measure", "accuracy"))]
    """On the training examples, by what the task names as its measure: accuracy, mean absolute error, …"""
    val_loss: float
    val_measure: Annotated[float, Field(validation_alias=AliasChoices("val_measure", "val_accuracy"))]
    """On the validation examples. Records from before there were tasks call both accuracy."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """The converted model: its bytes are kept beside the record for the front and the best few."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """The weights as the converted model stores them: densely, so that zeros and equal weights take as many bytes."""

    zeros: float
    """Share of the weights, biases left out."""
    values: int
    """The most different values that a kernel has."""
    deflated_bytes: int
    """What the model takes inside a compressed firmware image (deflate); on the device it is as large as ever."""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Layers that a setting of the compression does not reach, by setting."""


@dataclass(frozen=True, slots=True)
class AnomalyBlock:
    """What an anomaly block has learned of normal windows; see `tuner.anomaly`."""

    type: Literal["kmeans", "gmm"]
    values: int
    """Features it reads."""
    tables: Mapping[str, tuple[float, ...]]
    """"centers", and of a mixture "scales" (both clusters × values) and "constants" (per cluster)."""
    threshold: float
    """A window with a greater score is an anomaly."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What training, conversion and evaluation of a candidate gave."""

    curve: tuple[Epoch, ...]
    best_epoch: int
    """Index into `curve` of the epoch whose weights were kept."""
    float32: Score
    """The trained network on the validation split."""
    converted: Score
    """The bytes a device runs, on the validation split, through the runtime's own arithmetic."""
    inspected: Appraisal
    """The second estimate, from the converted bytes."""
    feature_mean: tuple[float, ...]
    feature_deviation: tuple[float, ...]
    """Standardisation of the features: (feature − mean) / deviation, by feature or by column."""
    artifact: Artifact
    seconds: Mapping[str, float]
    """Wall time by stage: "train", "convert", "evaluate"."""
    stored: StoredWeights | None = None
    """`None` in records of before there was such a figure."""
    weights: str = ""
    """SHA-256 of the file whose weights the first layers began with; empty if all were learned here."""
    fitted: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What was taken from the training split beside the weights: mean and deviation of a regression's targets, the
    threshold of a study of anomalies, a learning rate that was to be found."""
    anomaly: AnomalyBlock | None = None
    """The block beside the network, if the candidate has one."""


@dataclass(frozen=True, slots=True)
class Run:
    """A further training of a trial's candidate, with another seed or on another fold."""

    index: int
    """Counted from 1; the trial's own training is run 0."""
    seed: int
    fold: int
    """Counted from 0, the fold of run 0."""
    converted: Score | None
    """As `TrainingResult.converted`, on the validation split of the fold; `None` if the run failed."""
    reason: str = ""
    """Why it failed."""
    worker_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rung:
    """A stop on the way of a training that is done in parts."""

    epochs: int
    """Trained so far, or meant to be if the part failed."""
    error: float | None
    """1 − the quality of the bytes converted at this point; `None` if the part failed."""
    expected: float | None
    """The error expected at the end of the training, by the course so far."""
    ended: bool
    """Going on would change nothing: the training stopped by itself, or is done."""
    reason: str = ""
    """Why the part failed."""
    worker_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """The record of one trial."""

    number: int
    parameters: Mapping[str, Scalar]
    """What the search space asked for and got, by name."""
    candidate: Candidate
    seed: int
    predicted: Appraisal | None
    """The first estimate, before training; `None` if the candidate cannot be built."""
    features: Mapping[str, float]
    """Figures of the network: "macs", "parameters", "operators", "inputs"."""
    training: TrainingResult | None = None
    test: Score | None = None
    """The converted bytes on the locked test split; only for members of a front, computed once, at the end."""
    reason: str = ""
    """Why it was rejected or failed."""
    stage: str = ""
    """The stage that failed: "build", "train", "convert", "evaluate", "time" (out of it) or "worker"."""
    attempts: int = 0
    """How often it was handed to a worker; more than one if a worker was lost."""
    worker_s: float = 0.0
    """Seconds for which it kept a worker busy."""
    runs: tuple[Run, ...] = ()
    """Further trainings; only for members of a front, at the end, if the study asks for them."""
    unseen: tuple[int, ...] | None = None
    """Earlier trials that counted as pending when this one was chosen: with the results of all others, the choice can
    be made again. `None` in records of versions that did not keep it."""
    rungs: tuple[Rung, ...] = ()
    """The parts of its training, if it was done in parts; `training` holds the result after the last that worked."""
    climbed: tuple[tuple[int, int], ...] = ()
    """Earlier trials that had more than one rung behind them when this one was chosen, each with how many."""

    @property
    def state(self) -> State:
        """Where the trial stands."""
        if self.training is not None:
            return State.TRAINED
        if self.stage:
            return State.FAILED
        if self.predicted is None or not self.predicted.fits_any:
            return State.REJECTED
        return State.PENDING

    @property
    def appraisal(self) -> Appraisal | None:
        """The best known appraisal: of the converted bytes if there are any, else the predicted one."""
        return self.training.inspected if self.training is not None else self.predicted

    @property
    def score(self) -> float | None:
        """Quality of the converted bytes on the validation split, at most 1, mean of all runs; `None` until trained."""
        return mean(self.scores) if self.training is not None else None

    @property
    def first_score(self) -> float | None:
        """The quality of the first run, whose model is exported; `None` unless trained."""
        return self.scores[0] if self.scores else None

    @property
    def scores(self) -> tuple[float, ...]:
        """The qualities of all runs that came to their end, the trial's own first."""
        if self.training is None:
            return ()
        further = (run.converted.quality for run in self.runs if run.converted is not None)
        return (self.training.converted.quality, *further)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the quality from run to run; `None` with fewer than two."""
        return stdev(self.scores) if len(self.scores) > 1 else None

    def fits(self, device: str) -> bool:
        """Whether it runs on that device within the budget, by the best known appraisal."""
        return self.appraisal is not None and self.appraisal.verdict(device).fits


@dataclass(frozen=True, slots=True)
class Counts:
    """Trials by state."""

    sampled: int
    pending: int
    rejected: int
    trained: int
    failed: int

    @classmethod
    def of(cls, trials: tuple[Trial, ...]) -> Counts:
        """Count trials by state."""
        states = [trial.state for trial in trials]
        return cls(len(states), *(states.count(state) for state in State))


@dataclass(frozen=True, slots=True)
class Survey:
    """Candidates the sampler costed on its way to its proposals, most of which never became trials."""

    costed: int = 0
    unfit: int = 0
    """Fit no device."""
    unbuildable: int = 0
    """Window, preprocessing and architecture do not go together."""
    exceeded: Mapping[str, int] = field(default_factory=dict)
    """How many exceed a budget, by "device/resource"."""

    def __add__(self, other: Survey) -> Survey:
        exceeded = Counter(self.exceeded) + Counter(other.exceeded)
        return Survey(
            self.costed + other.costed,
            self.unfit + other.unfit,
            self.unbuildable + other.unbuildable,
            dict(exceeded),
        )


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """The data set as the study saw it."""

    name: str
    path: str
    fingerprint: str
    labels: tuple[str, ...]
    axes: tuple[str, ...]
    frequency_hz: float
    split: Mapping[str, Mapping[str, int]]
    """Recordings per label, for "train", "validation" and "test"; those without one count under ""."""
    split_rule: str
    recordings: Mapping[str, int] = field(default_factory=dict)
    """In each split; a recording may count under several labels. Empty in records from before there were such."""


@dataclass(frozen=True, slots=True)
class BudgetSummary:
    """What a device may spend on the model."""

    device: str
    title: str
    ram_bytes: int
    flash_bytes: int
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class StudySummary:
    """All that a report needs to know of a study beside its trials."""

    name: str
    task: str
    dataset: DatasetSummary
    search_space: str
    space_size: int | None
    """Number of configurations; `None` if it has continuous parameters."""
    budgets: tuple[BudgetSummary, ...]
    objectives: tuple[str, ...]
    sampler: str
    seed: int
    workers: int
    elapsed_s: float
    stopped: str
    """Why the search ended, as a sentence; empty while it has not."""
    environment: Mapping[str, str]
    """Versions of the packages that shape results, Python, platform and cores."""
    survey: Survey = field(default_factory=Survey)
    """What the sampler looked at, in all sessions that came to their end."""
    space_reason: str = ""
    """Why this space, as a sentence; empty if it was asked for."""
    metric: str = "accuracy"
    """What `Trial.score` is, in prose; the task's quality."""
