"""Fit how many cycles boards and cores take per executed instruction, on published measurements.

    python reports/validation/fit_latency.py [--measurements ../shared/measurements] [--profiles]

Writes `tuner/devices/speeds.json`; with `--profiles` also the `latency` section of the boards that were measured.
Fits rows marked for calibration; rows that are the only ones of their board and stack serve as well, and are
cross-validated over models by `validate.py`. Floating point has no rows for calibration: its factor comes from
EdgeMark's rows of the same architectures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from published import MEASUREMENTS, ROOT, Published, published_rows
from scipy.optimize import nnls

from tuner.devices.instructions import counts
from tuner.devices.instructions.loops import Call
from tuner.devices.profile import Calibration, load_profile, profile_yaml
from tuner.files import write_atomically
from tuner.package_data import data_folder
from tuner.tflite.read import read_graph

SPEEDS = ROOT / "tuner" / "devices" / "speeds.json"

_FITTED = ("calibrate", "calibrate-variant", "leave-one-model-out")
_SMALL_MODELS = "EdgeMark (DTU)"
"""The source whose models are small enough to show what an inference takes beside its kernels."""
OLD_RUNTIME = "TF-Lite Micro (TF 2.1"
"""A runtime of 2020 whose kernels took 2.5 times as long: no guide to the present one."""


@dataclass(frozen=True)
class Overhead:
    """What an inference takes beside its kernels, in instructions."""

    call: float
    operator: float
    input_value: float


@dataclass(frozen=True)
class CoreSpeed:
    """What holds for boards of a core that nobody measured."""

    cycles_per_instruction: float
    stall: float
    """Cycles per instruction that each MHz adds: flash does not grow faster with the clock."""
    spread: float


@dataclass(frozen=True)
class BoardSpeed:
    """What was fitted for one board and stack."""

    profile: str
    cycles_per_instruction: float
    cycles_per_weight_byte: float
    spread: float
    source: str


def executed(row: Published) -> float:
    """Instructions of the row's kernels."""
    return counts(row.graph, row.device().core, row.stack.kernels, row.stack.build).total


def input_values(row: Published) -> int:
    """Values that are filled in before an inference."""
    tensors = (row.graph.tensors[index] for index in row.graph.inputs)
    return sum(tensor.elements for tensor in tensors if tensor.dtype != "float32")


def equivalent(row: Published, overhead: Overhead) -> float:
    """Instructions of the row with what it takes beside its kernels."""
    operators = overhead.operator * len(row.graph.operators)
    return executed(row) + overhead.call + operators + overhead.input_value * input_values(row)


def fit_overhead(rows: Sequence[Published]) -> Overhead:
    """Fit the overhead on small and large models of one board, where only small ones show it."""
    terms = np.array([[executed(row), 1.0, len(row.graph.operators), input_values(row)] for row in rows])
    relative = terms / np.array([[row.cycles] for row in rows])
    size = relative.max(axis=0)
    weights, _ = nnls(relative / size, np.ones(len(rows)))
    speed, *others = weights / size
    return Overhead(*(round(float(other / speed), 1) for other in others))


def median_speed(rows: Iterable[Published], overhead: Mapping[str, Overhead]) -> float:
    """Cycles per instruction that half the rows lie above."""
    return float(np.median([row.cycles / equivalent(row, overhead[row.stack.build]) for row in rows]))


def predict_left_out(row: Published, others: Sequence[Published], overhead: Mapping[str, Overhead]) -> float:
    """Return the cycles of a row by the figure of others; where they are small models, the overhead is fitted anew."""
    if row.source == _SMALL_MODELS and row.stack.kernels == "cmsis-nn":
        same_build = [other for other in others if other.stack.build == row.stack.build]
        overhead = {**overhead, row.stack.build: fit_overhead(same_build)}
        others = same_build
    return median_speed(others, overhead) * equivalent(row, overhead[row.stack.build])


def left_out_errors(rows: Sequence[Published], overhead: Mapping[str, Overhead]) -> list[float]:
    """Relative errors of each model by the speed of the others."""
    errors = []
    for model in sorted({row.model for row in rows}):
        others = [row for row in rows if row.model != model]
        left_out = [row for row in rows if row.model == model]
        errors += [predict_left_out(row, others, overhead) / row.cycles - 1 for row in left_out]
    return errors


def interval(errors: Sequence[float], least: float = 0.06) -> float:
    """Half-width that holds nine errors of ten, with room for how few they are.

    It is never less than what one version of the library differs from the next.
    """
    share = min(1.0, 0.9 * (1 + 1 / len(errors)))
    return round(max(float(np.quantile(np.abs(errors), share)), least), 3)


def fit_boards(rows: Sequence[Published], overhead: Mapping[str, Overhead]) -> dict[tuple[str, str], BoardSpeed]:
    """Fit each board and kernel set that has rows to fit, by the profile's name and the kernels."""
    groups: dict[tuple[str, str], list[Published]] = {}
    for row in rows:
        if row.precision == "int8" and row.split in _FITTED and not row.runtime.startswith(OLD_RUNTIME):
            groups.setdefault((row.stack.profile, row.stack.kernels), []).append(row)
    boards = {}
    for (profile, kernels), group in groups.items():
        native = [row for row in group if row.stack.build == "o3"] or group
        errors = left_out_errors(native, overhead)
        models = len({row.model for row in native})
        source = (
            f"{native[0].source}: {models} models on {native[0].board}, fitted by reports/validation/fit_latency.py"
        )
        speed = median_speed(native, overhead)
        boards[profile, kernels] = BoardSpeed(profile, round(speed, 3), 0.0, interval(errors), source)
    return boards


def sister_boards(measurements: Path, reference: BoardSpeed) -> dict[tuple[str, str], BoardSpeed]:
    """Derive boards from the ratio of their cycles to the reference board's on the same, unpublished, models."""
    table = pd.read_csv(measurements / "measurements.csv")
    rows = table[table.source.str.startswith("MicroNets") & table.latency_ms.notna()]
    rows = rows[~rows.notes.str.startswith("ESTIMATED")]
    cycles = rows.assign(cycles=rows.latency_ms * rows.clock_mhz).pivot_table(
        index="model_name", columns="board", values="cycles"
    )
    same_chip = replace(
        reference,
        profile="stm32f746g-discovery",
        source=f"the same chip and clock as NUCLEO-F746ZG: {reference.source}",
    )
    boards = {(same_chip.profile, "cmsis-nn"): same_chip}
    for board, profile in (("NUCLEO-F767ZI", "nucleo-f767zi"), ("NUCLEO-F446RE", "nucleo-f446re")):
        ratios = (cycles[board] / cycles["NUCLEO-F746ZG"]).dropna()
        boards[profile, "cmsis-nn"] = BoardSpeed(
            profile,
            round(reference.cycles_per_instruction * float(ratios.median()), 3),
            0.0,
            round(max(1.3 * reference.spread, 0.12), 3),
            f"MicroNets paper: {len(ratios)} models on {board} beside NUCLEO-F746ZG, "
            "fitted by reports/validation/fit_latency.py",
        )
    return boards


def fit_pico(measurements: Path) -> BoardSpeed:
    """Fit the RP2040 on the layers of one model: its weights and code lie in another chip, behind a small cache."""
    table = pd.read_csv(measurements / "kernels.csv")
    table = table[table.source.str.contains("pico") & table["stack"].str.contains("single core")]
    graph = read_graph((measurements / "models" / "mlonmcu" / "person_detect.tflite").read_bytes())
    network = counts(graph, "cortex-m0plus", "cmsis-nn", "o3")
    layers: dict[str, list[tuple[float, float] | None]] = {}
    for operator, executes in zip(graph.operators, network.operators, strict=True):
        weights = sum(tensor.bytes for tensor in Call.of(operator, graph).inputs if tensor and tensor.constant)
        usable = executes.kernel in ("pointwise_plain", "depthwise_3x3_plain") and executes.instructions > 1e5
        layers.setdefault(operator.kind, []).append((executes.instructions, float(weights)) if usable else None)
    terms, cycles = [], []
    for kind, rows in table.groupby("kernel"):
        for terms_of, measured in zip(layers[str(kind)], rows.cycles_opt, strict=True):
            if terms_of is not None:
                terms.append(terms_of)
                cycles.append(float(measured))
    relative = np.array(terms) / np.array(cycles)[:, None]
    size = relative.max(axis=0)
    weights, _ = nnls(relative / size, np.ones(len(cycles)))
    speed, per_byte = weights / size
    source = "pico-tflmicro: 27 layers of person_detect, fitted by reports/validation/fit_latency.py"
    return BoardSpeed("raspberry-pi-pico", round(float(speed), 3), round(float(per_byte), 1), 0.2, source)


def fit_xg24(rows: Sequence[Published], overhead: Mapping[str, Overhead]) -> BoardSpeed:
    """Take the one model that was published for a Cortex-M33 without accelerator."""
    row = next(row for row in rows if row.stack.profile == "xg24-dk2601b")
    # Its time is the sum of its layers': filling in the input is not in it.
    speed = row.cycles / (equivalent(row, overhead["os"]) - overhead["os"].input_value * input_values(row))
    source = "Silicon Labs MLTK: one model on xG24, fitted by reports/validation/fit_latency.py"
    return BoardSpeed("xg24-dk2601b", round(speed, 3), 0.0, 0.2, source)


def pipeline(measurements: Path, kernels: str) -> float:
    """Cycles per instruction of a Cortex-M4 without wait states, by its manual's cycle counts."""
    models = pd.read_csv(measurements / "firmware" / "models.csv")
    models = models[(models.cpu == "m4") & (models.kernels == kernels) & (models.opt == "o3")]
    return float((models.static_cycle_model / models.instructions).median())


def fit_float(rows: Sequence[Published], fit: Fit) -> dict[str, object]:
    """Fit what a product in floating point takes beyond what was counted, in instructions, by build.

    Nobody published -Os without an FPU: what the build adds is taken to be the same without one.
    """
    speed = fit.boards["nucleo-l4r5zi", "cmsis-nn"].cycles_per_instruction
    errors: list[float] = []
    extras: dict[tuple[str, bool], NDArray[np.float64]] = {}
    for build, has_fpu in (("o3", True), ("o3", False), ("os", True)):
        terms = []
        for row in rows:
            floating = row.precision == "float32" and row.stack.profile == "nucleo-l4r5zi"
            if floating and row.stack.build == build and row.device().has_fpu is has_fpu:
                network = counts(row.graph, row.device().core, "cmsis-nn", build)
                products = (network.float_window_products, network.float_products)
                terms.append((*products, equivalent(row, fit.overhead[build]), row.cycles / speed))
        table = np.array(terms)
        relative = table[:, :3] / table[:, 3:]
        extras[build, has_fpu] = least_absolute(relative[:, :2], 1 - relative[:, 2])
        errors += (relative[:, :2] @ extras[build, has_fpu] + relative[:, 2] - 1).tolist()
    extras["os", False] = extras["o3", False] + extras["os", True] - extras["o3", True]
    by_build = {
        build: {name: _by_shape(extras[build, fpu]) for name, fpu in (("hardware", True), ("software", False))}
        for build in ("o3", "os")
    }
    return {**by_build, "tflm": by_build["o3"], "spread": interval(errors)}


def _by_shape(extras: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(("window", "other"), np.maximum(extras, 0).round(2).tolist(), strict=True))


def least_absolute(terms: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Non-negative fit of the least absolute error, so that a few odd rows do not bend it."""
    importance = np.ones(len(target))
    for _ in range(50):
        solution, _ = nnls(terms * importance[:, None], target * importance)
        importance = 1 / np.sqrt(np.maximum(np.abs(terms @ solution - target), 1e-3))
    return np.asarray(solution)


@dataclass(frozen=True)
class Fit:
    """All that was fitted."""

    boards: Mapping[tuple[str, str], BoardSpeed]
    overhead: Mapping[str, Overhead]


def fit_all(rows: Sequence[Published], measurements: Path) -> Fit:
    """Fit overhead and boards."""
    small = [row for row in rows if row.source == _SMALL_MODELS and row.stack.kernels == "cmsis-nn"]
    small = [row for row in small if row.precision == "int8"]
    overhead = {build: fit_overhead([row for row in small if row.stack.build == build]) for build in ("o3", "os")}
    overhead["tflm"] = overhead["os"]
    boards = fit_boards(rows, overhead)
    boards |= sister_boards(measurements, boards["nucleo-f746zg", "cmsis-nn"])
    boards["raspberry-pi-pico", "cmsis-nn"] = fit_pico(measurements)
    boards["xg24-dk2601b", "cmsis-nn"] = fit_xg24(rows, overhead)
    return Fit(boards, overhead)


def cortex_m7(boards: Iterable[BoardSpeed]) -> CoreSpeed | None:
    """Mean of the boards that have caches in front of their flash."""
    speeds = [board.cycles_per_instruction for board in boards if board.profile in _M7_BOARDS]
    return CoreSpeed(float(np.mean(speeds)), 0.0, 0.18) if speeds else None


def cortex_m4(boards: Iterable[BoardSpeed], measurements: Path) -> CoreSpeed | None:
    """Pipeline by the core's manual, and flash stalls that grow with the clock as on the boards that were measured."""
    base = pipeline(measurements, "cmsis")
    stalls = [
        (board.cycles_per_instruction - base) / (load_profile(board.profile).clock_hz / 1e6)
        for board in boards
        if board.profile in _M4_BOARDS
    ]
    return CoreSpeed(base, float(np.mean(stalls)), 0.17) if stalls else None


def without_board(row: Published, fit: Fit, measurements: Path) -> CoreSpeed | None:
    """Return the core's figure without anything of the row's source; `None` if no other board tells it."""
    if row.stack.kernels != "cmsis-nn":
        return None
    same_source = _MICRONETS if row.stack.profile in _MICRONETS else (row.stack.profile,)
    others = [
        board for (name, kernels), board in fit.boards.items() if kernels == "cmsis-nn" and name not in same_source
    ]
    core = load_profile(row.stack.profile).core
    if core == "cortex-m7":
        return cortex_m7(others)
    return cortex_m4(others, measurements) if core == "cortex-m4f" else None


def core_speeds(measurements: Path, boards: Mapping[tuple[str, str], BoardSpeed]) -> dict[str, dict[str, object]]:
    """Return the speed of each core and kernel set, for boards that nobody measured."""
    native = [board for (_, kernels), board in boards.items() if kernels == "cmsis-nn"]
    m7, m4 = cortex_m7(native), cortex_m4(native, measurements)
    assert m7 is not None
    assert m4 is not None
    base, stall = m4.cycles_per_instruction, m4.stall
    by_reference = pipeline(measurements, "ref") / base
    m33, pico = boards["xg24-dk2601b", "cmsis-nn"], boards["raspberry-pi-pico", "cmsis-nn"]
    m7_reference = boards["nucleo-h743zi2", "reference"]
    xip = pico.cycles_per_weight_byte
    return {
        "m0-cmsis": _core(pico.cycles_per_instruction, 0.3, f"as on the RP2040: {pico.source}", xip),
        "m0-ref": _core(pico.cycles_per_instruction, 0.5, _GUESS, xip),
        "m3-cmsis": _core(base, 0.5, _GUESS, stall=stall),
        "m3-ref": _core(base, 0.5, _GUESS, stall=stall),
        "m4-cmsis": _core(base, m4.spread, _M4, stall=stall),
        "m4-ref": _core(base * by_reference, 0.5, _GUESS, stall=stall),
        "m7-cmsis": _core(m7.cycles_per_instruction, m7.spread, _M7),
        "m7-ref": _core(m7_reference.cycles_per_instruction, 0.35, m7_reference.source),
        "m33-cmsis": _core(m33.cycles_per_instruction, 0.3, f"as on the xG24: {m33.source}", 10.0),
        "m33-ref": _core(m33.cycles_per_instruction, 0.5, _GUESS, 10.0),
        "m55-cmsis": _core(1.05, 0.35, _M55),
        "m55-ref": _core(1.1, 0.4, _M55),
        "lx7-esp-nn": _core(0.55, 0.8, _ESP, arena=6.0),
        "lx7-ref": _core(1.05, 0.8, _ESP, arena=6.0),
        "lx6-esp-nn": _core(2.2, 1.0, _GUESS, arena=6.0),
        "lx6-ref": _core(1.2, 1.0, _GUESS, arena=6.0),
        "riscv-esp-nn": _core(1.1, 1.0, _ESP, arena=6.0),
        "riscv-ref": _core(0.9, 0.8, _ESP, arena=6.0),
        "rx-ref": _core(2.5, 4.0, _RX),
        "a-xnnpack": _core(1.0, 1.5, _GUESS),
        "other": _core(1.5, 1.0, _GUESS),
    }


_GUESS = "no measurement of this core and kernels: from the nearest that has one"
_M4 = "pipeline of the Cortex-M4 and flash stalls that grow with the clock, as on NUCLEO-L4R5ZI and -F446RE"
_M7 = "mean of NUCLEO-F746ZG, NUCLEO-F767ZI and STM32H743"
_M55 = "single operators on the Apollo510 (Ambiq heliaRT): 0.96 to 1.23 cycles per instruction"
_ESP = (
    "kernels on ESP32-S3 and -P4 (ESP-NN README), relative to the instructions of a Cortex-M4; arena in PSRAM 6 times"
)
_M4_BOARDS = ("nucleo-l4r5zi", "nucleo-f446re")
_MICRONETS = ("nucleo-f746zg", "stm32f746g-discovery", "nucleo-f767zi", "nucleo-f446re")
_M7_BOARDS = ("nucleo-f746zg", "nucleo-f767zi", "nucleo-h743zi2")
_RX = "EdgeMark: on the RX65N convolutions take 1.5 to 15 cycles per instruction, for reasons its authors do not state"


def _core(
    speed: float, spread: float, source: str, per_byte: float = 0.0, *, stall: float = 0.0, arena: float = 1.0
) -> dict[str, object]:
    return {
        "cycles_per_instruction": round(speed, 3),
        "stall_cycles_per_instruction_and_mhz": round(stall, 5),
        "external_cycles_per_weight_byte": per_byte,
        "external_arena_factor": arena,
        "spread": spread,
        "source": source,
    }


def write_profiles(boards: Mapping[tuple[str, str], BoardSpeed]) -> None:
    """Write the fitted speed into the profiles of the boards that were measured with their own kernels."""
    for (name, kernels), board in boards.items():
        profile = load_profile(name)
        if profile.kernels != kernels or board.spread > 0.5:
            continue
        calibration = Calibration(
            cycles_per_instruction=board.cycles_per_instruction,
            spread=board.spread,
            cycles_per_weight_byte=board.cycles_per_weight_byte,
            source=board.source,
        )
        fitted = profile.model_copy(update={"latency": calibration})
        write_atomically(data_folder("device_profiles") / f"{name}.yaml", profile_yaml(fitted))


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", type=Path, default=MEASUREMENTS)
    parser.add_argument("--profiles", action="store_true", help="also write the boards' profiles")
    arguments = parser.parse_args()
    rows = published_rows(arguments.measurements)
    fit = fit_all(rows, arguments.measurements)
    for board in fit.boards.values():
        sys.stdout.write(f"{board}\n")
    content = {
        "cores": core_speeds(arguments.measurements, fit.boards),
        "overhead": {build: asdict(figures) for build, figures in fit.overhead.items()},
        "float": fit_float(rows, fit),
    }
    write_atomically(SPEEDS, json.dumps(content, indent=1) + "\n")
    if arguments.profiles:
        write_profiles(fit.boards)


if __name__ == "__main__":
    main()
