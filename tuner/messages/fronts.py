"""Fronts per device, and how a study came to them. Long columns, for up to ten thousand trials."""

from __future__ import annotations

from typing import Literal

from tuner.messages.base import Message

Axis = Literal["quality", "ram", "flash", "latency"]
Quality = Literal["validation", "float32", "test"]
"""Of the converted model on the validation split, of the network before conversion, or on the test split."""


class Front(Message):
    """All trials with a cost on a device, as columns of equal length, and which of them are on the front.

    The study's front is that of all its objectives on the validation split. `stairs` is the front of the two axes
    and the quality asked for alone.
    """

    study: str
    version: int
    device: str
    title: str
    x: Axis
    y: Axis
    of: Quality
    metric: str
    ram_limit_bytes: int
    flash_limit_bytes: int
    latency_limit_ms: float | None
    trials: tuple[int, ...]
    """Numbers; with `infeasible`, also of those that do not fit or were never trained."""
    quality: tuple[float | None, ...]
    """The quality asked for; null where there is none."""
    ram_bytes: tuple[float, ...]
    flash_bytes: tuple[float, ...]
    latency_ms: tuple[float, ...]
    fits: tuple[bool, ...]
    on_front: tuple[bool, ...]
    compression: tuple[str, ...]
    words: tuple[str, ...]
    stairs: tuple[int, ...]
    """Numbers of the trials that no other beats in the two axes, ordered along x."""


class Course(Message):
    """How the front of one device grew."""

    device: str
    title: str
    ended: tuple[int, ...]
    """Trials that had ended, rejected ones included; only where the figure changed, and the last."""
    hypervolume: tuple[float, ...]
    """0 to 1."""


class HypervolumeHistory(Message):
    """How a study got better."""

    study: str
    version: int
    courses: tuple[Course, ...]


class ParameterImportance(Message):
    """How much a parameter tells about the quality."""

    name: str
    share: float
    """By how much the squared error of prediction rises when the parameter is shuffled, as a share of the variance."""
    deviation: float


class Importance(Message):
    """What the quality hangs on."""

    study: str
    version: int
    """The version it was computed at; it may lag behind a study that runs."""
    trials: int
    """Trained trials behind it; 0 if they are too few to tell."""
    explained: float
    """Share of the variance that the model behind it explains on trials it did not see."""
    trusted: bool
    """It explains enough to be believed."""
    parameters: tuple[ParameterImportance, ...]


class DeviceRejections(Message):
    """Candidates by what they exceed most on one device."""

    device: str
    title: str
    causes: dict[str, int]
    """"fits", "ram", "flash", "latency", "operators", "cannot be built"."""


class Reason(Message):
    """A reason and how often it was given."""

    reason: str
    count: int
    last_trial: int


class Rejections(Message):
    """What was rejected or failed, and why."""

    study: str
    version: int
    devices: tuple[DeviceRejections, ...]
    costed: int
    """Candidates the sampler costed on its way, most of which never became trials."""
    exceeded: dict[str, int]
    """How many of those exceed a budget, by "device/resource"."""
    unbuildable: tuple[Reason, ...]
    failed: tuple[Reason, ...]
