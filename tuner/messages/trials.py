"""Trials: rows of a long list, and one in full."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tuner.candidate import Scalar
from tuner.messages.base import Message
from tuner.metrics import Figure
from tuner.record import Epoch, State, Trial


class TrialOnDevice(Message):
    """What a candidate needs on a device, by the best known estimate."""

    fits: bool
    on_front: bool
    ram_bytes: float
    flash_bytes: float
    latency_ms: float
    latency_low_ms: float
    """Lower end of the interval that holds nine of ten."""
    latency_high_ms: float
    energy_mj: float | None
    parts: dict[str, dict[str, float]] = Field(default_factory=dict)
    """"ram", "flash" and "latency" by part: network, preprocessing, input, runtime. Empty unless asked for."""


class TrialRow(Message):
    """A trial in one line."""

    number: int
    state: State
    candidate_id: str
    """Equal for equal candidates, in any study."""
    words: str
    """The candidate by the kinds of its parts: "2 s → spectral → dense → int8"."""
    preprocessing: str
    architecture: str
    compression: str
    quality: float | None
    """By the study's metric, of the converted model on the validation split; higher is better, 1 is perfect."""
    spread: float | None
    """Standard deviation of the quality over repeated trainings; null with fewer than two."""
    quality_float: float | None
    """Of the network before conversion, on the validation split."""
    quality_test: float | None
    """Of the converted model on the locked test split; only for members of fronts, once the study has ended."""
    figures: dict[str, float]
    """Of the converted model on the validation split, beside the quality: "macro_f1", "mae", …"""
    model_bytes: int | None
    epochs: int | None
    best_epoch: int | None
    """From 1."""
    seconds: float | None
    """Of training, conversion and evaluation."""
    macs: float | None
    network_parameters: float | None
    stage: str
    """The stage that failed."""
    reason: str
    """Why it was rejected or failed."""
    devices: dict[str, TrialOnDevice]
    """Empty if the candidate cannot be built."""
    parameters: dict[str, Scalar]
    """What the search space asked for and got."""


class TrialPage(Message):
    """Part of a list of trials."""

    version: int
    """Of the study; see `StudyEntry`."""
    total: int
    """Trials that the filter lets through."""
    offset: int
    rows: tuple[TrialRow, ...]


class TrialDetail(Message):
    """One trial in full: appraisals, learning curve, scores with confusion matrices, costs by part."""

    study: str
    row: TrialRow
    trial: Trial
    """As it is recorded."""
    sentence: str
    """The candidate in full, in words."""
    metric: str
    """What the qualities are figures of."""
    figures: tuple[Figure, ...]
    """What is shown of the converted model's score on the validation split, the quality first."""
    diagnosis: str
    """What the learning curve says; empty unless trained."""
    so_far: tuple[Epoch, ...] = ()
    """Of a pending trial: the epochs that its worker has noted."""
    has_model: bool
    """Whether its converted model was kept, so that it can be exported."""
    settings: dict[str, str]
    """The candidate's settings by name, as they are compared."""
    candidate: dict[str, Any]
    """The candidate as JSON, as manifests hold it."""
