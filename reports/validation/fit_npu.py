"""Refit the speed of accelerators that no simulator is at hand for: Silicon Labs MVP and ST Neural-ART.

A line through published latencies of whole models: cycles of an inference, of each operator, multiply-accumulate,
output element and weight byte, none negative, with relative errors. The spread comes from models left out, one by
one, with all their rows. Rows of the MVP's first software (MLPerf Tiny v0.7) are left out: its next version halved
the latency of the same models.

Usage: python reports/validation/fit_npu.py [--check]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tuner.devices.npu_published import FEATURES, features
from tuner.tflite.read import read_graph

ROOT = Path(__file__).resolve().parents[2]
MEASUREMENTS = ROOT.parent / "shared" / "measurements"
MODEL = ROOT / "tuner" / "devices" / "npu_speeds.json"

UNITS = {
    "mvp": ("MVP", 78e6, "Silicon Labs MLTK and MLPerf Tiny v1.0, {models} models on the xG24 at 78 MHz"),
    "neural-art": ("Neural-ART", 1e9, "STM32 model zoo, {models} models on the STM32N6570-DK"),
}
"""By accelerator: how its processor is called in the rows, its clock, and the source to state."""


def rows(processor: str) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return model files, features and milliseconds of the usable rows."""
    files, facts, milliseconds = [], [], []
    with (MEASUREMENTS / "measurements.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            usable = row["model_file"] and row["latency_ms"] and row["source"] != "MLPerf Tiny v0.7"
            if processor in row["cpu"] and usable:
                files.append(row["model_file"])
                facts.append(features(read_graph((MEASUREMENTS / row["model_file"]).read_bytes())))
                milliseconds.append(float(row["latency_ms"]))
    return files, np.array(facts, float), np.array(milliseconds)


def fit(facts: NDArray[np.float64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cycles per feature, none negative, that make the relative errors smallest."""
    return np.asarray(nnls(facts / cycles[:, None], np.ones(len(cycles)))[0])


def left_out(files: list[str], facts: NDArray[np.float64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ratio of prediction to measurement, each model predicted from the others."""
    names = np.array(files)
    predicted = [facts[i] @ fit(facts[names != names[i]], cycles[names != names[i]]) for i in range(len(names))]
    return np.array(predicted) / cycles


def nine_of_ten(errors: NDArray[np.float64]) -> float:
    """Return the error that holds nine new models of ten (split conformal: one row more than the plain quantile)."""
    return float(np.sort(errors)[min(math.ceil(0.9 * (len(errors) + 1)), len(errors)) - 1])


def main() -> None:
    """Fit every accelerator, print the errors and write the speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="print the errors, write nothing")
    check = parser.parse_args().check
    speeds = {}
    for name, (processor, clock, source) in UNITS.items():
        files, facts, milliseconds = rows(processor)
        cycles = milliseconds * 1e-3 * clock
        ratio = left_out(files, facts, cycles)
        spread = math.expm1(nine_of_ten(np.abs(np.log(ratio))))
        print(
            f"{name}: {len(files)} rows, {len(set(files))} models; left out: median |error| "
            f"{np.median(np.abs(ratio - 1)):.1%}, mean {np.mean(np.abs(ratio - 1)):.1%}, spread {spread:.2f}"
        )
        speeds[name] = {
            "cycles": dict(zip(FEATURES, (round(float(value), 6) for value in fit(facts, cycles)), strict=True)),
            "spread": round(spread, 2),
            "source": source.format(models=len(set(files))),
        }
    if not check:
        MODEL.write_text(json.dumps(speeds, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
