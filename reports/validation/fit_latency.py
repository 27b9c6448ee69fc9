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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from published import MEASUREMENTS, ROOT, Published, published_rows
from scipy.optimize import nnls

from tuner.devices.instructions import counts, is_float, is_window
from tuner.devices.instructions.loops import Call
from tuner.devices.profile import Calibration, load_profile, profile_yaml
from tuner.package_data import data_folder
from tuner.tflite.read import read_graph

SPEEDS = ROOT / "tuner" / "devices" / "speeds.json"

_FITTED = ("calibrate", "calibrate-variant", "leave-one-model-out")
_OLD_RUNTIME = "TF-Lite Micro (TF 2.1"
"""A runtime of 2020 whose kernels took 2.5 times as long: no guide to the present one."""


@dataclass(frozen=True)
class Overhead:
    """What an inference takes beside its kernels, in instructions."""

    call: float
    operator: float
    input_value: float


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


def left_out_errors(rows: Sequence[Published], overhead: Mapping[str, Overhead]) -> list[float]:
    """Relative errors of each model by the speed of the others."""
    errors = []
    for model in sorted({row.model for row in rows}):
        speed = median_speed([row for row in rows if row.model != model], overhead)
        errors += [
            speed * equivalent(row, overhead[row.stack.build]) / row.cycles - 1 for row in rows if row.model == model
        ]
    return errors


def interval(errors: Sequence[float], least: float = 0.06) -> float:
    """Half-width that holds nine errors of ten, with room for how few they are."""
    share = min(1.0, 0.9 * (1 + 1 / len(errors)))
    return round(max(float(np.quantile(np.abs(errors), share)), least), 3)


def fit_boards(rows: Sequence[Published], overhead: Mapping[str, Overhead]) -> dict[tuple[str, str], BoardSpeed]:
    """Fit each board and kernel set that has rows to fit, by the profile's name and the kernels."""
    groups: dict[tuple[str, str], list[Published]] = {}
    for row in rows:
        if row.precision == "int8" and row.split in _FITTED and not row.runtime.startswith(_OLD_RUNTIME):
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
    boards = {}
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


def fit_float(rows: Sequence[Published], overhead: Mapping[str, Overhead], speed: float) -> dict[str, object]:
    """Fit by how much floating-point kernels take longer than their instructions say, with and without an FPU."""
    factors: dict[str, object] = {}
    errors: list[float] = []
    for name, has_fpu in (("hardware", True), ("software", False)):
        group = [row for row in rows if _is_float_row(row) and row.device().has_fpu is has_fpu]
        terms = []
        for row in group:
            network = counts(row.graph, row.device().core, "cmsis-nn", "o3")
            kernels = [operator for operator in network.operators if is_float(operator.kernel)]
            windows = sum(operator.instructions for operator in kernels if is_window(operator.kernel))
            others = sum(operator.instructions for operator in kernels) - windows
            rest = equivalent(row, overhead["o3"]) - windows - others
            terms.append((windows, others, rest, row.cycles / speed))
        table = np.array(terms)
        relative = table[:, :3] / table[:, 3:]
        weights, _ = nnls(relative[:, :2], 1 - relative[:, 2])
        factors[name] = dict(zip(("window", "other"), weights.round(2).tolist(), strict=True))
        errors += (relative[:, :2] @ weights + relative[:, 2] - 1).tolist()
    return {**factors, "spread": interval(errors)}


def _is_float_row(row: Published) -> bool:
    return row.precision == "float32" and row.stack.profile == "nucleo-l4r5zi" and row.stack.build == "o3"


def core_speeds(measurements: Path, boards: Mapping[tuple[str, str], BoardSpeed]) -> dict[str, dict[str, object]]:
    """Return the speed of each core and kernel set, for boards that nobody measured."""
    m7 = [boards[name, "cmsis-nn"].cycles_per_instruction for name in _M7_BOARDS]
    m4 = pipeline(measurements, "cmsis")
    stalls = [
        (boards[name, "cmsis-nn"].cycles_per_instruction - m4) / (load_profile(name).clock_hz / 1e6)
        for name in ("nucleo-l4r5zi", "nucleo-f446re")
    ]
    stall = float(np.mean(stalls))
    m33, pico = boards["xg24-dk2601b", "cmsis-nn"], boards["raspberry-pi-pico", "cmsis-nn"]
    m7_reference = boards["nucleo-h743zi2", "reference"].cycles_per_instruction
    by_reference = pipeline(measurements, "ref") / m4
    m4_source = "pipeline of the Cortex-M4 and flash stalls that grow with the clock, as on NUCLEO-L4R5ZI and -F446RE"
    m7_source = "mean of NUCLEO-F746ZG, NUCLEO-F767ZI and STM32H743"
    m55_source = "single operators on the Apollo510 (Ambiq heliaRT): 0.96 to 1.23 cycles per instruction"
    esp_source = "kernels on the ESP32-S3 (ESP-NN README), relative to the instructions of CMSIS-NN on a Cortex-M4"
    p4_source = "kernels on the ESP32-P4 (ESP-NN README), relative to the instructions of CMSIS-NN on a Cortex-M4"
    guess = "no measurement of this core and kernels: from the nearest that has one"
    return {
        "m0-cmsis": _core(
            pico.cycles_per_instruction, 0.3, f"as on the RP2040: {pico.source}", pico.cycles_per_weight_byte
        ),
        "m0-ref": _core(pico.cycles_per_instruction, 0.5, guess, pico.cycles_per_weight_byte),
        "m3-cmsis": _core(m4, 0.5, guess, stall=stall),
        "m3-ref": _core(m4, 0.5, guess, stall=stall),
        "m4-cmsis": _core(m4, 0.25, m4_source, stall=stall),
        "m4-ref": _core(m4 * by_reference, 0.5, guess, stall=stall),
        "m7-cmsis": _core(float(np.mean(m7)), 0.18, m7_source),
        "m7-ref": _core(m7_reference, 0.35, boards["nucleo-h743zi2", "reference"].source),
        "m33-cmsis": _core(m33.cycles_per_instruction, 0.3, f"as on the xG24: {m33.source}", 10.0),
        "m33-ref": _core(m33.cycles_per_instruction, 0.5, guess, 10.0),
        "m55-cmsis": _core(1.05, 0.35, m55_source),
        "m55-ref": _core(1.1, 0.4, m55_source),
        "lx7-esp-nn": _core(0.55, 0.8, esp_source, arena=6.0),
        "lx7-ref": _core(1.05, 0.8, "kernels on the ESP32-S3 (ESP-NN README)", arena=6.0),
        "lx6-esp-nn": _core(2.2, 1.0, guess, arena=6.0),
        "lx6-ref": _core(1.2, 1.0, guess, arena=6.0),
        "riscv-esp-nn": _core(1.1, 1.0, p4_source, arena=6.0),
        "riscv-ref": _core(0.9, 0.8, "kernels on the ESP32-P4 (ESP-NN README)", arena=6.0),
        "rx-ref": _core(4.0, 3.0, _RX),
        "a-xnnpack": _core(1.0, 1.5, guess),
        "other": _core(1.5, 1.0, guess),
    }


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


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


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
        write(data_folder("device_profiles") / f"{name}.yaml", profile_yaml(fitted))


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", type=Path, default=MEASUREMENTS)
    parser.add_argument("--profiles", action="store_true", help="also write the boards' profiles")
    arguments = parser.parse_args()
    rows = published_rows(arguments.measurements)
    edgemark = [row for row in rows if row.stack.profile == "nucleo-l4r5zi" and row.precision == "int8"]
    overhead = {build: fit_overhead([row for row in edgemark if row.stack.build == build]) for build in ("o3", "os")}
    overhead["tflm"] = overhead["os"]
    boards = fit_boards(rows, overhead)
    boards |= sister_boards(arguments.measurements, boards["nucleo-f746zg", "cmsis-nn"])
    boards["raspberry-pi-pico", "cmsis-nn"] = fit_pico(arguments.measurements)
    boards["xg24-dk2601b", "cmsis-nn"] = fit_xg24(rows, overhead)
    for board in boards.values():
        print(board)
    content = {
        "cores": core_speeds(arguments.measurements, boards),
        "overhead": {build: asdict(figures) for build, figures in overhead.items()},
        "float": fit_float(rows, overhead, boards["nucleo-l4r5zi", "cmsis-nn"].cycles_per_instruction),
    }
    write(SPEEDS, json.dumps(content, indent=1) + "\n")
    if arguments.profiles:
        write_profiles(boards)


if __name__ == "__main__":
    main()
