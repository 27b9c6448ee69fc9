"""Search spaces: which there are, what one holds, and how much of it fits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tuner.messages.base import Message, Name
from tuner.messages.validation import TextProblem


class SpaceEntry(Message):
    """A shipped space in one line."""

    name: Name
    title: str
    parameters: int
    size: int | None
    """Number of candidates; null if a range is continuous."""
    preprocessing: tuple[str, ...]
    architectures: tuple[str, ...]
    images: bool


class SpaceDetail(Message):
    """A space with all its parameters."""

    entry: SpaceEntry
    text: str
    """The file as it is shipped, to start from."""
    space: dict[str, Any]
    """The space with what it includes put in."""
    parameters: dict[str, Any]
    """By dotted name: a list of options, or minimum and maximum."""


class SpaceValidation(Message):
    """The verdict on a space somebody is editing."""

    valid: bool
    problems: tuple[TextProblem, ...]
    size: int | None
    """Number of candidates of a valid space; null if a range is continuous."""
    parameters: dict[str, Any]
    """Of a valid space, by dotted name."""


class SurveyData(Message):
    """The data that candidates would be fed."""

    axes: Annotated[int, Field(ge=1, le=4096)]
    frequency_hz: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    image: tuple[Annotated[int, Field(ge=1, le=4096)], Annotated[int, Field(ge=1, le=4096)]] | None = None
    """Height and width; null for series."""
    sample_bytes: Literal[1, 2, 4] = 4
    classes: Annotated[int, Field(ge=2, le=10_000)]


class SurveyBudget(Message):
    """What the model may use on a device; what is left out is what the board has."""

    ram_bytes: Annotated[int, Field(ge=1, le=2**53)] | None = None
    flash_bytes: Annotated[int, Field(ge=1, le=2**53)] | None = None
    latency_ms: Annotated[float, Field(gt=0, le=1e12)] | None = None


class SurveyRequest(Message):
    """Draw candidates from a space and cost each on every device, without training."""

    space: Name | None = None
    """A shipped space; else give `text`."""
    text: Annotated[str, Field(max_length=1_000_000)] | None = None
    """A space in YAML or JSON."""
    devices: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    budgets: dict[str, SurveyBudget] = Field(default_factory=dict)
    """By device."""
    dataset: Name | None = None
    """A data set of the server; else `data`, or what the space says it is made for."""
    data: SurveyData | None = None
    samples: Annotated[int, Field(ge=1, le=2000)] = 200
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class Needs(Message):
    """What one candidate needs on one device."""

    device: str
    ram_bytes: float
    flash_bytes: float
    latency_ms: float


class DeviceShare(Message):
    """How much of a space fits one device."""

    device: str
    title: str
    fitting: int
    """Candidates among those drawn that keep the budget."""
    share: float


class SpaceSurvey(Message):
    """What became of the candidates that were drawn."""

    drawn: int
    built: int
    devices: tuple[DeviceShare, ...]
    broken: dict[str, int]
    """Candidates that describe no network, by reason."""
    example: str
    """The first that could be built, in words."""
    needs: tuple[Needs, ...]
    """What that one needs."""
