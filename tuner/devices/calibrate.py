"""Refit a board's speed from its owner's measurements."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuner.devices.latency import equivalent_instructions, network_latency, speed_of
from tuner.devices.profile import Calibration, DeviceProfile
from tuner.errors import DataError, nearest
from tuner.estimate import Method
from tuner.graph import Graph
from tuner.tflite.read import read_graph

COLUMNS = ("model", "latency_ms")

_FEW = 0.15
"""Spread of a figure that rests on one or two models: as far apart as models lie on the boards with many."""
_LEAST = 0.03


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured inference."""

    model: str
    """The file, as the table names it."""
    graph: Graph
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Check:
    """One measurement beside what was and is predicted."""

    model: str
    measured_ms: float
    before_ms: float
    after_ms: float
    left_out_ms: float | None
    """By the figure fitted on the other models; `None` where there is no other."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A profile with its board's own speed, and how well it fits."""

    profile: DeviceProfile
    checks: tuple[Check, ...]


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Read a CSV file with the columns `model`, a `.tflite` file beside the table, and `latency_ms`.

    Raises:
        DataError: the table is missing, empty, or a row names no model or no latency above zero.
        ModelError: a model cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            columns, rows = table.fieldnames or (), list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}", hint="give a CSV file with a head line") from error
    for column in COLUMNS:
        if column not in columns:
            found = ", ".join(columns) or "nothing"
            hint = nearest(column, columns) if columns else "columns: model, latency_ms"
            raise DataError(f"{path}: no column '{column}', found {found}", hint=hint)
    if not rows:
        raise DataError(f"{path}: no measurements", hint="one row for each model, with its latency in milliseconds")
    return tuple(_measurement(path, number, row) for number, row in enumerate(rows, start=2))


def calibrate(profile: DeviceProfile, measurements: Sequence[Measurement], *, source: str) -> Calibrated:
    """Return the profile with the cycles per instruction that the measurements show.

    The figure is the median over models, so that one odd measurement does not bend it; what each byte of weights
    costs stays as the profile, or its core, has it. Its interval holds nine of ten models that were left out.

    Args:
        profile: the board, with the runtime that was measured.
        measurements: at least one.
        source: who measured what, for the profile.
    """
    per_byte = speed_of(profile).cycles_per_weight_byte
    speeds = [_speed(measurement, profile, per_byte) for measurement in measurements]
    left_out = [_left_out(speeds, index) for index in range(len(speeds))]
    calibration = Calibration(
        cycles_per_instruction=float(f"{statistics.median(speeds):.4g}"),
        spread=_spread(speeds, left_out),
        cycles_per_weight_byte=per_byte,
        source=source,
    )
    fitted = profile.model_copy(update={"latency": calibration})
    checks = []
    for measurement, speed in zip(measurements, left_out, strict=True):
        graph = measurement.graph
        checks.append(
            Check(
                model=measurement.model,
                measured_ms=measurement.latency_ms,
                before_ms=network_latency(graph, profile, Method.CONVERTED).value,
                after_ms=network_latency(graph, fitted, Method.CONVERTED).value,
                left_out_ms=None if speed is None else _latency_ms(graph, profile, speed, per_byte),
            )
        )
    return Calibrated(fitted, tuple(checks))


def _measurement(path: Path, number: int, row: dict[str, str | None]) -> Measurement:
    name, text = (row["model"] or "").strip(), (row["latency_ms"] or "").strip()
    model = path.parent / name
    if not name or not model.is_file():
        raise DataError(
            f"{path}, line {number}: there is no model '{name}'",
            hint="write the path of the .tflite file as seen from the table's folder",
        )
    try:
        latency_ms = float(text)
    except ValueError:
        latency_ms = math.nan
    if not (math.isfinite(latency_ms) and latency_ms > 0):
        raise DataError(
            f"{path}, line {number}: latency_ms is '{text}', expected milliseconds above zero",
            hint="write a plain number, like 12.5",
        )
    return Measurement(name, read_graph(model.read_bytes()), latency_ms)


def _speed(measurement: Measurement, profile: DeviceProfile, per_byte: float) -> float:
    """Return the cycles per instruction of one measurement; weights cannot have cost more than half its time."""
    instructions, weights = equivalent_instructions(measurement.graph, profile)
    cycles = 1e-3 * measurement.latency_ms * profile.clock_hz
    return max(cycles - per_byte * weights, 0.5 * cycles) / instructions


def _latency_ms(graph: Graph, profile: DeviceProfile, speed: float, per_byte: float) -> float:
    instructions, weights = equivalent_instructions(graph, profile)
    return 1e3 * (speed * instructions + per_byte * weights) / profile.clock_hz


def _left_out(speeds: Sequence[float], index: int) -> float | None:
    others = [*speeds[:index], *speeds[index + 1 :]]
    return statistics.median(others) if others else None


def _spread(speeds: Sequence[float], left_out: Sequence[float | None]) -> float:
    """Half-width that holds nine left-out models of ten, with room for how few they are."""
    ratios = sorted(
        max(speed / other, other / speed) - 1 for speed, other in zip(speeds, left_out, strict=True) if other
    )
    if len(ratios) < 3:
        return round(max(_FEW, ratios[-1] if ratios else 0.0), 3)
    rank = min(len(ratios), math.ceil(0.9 * (len(ratios) + 1)))
    return round(max(_LEAST, ratios[rank - 1]), 3)
