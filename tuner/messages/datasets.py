"""Data sets the server knows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tuner.messages.base import Message, Name

Options = Annotated[
    dict[str, Any],
    Field(description="What `dataset.yaml` would say: `frequency`, `label_pattern`, `group_pattern`, …"),
]


class DatasetRegistration(Message):
    """Data that lies on the server's disk, below one of its data roots."""

    name: Name
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    """A file or folder; relative paths start at the first data root."""
    options: Options = Field(default_factory=dict)


class DatasetEntry(Message):
    """One data set by name."""

    name: Name
    path: str
    """Where it lies on the server."""
    options: Options
    source: Literal["registered", "uploaded"]
    added_at: float
    """Seconds since 1970."""


class AxisFigures(Message):
    """One axis of the data over all recordings."""

    name: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    clipped: float
    """Share of samples that stay at an extreme."""


class ClassFigures(Message):
    """How much there is of one class."""

    label: str
    recordings: int
    seconds: float
    boxes: int
    groups: int
    splits: dict[str, int]
    """Recordings in each split that the data set gives."""


class DatasetProblem(Message):
    """A file that cannot be used."""

    path: str
    found: str
    hint: str


class DatasetInspection(Message):
    """What a data set holds, and what in it may mislead a study; as `tuner datasets inspect` tells."""

    name: str
    reader: str
    task: str
    fingerprint: str
    recordings: int
    seconds: float | None
    """Duration of all recordings; null for images."""
    image_size: tuple[int, int] | None
    """Height and width of most images; null for series."""
    frequency_hz: float
    axes: tuple[AxisFigures, ...]
    classes: tuple[ClassFigures, ...]
    durations_s: tuple[float, float, float]
    """Shortest, median and longest recording."""
    duplicates: tuple[tuple[str, ...], ...]
    """Ids of recordings with the same content; at most a hundred groups."""
    remarks: tuple[str, ...]
    """What to look at before a study is run."""
    problems: tuple[DatasetProblem, ...]
    """Files that cannot be used; at most a hundred."""
    windows: dict[str, tuple[dict[str, Any], ...]]
    """Proposed windows for "event" and "continuous" data."""
