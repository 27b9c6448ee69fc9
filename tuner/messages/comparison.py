"""Candidates side by side, also of several studies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.messages.base import Message, Name
from tuner.messages.trials import TrialDetail


class TrialRef(Message):
    """One trial of one study."""

    study: Name
    trial: Annotated[int, Field(ge=0, le=2**53)]


class ComparisonRequest(Message):
    """Which trials to put side by side."""

    trials: Annotated[tuple[TrialRef, ...], Field(min_length=1, max_length=12)]


class ComparisonRow(Message):
    """One line of the table; a cell per trial."""

    group: str
    """"scores", "settings", or a device's name."""
    name: str
    cells: tuple[str, ...]
    differs: bool


class Fit(Message):
    """Whether a candidate keeps the budget of a device."""

    device: str
    title: str
    fits: tuple[bool | None, ...]
    """A value per trial; null where the trial's study has no such device or the candidate cannot be built."""
    reasons: tuple[str, ...]
    """Per trial, what exceeds; empty where it fits."""


class Comparison(Message):
    """Trials side by side."""

    trials: tuple[TrialDetail, ...]
    rows: tuple[ComparisonRow, ...]
    devices: tuple[Fit, ...]


class FrontOfStudy(Message):
    """What one study reached on one device."""

    study: str
    device: str
    trained: int
    front: int
    alone: int
    """Members that no member of another study's front on that device beats or equals."""
    hypervolume: float
    best: float | None
    best_trial: int | None


class StudyComparison(Message):
    """Studies by what they reached on each device, as `tuner compare` tells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The table in words."""
    fronts: tuple[FrontOfStudy, ...]
