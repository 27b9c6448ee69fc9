"""What a folder's `dataset.yaml`, or the options of `open_dataset`, say about a data set that its files do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from tuner.config import read_mapping, validated
from tuner.units import Hertz, Seconds

FILE_NAME = "dataset.yaml"


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

    reader: str | None = None
    """The format, if looking at the files is not enough."""
    name: str | None = None
    task: Literal["classification", "regression", "detection"] | None = None
    source: str = ""
    """Where the data come from, for the record."""
    licence: str = ""
    """For the record."""

    frequency: Hertz | None = None
    """Samples a second. A file that states another rate is a problem."""
    resample: bool = False
    """Recordings may differ in rate; they are resampled to `frequency`, else to the rate of most."""
    segment: Seconds | None = None
    """Longer recordings are taken as consecutive pieces of this duration, so that they can be split by time."""

    axes: tuple[str, ...] | None = None
    """Names of the value columns: which to read, or what to call those of a file without names."""
    label_pattern: Pattern | None = None
    label_column: str | None = None
    target_pattern: Pattern | None = None
    """Like `label_pattern`, for the number of a regression."""
    target_column: str | None = None
    group_pattern: Pattern | None = None
    group_column: str | None = None
    id_column: str | None = None
    """A table with several recordings: rows with the same value are one recording."""
    time_column: str | None = None
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    rows: Literal["samples", "recordings"] = "samples"
    """Whether a row of a table is one sample of a recording, or a recording by itself."""
    validation_pattern: Pattern | None = None
    """Files whose path it matches are the validation split."""
    test_pattern: Pattern | None = None
    """Files whose path it matches are the test split."""


def describe(folder: Path, options: Mapping[str, Any]) -> Description:
    """Read the folder's `dataset.yaml`, if there is one, with `options` in place of what it says.

    Raises:
        ConfigError: a key is unknown or a value is wrong.
    """
    path = folder / FILE_NAME
    written = read_mapping(path) if path.is_file() else {}
    source = str(path) if written else "options of the data set"
    return validated(Description, {**written, **options}, source=source)
