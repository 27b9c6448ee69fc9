"""Choosing a model for a device."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.messages.base import Message, Name
from tuner.messages.trials import TrialRow


class SelectionRequest(Message):
    """What the model must keep; what is left out is not limited beyond the study's budget."""

    device: Name
    max_ram_bytes: Annotated[float, Field(gt=0, le=1e15)] | None = None
    max_flash_bytes: Annotated[float, Field(gt=0, le=1e15)] | None = None
    max_latency_ms: Annotated[float, Field(gt=0, le=1e12)] | None = None
    min_quality: Annotated[float, Field(ge=0, le=1)] | None = None
    """Then the cheapest model that reaches it is chosen."""
    knee: bool = False
    """The best compromise on the front instead of the best quality."""


class TradeOffPoint(Message):
    """The best quality to be had for so much of one resource, other limits kept."""

    need: float
    """Bytes or milliseconds."""
    quality: float
    trial: int


class TradeOff(Message):
    """What one resource buys, with the other limits as they are."""

    resource: str
    """"ram", "flash" or "latency"."""
    limit: float | None
    """What is asked for: the limit of the request or else the study's budget."""
    points: tuple[TradeOffPoint, ...]
    """Stairs, from the cheapest on; each is better than all before."""
    knee: int | None
    """Index of the best compromise among the points."""
    next_need: float | None
    """The least of this resource that would buy a better model than the chosen one; null if nothing would."""
    next_quality: float | None
    next_trial: int | None
    sentence: str
    """What a little more would buy, in words."""


class Selection(Message):
    """The chosen model, and what it would take to do better."""

    study: str
    device: str
    version: int
    metric: str
    chosen: TrialRow
    kept: int
    """Trained candidates that keep the limits."""
    best: tuple[TrialRow, ...]
    """The best of them, at most ten, the chosen one first."""
    trade_offs: tuple[TradeOff, ...]
