"""Device profiles."""

from __future__ import annotations

from typing import Any

from tuner.messages.base import Message, Name
from tuner.messages.validation import TextProblem


class DeviceEntry(Message):
    """A board in one line."""

    name: Name
    title: str
    vendor: str
    mcu: str
    core: str
    clock_hz: float
    has_fpu: bool
    ram_for_model_bytes: int
    """What is free of the region where the arena lies."""
    flash_for_model_bytes: int
    runtime: str
    kernels: str
    npu: str | None
    active_power_mw: float | None
    own: bool
    """Added to this server, as opposed to shipped with Edge Tuner."""


class DeviceDetail(Message):
    """A board with every figure and its source."""

    entry: DeviceEntry
    profile: dict[str, Any]
    """As in the profile's file."""
    text: str
    """The profile in YAML, to be changed and added under another name."""


class DeviceValidation(Message):
    """The verdict on a profile somebody is editing."""

    valid: bool
    problems: tuple[TextProblem, ...]
    entry: DeviceEntry | None
    """What the profile says, if it is valid."""
