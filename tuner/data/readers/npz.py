"""Series as NumPy archives and arrays."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, Part, PartsReader
from tuner.units import format_bytes

_VALUES: Final = ("values", "x", "data")
_LABELS: Final = ("y", "label", "labels", "target", "targets")
_NAMES: Final = ("y_labels", "label_names", "class_names", "classes")
_GROUPS: Final = ("group", "groups", "person", "subject", "subjects")
_LENGTHS: Final = ("lengths",)
_AXES: Final = ("axes", "x_labels", "channels")
_RATES: Final = ("frequency_hz", "frequency", "sample_rate", "fs")

_LARGEST_RATIO = 200
_LARGEST_BYTES = 1 << 30
"""What an archive may grow to, and how many times, before it is taken for a bomb. Sensor data shrink to a tenth."""


@dataclass(frozen=True)
class NpzReader(PartsReader):
    """Files ending in .npz or .npy.

    An archive holds `values` (or `x`, `data`) as N × samples × axes with N labels `y`; or as all samples × axes after
    one another with N `lengths`; or as samples × axes of one recording. `x_train`, `y_train`, `x_test`, … are splits.
    Beside them may stand `y_labels` (names of the classes that `y` numbers), `group`, `axes`, `frequency_hz`.
    """

    name: ClassVar[str] = "npz"
    suffixes: ClassVar[tuple[str, ...]] = (".npz", ".npy")

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read an archive or array. Pickled objects are refused: reading them would run what they say."""
        arrays = {"values": _load_array(path)} if path.suffix.lower() == ".npy" else _load_archive(path)
        parts: list[Part] = []
        splits = {"": "", "_train": "train", "_val": "validation", "_validation": "validation", "_test": "test"}
        for ending, split in splits.items():
            values = _get(arrays, _VALUES, ending)
            if values is not None:
                parts += _parts(values, arrays, ending, split, description)
        if not parts:
            raise BadFileError(f"has no array 'values', 'x' or 'data', only {', '.join(arrays) or 'nothing'}")
        count = parts[0].values.shape[1]
        return Parsed(_axes(arrays, count, description), tuple(parts))


_DAMAGED = (
    ValueError,
    EOFError,
    OSError,
    KeyError,
    NotImplementedError,
    SyntaxError,
    MemoryError,
    OverflowError,
    tokenize.TokenError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)
"""What NumPy and zipfile let through of all that can be wrong with a file; an array's header is parsed as Python."""

_PICKLE_HINT = "save plain arrays of numbers; pickled objects are not read, for they can run code"


def _load_array(path: Path) -> NDArray[Any]:
    try:
        # Mapped first, so that a header that promises more than there is takes no memory.
        return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except _DAMAGED as error:
        raise BadFileError(f"is not a NumPy array: {_first_line(error)}", _PICKLE_HINT) from error


def _load_archive(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive)
        with np.load(path, allow_pickle=False) as loaded:
            return {name.lower(): np.asarray(loaded[name]) for name in loaded.files}
    except BadFileError:
        raise
    except _DAMAGED as error:
        raise BadFileError(f"is not a NumPy archive: {_first_line(error)}", _PICKLE_HINT) from error


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that grows out of all proportion when it is unpacked."""
    unpacked = sum(member.file_size for member in archive.infolist())
    ratio = unpacked / max(sum(member.compress_size for member in archive.infolist()), 1)
    if unpacked > _LARGEST_BYTES and ratio > _LARGEST_RATIO:
        raise BadFileError(f"grows {ratio:.0f}-fold to {format_bytes(unpacked)} when unpacked")


def _parts(
    values: NDArray[Any], arrays: dict[str, NDArray[Any]], ending: str, split: str, description: Description
) -> list[Part]:
    if values.dtype.kind not in "fiub":
        raise BadFileError(f"has values of type {values.dtype}, expected numbers")
    lengths = _get(arrays, _LENGTHS, ending)
    labels = _get(arrays, _LABELS, ending)
    groups = _get(arrays, _GROUPS, ending)
    rate = _get(arrays, _RATES, "")
    frequency_hz = None if rate is None or rate.size != 1 or rate.dtype.kind not in "fiu" else float(rate.item())
    if lengths is not None:
        _check_lengths(lengths, len(values))
        pieces = np.split(values, np.cumsum(lengths)[:-1])
    elif labels is not None and labels.ndim == 1 and values.ndim >= 2:
        pieces = list(values)
    else:
        pieces = [values]
    single = lengths is None and len(pieces) == 1 and pieces[0] is values
    said = [None] * len(pieces) if labels is None else _labels(labels, _get(arrays, _NAMES, ""), len(pieces))
    whose = [None] * len(pieces) if groups is None else [str(group) for group in _each(groups, "groups", len(pieces))]
    regression = description.task == "regression"
    return [
        Part(
            _series(piece),
            key="" if single else f"{split}{index:06d}",
            label=None if regression or label is None else str(label),
            target=float(label) if regression and label is not None else None,
            group=group,
            split=split or None,
            frequency_hz=frequency_hz,
        )
        for index, (piece, label, group) in enumerate(zip(pieces, said, whose, strict=True))
    ]


def _check_lengths(lengths: NDArray[Any], rows: int) -> None:
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or not len(lengths) or lengths.min() < 0:
        raise BadFileError("has 'lengths' that are not a list of whole numbers")
    if lengths.sum() != rows:
        raise BadFileError(f"has 'lengths' that add up to {lengths.sum()}, but {rows} samples")


def _labels(labels: NDArray[Any], names: NDArray[Any] | None, count: int) -> list[Any]:
    labels = _each(labels, "labels", count)
    if names is None or labels.dtype.kind not in "iu":
        return list(labels)
    if labels.min() < 0 or labels.max() >= len(names):
        raise BadFileError(f"has labels {labels.min()} to {labels.max()}, but {len(names)} names of classes")
    return list(names[labels])


def _each(values: NDArray[Any], what: str, count: int) -> NDArray[Any]:
    """Check that there is one value for each recording; bytes become text."""
    values = np.atleast_1d(values)
    if values.shape != (count,):
        raise BadFileError(f"has {what} of shape {values.shape} for {count} recordings")
    return np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values


def _series(piece: NDArray[Any]) -> NDArray[np.float32]:
    if piece.ndim == 1:
        piece = piece[:, np.newaxis]
    if piece.ndim != 2:
        raise BadFileError(f"has a recording of {piece.ndim} dimensions, expected samples × axes")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(piece, dtype=np.float32)


def _axes(arrays: dict[str, NDArray[Any]], count: int, description: Description) -> tuple[str, ...]:
    stated = _get(arrays, _AXES, "")
    names = description.axes or (None if stated is None else tuple(str(name) for name in np.atleast_1d(stated)))
    if names is None:
        return tuple(f"axis{i + 1}" for i in range(count))
    if len(names) != count:
        raise BadFileError(f"has {count} axes, but {len(names)} names of axes: {', '.join(names)}")
    return names


def _get(arrays: dict[str, NDArray[Any]], names: tuple[str, ...], ending: str) -> NDArray[Any] | None:
    return next((arrays[name + ending] for name in names if name + ending in arrays), None)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
