"""Refit the flash model of `tuner/devices/flash.py` on real linked firmware.

Code that several kernels share is linked once. So a firmware's code is the core, plus what each kernel adds for
itself, plus each shared part that at least one of the kernels needs. Which kernels share a part is known (they call
the same functions) and stands in `tuner/devices/flash_code.json`; the bytes of each are fitted here, none negative.
A stack counted on few models leans on the nearest one counted on many.

Usage: python reports/validation/fit_flash.py [--check]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import lsq_linear

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "measurements" / "firmware"
MODEL = ROOT / "tuner" / "devices" / "flash_code.json"

PARENT = {
    "m4-cmsis-o3": None,
    "m4-cmsis-os": "m4-cmsis-o3",
    "m4-cmsis-tflm": "m4-cmsis-o3",
    "m7-cmsis-o3": "m4-cmsis-o3",
    "m33-cmsis-o3": "m4-cmsis-o3",
    "m55-cmsis-o3": "m4-cmsis-o3",
    "m0-cmsis-o3": "m4-cmsis-o3",
    "m4-ref-o3": "m4-cmsis-o3",
    "m3-ref-o3": "m4-ref-o3",
    "m0-ref-os": "m4-ref-o3",
    "m4-ref-os": "m0-ref-os",
}
"""The stack that each leans on, in the order of fitting."""

COMPILED = {
    "m4-cmsis-o3": "cortex-m4/cmsis_nn",
    "m4-ref-o3": "cortex-m4/reference",
    "m55-cmsis-o3": "cortex-m55/cmsis_nn",
}
DSCNN = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "AVERAGE_POOL_2D", "RESHAPE"]
Rows = dict[str, dict[frozenset[str], float]]


def observations() -> Rows:
    """Code bytes by stack and set of operators: models, and operators alone from the table of the README."""
    rows: Rows = defaultdict(dict)
    with (FACTS / "models.csv").open() as file:
        for row in csv.DictReader(file):
            stack = f"{row['cpu']}-{row['kernels']}-{row['opt']}"
            rows[stack][frozenset(row["ops"].replace(":", "").split())] = float(row["flash_code"])
    for stack, alone in operators_alone().items():
        base = alone.pop("base (core, libc, startup; no ops)")
        rows[stack][frozenset()] = base
        for name, added in alone.items():
            if name == "SET_DSCNN":
                rows[stack].setdefault(frozenset(DSCNN), base + added)
            elif not name.endswith("_INT8") and not name.startswith("SET_"):
                rows[stack].setdefault(frozenset([name]), base + added)
        for name, added in compiled_alone(stack, alone).items():
            rows[stack].setdefault(frozenset([name]), base + added)
    return rows


def operators_alone() -> dict[str, dict[str, float]]:
    """The README's table of what each operator adds on its own."""
    lines = (FACTS / "README.md").read_text().splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("| op alone"))
    stacks = [cell.strip() for cell in lines[start].split("|")[2:-1]]
    table: dict[str, dict[str, float]] = {stack: {} for stack in stacks}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.split("|")[1:-1]]
        for stack, cell in zip(stacks, cells, strict=True):
            if re.fullmatch(r"\d+", cell):
                table[stack][name] = float(cell)
    return table


def compiled_alone(stack: str, alone: dict[str, float]) -> dict[str, float]:
    """Operators that only the table of compiled sizes has, brought to the scale of the linked ones."""
    column = COMPILED.get(stack)
    if column is None:
        return {}
    with (FACTS.parent / "codesize_compiled.csv").open() as file:
        table = {row["item"].removeprefix("+"): float(row[column]) for row in csv.DictReader(file)}
    scale = statistics.median(alone[name] / table[name] for name in alone if name in table)
    names = [name for name in table if name not in alone and name.isupper() and " " not in name]
    return {name: scale * table[name] for name in names}


def features(operators: frozenset[str], names: list[str], shared: dict[str, list[str]]) -> np.ndarray:
    """One row of the model: 1 for each part that the operators need."""
    row = []
    for name in names:
        if name == "base":
            row.append(1.0)
        elif name in shared:
            row.append(float(any(operator in operators for operator in shared[name])))
        else:
            row.append(float(name in operators))
    return np.array(row)


def fit(
    rows: dict[frozenset[str], float],
    names: list[str],
    shared: dict[str, list[str]],
    parent: np.ndarray | None,
) -> np.ndarray:
    """Bytes of each part; what the rows leave open is decided by the parent, or else for small shares.

    Where nothing tells a kernel's own code from shared code, it is taken for its own: a shared part is held back by
    the number of kernels that it would explain.
    """
    matrix = np.array([features(operators, names, shared) for operators in rows])
    target = np.array(list(rows.values()))
    if parent is None:
        centre, strength = np.zeros(len(names)), 0.001
        scale = np.array([3000.0 / len(shared[name]) if name in shared else 8000.0 for name in names])
    else:
        centre, strength = ratio_prior(rows, names, shared, parent), 0.003
        scale = np.maximum(centre, 300.0)
    left = np.vstack([matrix / target[:, None], strength * np.diag(1.0 / scale)])
    right = np.concatenate([np.ones(len(target)), strength * centre / scale])
    return lsq_linear(left, right, bounds=(0.0, np.inf)).x


def ratio_prior(rows, names, shared, parent):
    """The parent's bytes, scaled by what the two stacks take for the same operators."""
    matrix = np.array([features(operators, names, shared) for operators in rows])
    predicted = matrix @ parent
    return parent * statistics.median(np.array(list(rows.values())) / predicted)


def fit_all(rows: Rows, names: list[str], shared: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """Fit the stacks, each after the one it leans on."""
    fitted: dict[str, np.ndarray] = {}
    for stack, parent in PARENT.items():
        fitted[stack] = fit(rows[stack], names, shared, None if parent is None else fitted[parent])
    return fitted


def main() -> None:
    """Print the errors on left-out models; refit unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="find the errors on left-out models, but refit nothing")
    arguments = parser.parse_args()
    model = json.loads(MODEL.read_text())
    rows = observations()
    shared = model["shared"]
    names = ["base", *sorted({operator for stack in rows.values() for key in stack for operator in key}), *shared]
    fitted = fit_all(rows, names, shared)
    errors = cross_validate(rows, names, shared)
    for stack, values in {**errors, "all": [value for table in errors.values() for value in table]}.items():
        middle = statistics.median(abs(error) for error, _ in values)
        worst, operators = max(values, key=lambda value: abs(value[0]))
        ninth = float(np.quantile([abs(error) for error, _ in values], 0.9))
        figures = f"median {middle:.2%}  90 % within {ninth:.2%}  worst {worst:+.2%}"
        print(f"{stack:14} n {len(values):3}  {figures}  {' '.join(sorted(operators))}")
    write_left_out(errors)
    if not arguments.check:
        model["linked"] = [name for name in names if name != "base" and name not in shared]
        model["stacks"] = {
            stack: {name: round(value) for name, value in zip(names, weights, strict=True) if value >= 0.5}
            for stack, weights in fitted.items()
        }
        MODEL.write_text(json.dumps(model, indent=1) + "\n")


def write_left_out(errors: dict[str, list[tuple[float, frozenset[str]]]]) -> None:
    """Write the error on each left-out set of operators to `flash_left_out.csv`."""
    with (Path(__file__).parent / "flash_left_out.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["stack", "operators", "error"])
        for stack, values in errors.items():
            writer.writerows(
                [stack, " ".join(sorted(operators)), f"{error:.4f}"] for error, operators in sorted(values, key=str)
            )


def cross_validate(rows: Rows, names: list[str], shared: dict[str, list[str]]) -> dict[str, list]:
    """Leave out each set of operators of a model, on all stacks at once, and predict it."""
    errors: dict[str, list] = defaultdict(list)
    with (FACTS / "models.csv").open() as file:
        sets = {frozenset(row["ops"].replace(":", "").split()) for row in csv.DictReader(file)}
    for left_out in sets:
        kept = {stack: {key: value for key, value in table.items() if key != left_out} for stack, table in rows.items()}
        kept = {stack: table or rows[stack] for stack, table in kept.items()}
        fitted = fit_all(kept, names, shared)
        for stack, table in rows.items():
            if left_out in table:
                predicted = features(left_out, names, shared) @ fitted[stack]
                errors[stack].append((predicted / table[left_out] - 1, left_out))
    return errors


if __name__ == "__main__":
    main()
