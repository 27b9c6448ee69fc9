"""Series as text tables: comma, semicolon, tab or space between values, with or without a line of names."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, PartsReader
from tuner.data.table import parse_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CsvReader(PartsReader):
    """Files ending in .csv or .tsv: one recording each, or one long table with columns that tell recordings apart."""

    name: ClassVar[str] = "csv"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read a table; a flaw is named by its line."""
        return parse_table(read_csv(path, description.axes), description, row_name="line", first_row=2)


def read_csv(path: Path, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Read a text table.

    Args:
        path: the file.
        names: of the columns, if the file does not name them and has as many; else they are axis1, axis2, …

    Raises:
        BadFileError: it is no text, is empty, or its lines differ in how many values they hold.
    """
    import pandas as pd  # noqa: PLC0415  half a second that `import tuner` must not take

    text = _text(path)
    lines = [line for line in text[:65536].splitlines() if line.strip()][:20]
    if not lines:
        raise BadFileError("is empty")
    form = _form(lines)
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=form.delimiter,
            decimal=form.decimal,
            header=0 if form.names else None,
            skipinitialspace=True,
            low_memory=False,  # else a column of a long file may change its type on the way
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
        _check_lines(text, form)
        raise BadFileError(f"is not a table: {error}") from error
    # pandas fills short lines with NaN, and takes surplus values for an index if the second line has them already.
    if _has_gaps(frame) or len(_cells(lines[min(1, len(lines) - 1)], form.delimiter)) != form.width:
        _check_lines(text, form)
    if form.ends_empty and frame.iloc[:, -1].isna().all():
        frame = frame.iloc[:, :-1]
    width = len(frame.columns)
    if form.names is not None:
        names = tuple(form.names[:width])
    elif names is None or len(names) != width:
        names = tuple(f"axis{index + 1}" for index in range(width))
    frame.columns = pd.Index(names)
    return frame


@dataclass(frozen=True, slots=True)
class _Form:
    """How a text table is written."""

    delimiter: str
    decimal: str
    width: int
    """Values in a line."""
    names: list[str] | None
    """The first line, if it names the columns."""
    ends_empty: bool
    """Whether a delimiter ends the first line, as some loggers end every line."""


def _form(lines: list[str]) -> _Form:
    delimiter = _delimiter(lines)
    decimal = "," if delimiter in ";\t" and any(re.search(r"\d,\d", line) for line in lines[1:]) else "."
    first = _cells(lines[0], delimiter)
    form = _Form(delimiter, decimal, len(first), None, ends_empty=first[-1] == "")
    if all(_is_number(cell, decimal) for cell in first if cell) and any(first):
        return form
    if len(set(first)) < len(first):
        raise BadFileError(f"two columns are named '{next(name for name in first if first.count(name) > 1)}'")
    return replace(form, names=first)


def _has_gaps(frame: pd.DataFrame) -> bool:
    """Whether a value is missing; by NumPy where that will do, which takes a tenth of the time for a short file."""
    kinds = {dtype.kind for dtype in frame.dtypes}
    if kinds <= set("iufb"):
        return bool(np.isnan(frame.to_numpy(np.float64)).any())
    return bool(frame.isna().any(axis=None))


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFileError(f"is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
    if "\0" in text:
        raise BadFileError("is not text: it holds zero bytes")
    return text


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]


def _delimiter(lines: list[str]) -> str:
    """The mark that stands equally often in every line; where a comma does too, it may be the decimal mark."""
    counts = {mark: {line.strip().count(mark) for line in lines} for mark in "\t;, "}
    regular = [mark for mark, count in counts.items() if len(count) == 1 and count != {0}]
    return regular[0] if regular else max("\t;, ", key=lambda mark: lines[0].strip().count(mark))


def _is_number(cell: str, decimal: str) -> bool:
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _check_lines(text: str, form: _Form) -> None:
    ragged = [(number, len(cells)) for number, cells in _lines(text, form.delimiter) if len(cells) != form.width]
    if ragged:
        number, count = ragged[0]
        more = f", and so in {len(ragged) - 1} more" if len(ragged) > 1 else ""
        raise BadFileError(f"line {number} holds {count} values, the first line {form.width}{more}")


def _lines(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        return [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise BadFileError(f"line {reader.line_num}: {error}") from error
