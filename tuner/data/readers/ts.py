"""Labelled series in the text format of sktime, aeon and the UCR/UEA archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, Part, PartsReader


@dataclass(frozen=True)
class TsReader(PartsReader):
    """Files ending in .ts: one series a line, its dimensions between colons, its class or target last.

    `…_TRAIN.ts` and `…_TEST.ts` are splits. The format does not say how fast a series was sampled.
    """

    name: ClassVar[str] = "ts"
    suffixes: ClassVar[tuple[str, ...]] = (".ts",)

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read a file; a flaw is named by its line."""
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise BadFileError(f"is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
        tags, first = _header(lines)
        is_regression = tags.get("targetlabel", "false").split()[0].lower() == "true"
        if not is_regression and tags.get("classlabel", "false").split()[0].lower() != "true":
            raise BadFileError("has neither a @classLabel nor a @targetLabel")
        if tags.get("timestamps", "false").lower() == "true":
            raise BadFileError("has time stamps in its series, which this reader does not take")
        split = {"train": "train", "test": "test"}.get(path.stem.lower().rpartition("_")[2])
        parts: list[Part] = []
        problems: list[BadFileError] = []
        for number, line in enumerate(lines[first:], start=first + 1):
            if not line.strip():
                continue
            try:
                values, label = _series(line)
                target = _number(label) if is_regression else None
            except BadFileError as error:
                problems.append(BadFileError(f"line {number}: {error.found}"))
                continue
            label_or_none = None if is_regression else label
            key = f"{len(parts) + len(problems):06d}"
            parts.append(Part(values, key=key, label=label_or_none, target=target, split=split))
        return _checked(parts, problems, description)


def _header(lines: list[str]) -> tuple[dict[str, str], int]:
    """Return the tags in lower case, and the index of the line after @data."""
    tags: dict[str, str] = {}
    for index, line in enumerate(lines):
        text = line.strip()
        if text.lower() == "@data":
            return tags, index + 1
        if text.startswith("@"):
            name, _, value = text[1:].partition(" ")
            tags[name.lower()] = value.strip() or "false"
    raise BadFileError("has no @data")


def _series(line: str) -> tuple[NDArray[np.float32], str]:
    *dimensions, label = line.strip().split(":")
    if not dimensions:
        raise BadFileError("has no class or target after a colon")
    rows = [dimension.split(",") for dimension in dimensions]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise BadFileError(f"its dimensions have {' and '.join(str(n) for n in sorted(lengths))} values")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.array([[_value(cell) for cell in row] for row in rows]).astype(np.float32)
    except ValueError as error:
        raise BadFileError(f"{error}") from error
    return np.ascontiguousarray(values.T), label.strip()


def _value(cell: str) -> float:
    return float("nan") if cell.strip() == "?" else float(cell)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadFileError(f"has the target '{text}', expected a number") from None
    if not np.isfinite(number):
        raise BadFileError(f"has the target '{text}', expected a finite number")
    return number


def _checked(parts: list[Part], problems: list[BadFileError], description: Description) -> Parsed:
    if not parts:
        raise problems[0] if problems else BadFileError("has no series")
    count = parts[0].values.shape[1]
    good = tuple(part for part in parts if part.values.shape[1] == count)
    problems += [
        BadFileError(f"series {part.key} has {part.values.shape[1]} dimensions, the first {count}")
        for part in parts
        if part.values.shape[1] != count
    ]
    names = description.axes or tuple(f"axis{index + 1}" for index in range(count))
    if len(names) != count:
        raise BadFileError(f"has {count} dimensions, but {len(names)} names of axes are given")
    return Parsed(names, good, tuple(problems))
