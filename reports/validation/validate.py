"""Check the estimators against everything that was published or counted, and write the page and its tables.

    python reports/validation/validate.py [--measurements ../shared/measurements]

Writes `latency.csv`, `instructions.csv`, `memory.csv` and `index.html` beside this script; the page also shows what
`fit_flash.py` and `published_memory.py` have written there. Latency is given three
ways: by the profile as shipped; by a figure fitted without the row's model; and as for a board that nobody
measured, by the core's figure fitted without anything from the row's board.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import fit_instructions
import pandas as pd
from fit_latency import OLD_RUNTIME, Fit, fit_all, predict_left_out, without_board
from page import render
from published import MEASUREMENTS, Published, published_rows

from tuner.devices.arena import plan_arena
from tuner.devices.cost import arena_target
from tuner.devices.flash import code_bytes
from tuner.devices.latency import equivalent_instructions, network_latency
from tuner.devices.profile import DeviceProfile, load_profile
from tuner.estimate import Method
from tuner.files import write_atomically
from tuner.graph import Graph

HERE = Path(__file__).parent

_COUNTED_PROFILES: Mapping[str, str] = {
    "m0": "cortex-m0plus-48mhz",
    "m3": "cortex-m3-100mhz",
    "m4": "cortex-m4f-80mhz",
    "m7": "cortex-m7-216mhz",
    "m33": "cortex-m33-128mhz",
    "m55": "cortex-m55-160mhz",
}


def latency_table(rows: list[Published], measurements: Path) -> pd.DataFrame:
    """Return published and predicted latency of every usable row."""
    fit = fit_all(rows, measurements)
    records = []
    for row in rows:
        device = stated_device(row)
        estimate = network_latency(row.graph, device, Method.CONVERTED)
        left_out = model_left_out(row, rows, fit)
        elsewhere, spread = board_left_out(row, fit, device, measurements)
        records.append(
            {
                "source": row.source,
                "device": row.board,
                "stack": f"{row.stack.kernels} {row.stack.build}",
                "runtime": row.runtime,
                "model": row.model,
                "precision": row.precision,
                "quality": row.quality,
                "split": row.split,
                "published_ms": row.latency_ms,
                "predicted_ms": estimate.value,
                "low_ms": estimate.low,
                "high_ms": estimate.high,
                "model_left_out_ms": left_out,
                "board_left_out_ms": elsewhere,
                "board_left_out_spread": spread,
                "calibrated": is_calibrated(row, fit),
            }
        )
    table = pd.DataFrame(records)
    for name in ("predicted", "model_left_out", "board_left_out"):
        table[f"{name}_error"] = table[f"{name}_ms"] / table.published_ms - 1
    table["inside"] = table.published_ms.between(table.low_ms, table.high_ms)
    own = table.high_ms / table.predicted_ms
    for name, reach in (("model_left_out", own), ("board_left_out", 1 + table.board_left_out_spread)):
        ratio = table.published_ms / table[f"{name}_ms"]
        table[f"{name}_inside"] = ratio.between(1 / reach, reach).where(ratio.notna())
    return table


def is_calibrated(row: Published, fit: Fit) -> bool:
    """Say whether the row's board and stack were fitted."""
    return (row.stack.profile, row.stack.kernels) in fit.boards and not row.runtime.startswith(OLD_RUNTIME)


def stated_device(row: Published) -> DeviceProfile:
    """Return the row's device; a board's speed is not taken for kernels that it was not fitted on."""
    device = row.device()
    if device.kernels != load_profile(row.stack.profile).kernels:
        return device.model_copy(update={"latency": None})
    return device


def model_left_out(row: Published, rows: list[Published], fit: Fit) -> float | None:
    """Predict a row by the other models of its board and stack; `None` if there are too few."""
    others = [other for other in rows if other.key == row.key and other.precision == row.precision]
    others = [other for other in others if other.model != row.model]
    if len({other.model for other in others}) < 2 or row.precision == "float32":
        return None
    return predict_left_out(row, others, fit.overhead) / (1e3 * row.clock_mhz)


def board_left_out(
    row: Published, fit: Fit, device: DeviceProfile, measurements: Path
) -> tuple[float | None, float | None]:
    """Predict a row as for a board that nobody measured; `None` if no other board has its core and kernels."""
    core = without_board(row, fit, measurements)
    if core is None or row.precision == "float32":
        return None, None
    instructions, _ = equivalent_instructions(row.graph, device)
    speed = core.cycles_per_instruction + core.stall * row.clock_mhz
    return speed * instructions / (1e3 * row.clock_mhz), core.spread


def memory_table(measurements: Path, graphs: Mapping[str, Graph]) -> pd.DataFrame:
    """Return arena and code of every linked and executed model beside what is predicted."""
    models = pd.read_csv(measurements / "firmware" / "models.csv")
    records = []
    for record in models.to_dict("records"):
        graph = graphs[record["model"]]
        device = counted_device(record["cpu"], record["kernels"], record["opt"])
        plan = plan_arena(graph, arena_target(device))
        code = code_bytes((*graph.kinds(), *graph.listed_kinds), device.core, device.kernels, device.build)
        records.append(
            {
                "model": record["model"],
                "stack": f"{record['cpu']}-{record['kernels']}-{record['opt']}",
                "arena_used": record["arena_used"],
                "arena_used_predicted": plan.used,
                "arena_min": record["arena_min"],
                "arena_min_predicted": plan.minimum,
                "flash_code": record["flash_code"],
                "flash_code_predicted": round(code.total),
            }
        )
    return pd.DataFrame(records)


def counted_device(cpu: str, kernels: str, build: str) -> DeviceProfile:
    """Return a generic core with the stack that was linked."""
    profile = load_profile(_COUNTED_PROFILES[cpu])
    runtime = {"kernels": {"cmsis": "cmsis-nn", "ref": "reference"}[kernels], "build": build}
    return profile.model_copy(update={"runtime": profile.runtime.model_copy(update=runtime)})


def instruction_table(measurements: Path, graphs: Mapping[str, Graph]) -> pd.DataFrame:
    """Return executed instructions of each model, counted and predicted by fits that have never seen it."""
    rows = fit_instructions.read_rows(measurements, dict(graphs))
    models = fit_instructions.model_table(measurements)
    return fit_instructions.cross_validate(rows, models).sort_values(["stack", "model"])


def main() -> None:
    """Validate and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", type=Path, default=MEASUREMENTS)
    parser.add_argument("--output", type=Path, default=HERE)
    arguments = parser.parse_args()
    measurements, output = arguments.measurements, arguments.output
    rows = published_rows(measurements)
    graphs = fit_instructions.read_graphs(measurements)
    latency = latency_table(rows, measurements)
    instructions = instruction_table(measurements, graphs)
    memory = memory_table(measurements, graphs)
    for name, table in (("latency", latency), ("instructions", instructions), ("memory", memory)):
        write_atomically(output / f"{name}.csv", table.to_csv(index=False, float_format="%.5g"))
    code, published = (pd.read_csv(HERE / f"{name}.csv") for name in ("flash_left_out", "published_memory"))
    write_atomically(output / "index.html", render(latency, instructions, memory, code, published))
    calibrated = latency[latency.split.isin(("calibrate", "calibrate-variant", "leave-one-model-out"))]
    sys.stdout.write(calibrated.groupby(["device", "stack"]).predicted_error.describe().round(3).to_string() + "\n")


if __name__ == "__main__":
    main()
