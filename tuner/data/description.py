"""What a folder's `dataset.yaml`, or the options of `open_dataset`, say about a data set that its files do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveInt

from tuner.config import read_mapping, validated
from tuner.units import Hertz, Seconds

FILE_NAME = "dataset.yaml"

NORMAL = "normal"
"""The class that is no anomaly."""


def _is_pattern(text: str) -> str:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is not a regular expression: {error}") from error
    if pattern.groups > 1:
        raise ValueError(f"'{text}' has {pattern.groups} groups in parentheses, one at most can be the value")
    return text


Pattern = Annotated[str, AfterValidator(_is_pattern)]
"""A regular expression searched in a file's path below the root; the value is its group, else all it matched."""


class Description(BaseModel):
    """All that can be said; whatever is left out is read from the files."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str | None = None
    """What reports call the data set; else the name of its folder or file."""
    source: str = ""
    """Where the data come from, for the record."""
    licence: str = ""
    """Under which terms, for the record."""
    reader: str | None = None
    """The format, if looking at the files does not tell: csv, parquet, npz, ts, audio, images, edge-impulse, coco,
    voc or yolo."""
    task: Literal["classification", "regression", "detection"] | None = None
    """What the labels are, where that is open: "regression" takes those of NPZ archives and Edge Impulse exports for
    numbers."""

    frequency: Hertz | None = None
    """Samples a second, e.g. "50 Hz". A file that states another rate is a problem."""
    resample: bool = False
    """Recordings may differ in rate; they are resampled to `frequency`, else to the rate of most."""
    segment: Seconds | None = None
    """Longer recordings are taken as consecutive pieces of this duration, so that they can be split by time."""
    axes: tuple[str, ...] | None = None
    """The value columns to read, or names for those of a file without; of images [gray] or [red, green, blue]."""

    image_size: tuple[PositiveInt, PositiveInt] | None = None
    """Height and width of the images that a device's camera takes; those of the files are scaled to it as a whole
    and cropped. Else the size of most files. The buffer for one such image is part of what a device needs."""

    label_pattern: Pattern | None = None
    """A regular expression whose group, found in a file's path, is the class."""
    label_column: str | None = None
    """The column with the class; else one called label, class or activity."""
    label_separator: str | None = None
    """What stands between labels where a recording may have several, e.g. "+"; the separator alone stands for none."""
    normal: tuple[str, ...] = ()
    """Classes that are normal, for a study of anomalies: they become one class, "normal", and the others are what is to
    stand out."""
    target_pattern: Pattern | None = None
    """Like `label_pattern`, for the number of a regression."""
    target_column: str | None = None
    """The column with the number of a regression."""
    group_pattern: Pattern | None = None
    """Like `label_pattern`, for who or what was recorded."""
    group_column: str | None = None
    """The column, or key of an Edge Impulse sample's metadata, with who or what was recorded; else a column called
    group, person, subject, user or participant."""
    validation_pattern: Pattern | None = None
    """Files whose path it matches are the validation split."""
    test_pattern: Pattern | None = None
    """Files whose path it matches are the test split."""

    id_column: str | None = None
    """Rows of a table with the same value here are one recording; else a column called id, recording or
    recording_id."""
    time_column: str | None = None
    """The column with the time of a sample; else one called time, timestamp, datetime or t."""
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    """The unit of numbers as times; a column like time_ms says it by its name."""
    rows: Literal["samples", "recordings"] = "samples"
    """Whether a row of a table is one sample of a recording, or a recording by itself."""


def describe(folder: Path, options: Mapping[str, Any]) -> Description:
    """Read the folder's `dataset.yaml`, if there is one, with `options` in place of what it says.

    Raises:
        ConfigError: a key is unknown or a value is wrong.
    """
    path = folder / FILE_NAME
    written = read_mapping(path) if path.is_file() else {}
    source = str(path) if written else "options of the data set"
    return validated(Description, {**written, **options}, source=source)
