"""Tables, whatever file they came from: which columns are values, and which say what the values are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Float32
from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, Part
from tuner.data.timing import rate_of_times
from tuner.errors import nearest

if TYPE_CHECKING:
    import pandas as pd

_LABELS = ("label", "class", "activity")
_GROUPS = ("group", "person", "subject", "user", "participant")
_IDS = ("id", "recording", "recording_id")
_TIME = re.compile(r"(?:(?i:time|timestamp|datetime)|t)(?:[_ (\[]*(?P<unit>s|sec|seconds|ms|us|µs|ns)[)\]]?)?")
"""A capital T is as often a temperature."""

_UNITS = {"sec": "s", "seconds": "s", "µs": "us"}


@dataclass(frozen=True, slots=True)
class _Columns:
    """The part each column plays."""

    axes: tuple[str, ...]
    label: str | None
    target: str | None
    group: str | None
    id: str | None
    time: str | None
    time_unit: str | None


def parse_table(frame: pd.DataFrame, description: Description, *, row_name: str, first_row: int) -> Parsed:
    """Take a table apart into recordings.

    Args:
        frame: the table.
        description: what the columns are, if their names do not tell.
        row_name: what a message calls a row.
        first_row: the number of the first row, for messages.

    Raises:
        BadFileError: a column is missing, or nothing in the table can be used.
    """
    if not len(frame):
        raise BadFileError("has no rows")
    columns = _columns(frame, description)
    values = _values(frame, columns, row_name, first_row)
    if description.rows == "recordings":
        parts = _row_parts(frame, columns, values, description.frequency or 1.0)
    elif columns.id is not None:
        parts = _id_parts(frame, columns, values)
    elif columns.label is not None:
        parts = _label_parts(frame, columns, values)
    else:
        parts = iter([_part(frame, columns, values, np.arange(len(frame)), key="")])
    good: list[Part] = []
    bad: list[BadFileError] = []
    for part in parts:
        (bad if isinstance(part, BadFileError) else good).append(part)  # type: ignore[arg-type]
    return Parsed(columns.axes, tuple(good), tuple(bad))


def _columns(frame: pd.DataFrame, description: Description) -> _Columns:
    names = [str(name) for name in frame.columns]
    label = _column(names, description.label_column, _LABELS)
    identity = _column(names, description.id_column, _IDS)
    if identity is not None and description.id_column is None and len(frame) > 1 and frame[identity].is_unique:
        raise BadFileError(
            f"has a column '{identity}' that is different in every row",
            "if rows are numbered, name the columns of values: 'axes: [x, y, z]'; if each row is a recording, write "
            f"'rows: recordings'; else 'id_column: {identity}'",
        )
    time = _column(names, description.time_column, ())
    if time is None:
        time = next((name for name in names if _TIME.fullmatch(name.strip())), None)
    group = _column(names, description.group_column, _GROUPS)
    target = _column(names, description.target_column, ())
    told = {label, identity, time, group, target}
    if description.axes is None:
        axes = tuple(name for name in names if name not in told)
    else:
        for name in description.axes:
            _column(names, name, ())
        axes = description.axes
    if not axes:
        raise BadFileError("has no column of values", f"its columns: {', '.join(names)}")
    unit: str | None = description.time_unit
    if time is not None and unit is None:
        match = _TIME.fullmatch(time.strip())
        unit = match["unit"] if match is not None and match["unit"] else None
    return _Columns(axes, label, target, group, identity, time, _UNITS.get(unit or "", unit))


def _column(names: list[str], asked: str | None, usual: tuple[str, ...]) -> str | None:
    if asked is None:
        return next((name for name in names if name.lower() in usual), None)
    if asked not in names:
        raise BadFileError(f"has no column '{asked}'", nearest(asked, names))
    return asked


def _values(frame: pd.DataFrame, columns: _Columns, row_name: str, first_row: int) -> Float32:
    """Rows × axes. Rows with a missing value are kept as NaN: only the recording they belong to is bad."""
    kinds = dict(zip(frame.columns, (dtype.kind for dtype in frame.dtypes), strict=True))
    for name in columns.axes:
        for row, cell in enumerate(() if kinds[name] in "fiub" else frame[name].tolist()):
            if not _is_number(cell):
                raise BadFileError(f"{row_name} {row + first_row}: {name} is '{cell}', expected a number")
    chosen = frame if columns.axes == tuple(frame.columns) else frame[list(columns.axes)]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(chosen.to_numpy(dtype=np.float64), dtype=np.float32)


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _row_parts(
    frame: pd.DataFrame, columns: _Columns, values: Float32, frequency_hz: float
) -> Iterator[Part | BadFileError]:
    for row in range(len(frame)):
        yield _part(frame, columns, values, np.array([row]), key=f"{row:07d}", frequency_hz=frequency_hz)


def _id_parts(frame: pd.DataFrame, columns: _Columns, values: Float32) -> Iterator[Part | BadFileError]:
    for key, rows in frame.groupby(columns.id, sort=False, dropna=False).indices.items():
        yield _part(frame, columns, values, np.asarray(rows, np.int64), key=str(key))


def _label_parts(frame: pd.DataFrame, columns: _Columns, values: Float32) -> Iterator[Part | BadFileError]:
    """One part for each run of rows with the same label; all are pieces of one recording, unless the group changes."""
    labels = frame[columns.label].fillna("").astype(str).to_numpy(dtype=object)
    groups = frame[columns.group].astype(str).to_numpy(dtype=object) if columns.group else labels
    starts = np.flatnonzero(np.r_[True, (labels[1:] != labels[:-1]) | (groups[1:] != groups[:-1])])
    if len(starts) == 1:
        yield _part(frame, columns, values, np.arange(len(frame)), key="")
        return
    for start, stop in zip(starts, [*starts[1:], len(frame)], strict=True):
        session = str(groups[start]) if columns.group else "all"
        yield _part(frame, columns, values, np.arange(start, stop), key=f"{start:09d}", session=session)


def _part(
    frame: pd.DataFrame,
    columns: _Columns,
    values: Float32,
    rows: NDArray[np.int64],
    *,
    key: str,
    session: str = "",
    frequency_hz: float | None = None,
) -> Part | BadFileError:
    where = f"'{key}' " if key else ""
    try:
        label = _constant(frame, columns.label, rows)
        target = _constant(frame, columns.target, rows)
        group = _constant(frame, columns.group, rows)
        if columns.time is not None and frequency_hz is None:
            frequency_hz = rate_of_times(frame[columns.time].iloc[rows], columns.time_unit)
        number = None if target is None else float(target)
    except BadFileError as error:
        return BadFileError(where + error.found, error.hint)
    except ValueError:
        return BadFileError(f"{where}has the target '{target}', expected a number")
    if number is not None and not np.isfinite(number):
        return BadFileError(f"{where}has no target")
    return Part(
        values[rows],
        key=key,
        label=label,
        target=number,
        group=group,
        frequency_hz=frequency_hz,
        session=session,
    )


def _constant(frame: pd.DataFrame, column: str | None, rows: NDArray[np.int64]) -> str | None:
    """What a column says about all of a recording; a whole number is written without a fraction."""
    if column is None:
        return None
    said = frame[column].iloc[rows].unique()
    if len(said) > 1:
        found = ", ".join(f"'{value}'" for value in said[:3])
        raise BadFileError(f"has several values in column '{column}': {found}", "a recording has one label and group")
    value = said[0]
    if value is None or value != value:  # noqa: PLR0124  NaN
        return ""
    if isinstance(value, float | np.floating) and value == int(value):
        return str(int(value))
    return str(value)
