"""Hold RAM and flash against what others published of TensorFlow Lite Micro firmware.

Published figures are of whole firmwares: the application, its drivers and C library are in them. Each source's
constant share is taken out (the median of its differences), so what is compared is how the figure grows from model
to model. Writes `published_memory.csv` beside this script.

Usage: python reports/validation/published_memory.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tuner.devices.cost import device_cost
from tuner.devices.profile import load_profile
from tuner.inspection.inspect import with_runtime
from tuner.tflite.read import read_graph

HERE = Path(__file__).resolve().parent
FACTS = HERE.parents[2] / "shared" / "measurements"
FEWEST_ROWS = 3
"""Rows of one source and runtime that tell its constant share from the model's."""
CORES = {
    "Cortex-M0+": "cortex-m0plus-48mhz",
    "Cortex-M3": "cortex-m3-100mhz",
    "Cortex-M4": "cortex-m4f-80mhz",
    "Cortex-M7": "cortex-m7-216mhz",
    "Cortex-M33": "cortex-m33-128mhz",
}


def rows() -> pd.DataFrame:
    """Rows of firmwares with TensorFlow Lite Micro on Cortex-M, whose model is at hand."""
    table = pd.read_csv(FACTS / "measurements.csv", low_memory=False)
    usable = table.runtime.str.contains("TFLM|TF-Lite Micro", na=False) & ~table.runtime.str.contains("MVP", na=False)
    usable &= table.groupby(["source", "runtime"]).model_name.transform("count") >= FEWEST_ROWS
    usable &= table.model_file.notna() & (table.ram_kb.notna() | table.flash_kb.notna())
    return table[usable & table.cpu.map(lambda cpu: core(cpu) is not None) & (table.suggested_split != "exclude")]


def core(cpu: object) -> str | None:
    """The generic profile of a core, if there is one."""
    return next((name for text, name in CORES.items() if str(cpu).startswith(text)), None)


def predict(row: pd.Series) -> tuple[float, float]:
    """RAM and flash of the model, runtime included."""
    kernels = "reference" if "reference" in row.runtime else "cmsis-nn"
    build = "os" if "-Os" in row.runtime else "o3" if "-Ofast" in row.runtime else "tflm"
    profile = with_runtime(load_profile(core(row.cpu) or ""), kernels, build)
    cost = device_cost(read_graph((FACTS / row.model_file).read_bytes()), profile)
    return cost.ram.total.value, cost.flash.total.value


def main() -> None:
    """Write the table and print a summary by source."""
    table = rows()[["source", "runtime", "board", "cpu", "model_name", "precision", "model_file", "ram_kb", "flash_kb"]]
    figures = [predict(row) for _, row in table.iterrows()]
    for index, resource in enumerate(("ram", "flash")):
        table[f"{resource}_predicted_kb"] = [figure[index] / 1024 for figure in figures]
        difference = table[f"{resource}_kb"] - table[f"{resource}_predicted_kb"]
        table[f"{resource}_base_kb"] = difference.groupby([table.source, table.runtime, table.board]).transform(
            "median"
        )
        table[f"{resource}_error"] = (table[f"{resource}_predicted_kb"] + table[f"{resource}_base_kb"]) / table[
            f"{resource}_kb"
        ] - 1
    table.round(4).to_csv(HERE / "published_memory.csv", index=False)
    for name, group in table.groupby(["source", "runtime"]):
        parts = []
        for resource in ("ram", "flash"):
            errors = group[f"{resource}_error"].abs().dropna()
            if len(errors):
                base = group[f"{resource}_base_kb"].median()
                parts.append(f"{resource} base {base:.1f} KiB, median {errors.median():.1%}, worst {errors.max():.1%}")
        print(f"{name[0]}, {name[1]} (n {len(group)}): {'; '.join(parts)}")


if __name__ == "__main__":
    main()
