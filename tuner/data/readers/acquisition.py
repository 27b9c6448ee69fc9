"""Series in Edge Impulse's data acquisition format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, Part, PartsReader


@dataclass(frozen=True)
class AcquisitionReader(PartsReader):
    """Files with sensors, an interval and values, as JSON or CBOR.

    Their signatures are not checked: the key for it stays with who made them.
    """

    name: ClassVar[str] = "acquisition"
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".cbor")

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read the payload of a file."""
        content = path.read_bytes()
        document = _cbor(content) if path.suffix.lower() == ".cbor" else _json(content)
        payload = document.get("payload") if isinstance(document, dict) else None
        if not isinstance(payload, dict):
            raise BadFileError("has no 'payload', as a file in the data acquisition format has")
        axes = _sensors(payload)
        values = _values(payload.get("values"), len(axes))
        if description.axes is not None:
            axes, values = _chosen(description.axes, axes, values)
        return Parsed(axes, (Part(values, frequency_hz=_rate(payload)),))


def begins_like_acquisition(path: Path) -> bool:
    """Whether a JSON file is in this format, by its first words."""
    with path.open("rb") as file:
        head = file.read(4096)
    return b'"payload"' in head or (b'"protected"' in head and b'"signature"' in head)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"is not JSON: {error}") from error


def _cbor(content: bytes) -> Any:
    import cbor2  # noqa: PLC0415  few data sets need it

    try:
        return cbor2.loads(content)
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise BadFileError(f"is not CBOR: {error}") from error


def _sensors(payload: dict[str, Any]) -> tuple[str, ...]:
    sensors = payload.get("sensors")
    if not isinstance(sensors, list) or not sensors or not all(isinstance(sensor, dict) for sensor in sensors):
        raise BadFileError("has no list of 'sensors'")
    names = tuple(str(sensor.get("name", "")) for sensor in sensors)
    if not all(names) or len(set(names)) < len(names):
        raise BadFileError(f"has sensors without names of their own: {', '.join(names)}")
    return names


def _rate(payload: dict[str, Any]) -> float:
    interval = payload.get("interval_ms")
    if not isinstance(interval, int | float) or isinstance(interval, bool) or not 0 < interval < float("inf"):
        raise BadFileError(f"has an 'interval_ms' of {interval!r}, expected a positive number")
    # Devices write the interval with few digits; at six the same rate compares equal.
    return float(f"{1000 / interval:.6g}")


def _values(rows: Any, count: int) -> NDArray[np.float32]:
    if not isinstance(rows, list) or not rows:
        raise BadFileError("holds no values")
    for index, row in enumerate(rows):
        if isinstance(row, str):
            raise BadFileError(f"row {index} is '{row[:40]}', which refers to an attachment that is not in the file")
        if count > 1 or isinstance(row, list):
            width = len(row) if isinstance(row, list) else 1
            if width != count:
                raise BadFileError(f"row {index} holds {width} values, expected {count}, one for each sensor")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(rows, np.float64).reshape(len(rows), count).astype(np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadFileError(f"has a value that is not a number: {error}") from error


def _chosen(
    wanted: tuple[str, ...], axes: tuple[str, ...], values: NDArray[np.float32]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    for name in wanted:
        if name not in axes:
            raise BadFileError(f"has no sensor '{name}', only {', '.join(axes)}")
    return wanted, np.ascontiguousarray(values[:, [axes.index(name) for name in wanted]])
