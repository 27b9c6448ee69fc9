"""Fit the instructions of one turn of each kernel loop on counted instructions of real firmware.

    python reports/validation/fit_instructions.py [--measurements ../shared/measurements]

Writes `tuner/devices/instructions/coefficients.json` and prints, for each stack, the error of whole models left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tuner.devices.instructions.kernels import loops as operator_loops  # noqa: E402
from tuner.devices.instructions.loops import Call, Loops  # noqa: E402
from tuner.devices.instructions.loops import Path as KernelPath  # noqa: E402
from tuner.files import write_atomically  # noqa: E402
from tuner.graph import Graph  # noqa: E402
from tuner.tflite.read import read_graph  # noqa: E402

COEFFICIENTS = ROOT / "tuner" / "devices" / "instructions" / "coefficients.json"

Turns = dict[str, float]
Kernels = dict[str, Turns]

PARENTS: Mapping[str, str | None] = {
    "m4-cmsis-o3": None,
    "m4-ref-o3": "m4-cmsis-o3",
    "m0-ref-os": "m4-ref-o3",
    "m0-cmsis-o3": "m0-ref-os",
    "m3-ref-o3": "m4-ref-o3",
    # What -Os does to the reference kernels' index arithmetic counts for more than the instruction set.
    "m4-ref-os": "m0-ref-os",
    "m4-cmsis-os": "m4-cmsis-o3",
    "m4-cmsis-tflm": "m4-cmsis-o3",
    "m33-cmsis-o3": "m4-cmsis-o3",
    "m7-cmsis-o3": "m4-cmsis-o3",
    "m55-cmsis-o3": "m4-cmsis-o3",
}
"""The stack whose kernels serve one that lacks them, and toward which few rows are drawn; parents come first."""

TYPICAL_CALL = 400.0
"""Instructions of an operator's preamble where too few rows tell it from the loops."""

ANALOGOUS: Mapping[str, tuple[str, ...]] = {
    "depthwise_generic": ("depthwise_generic_plain", "depthwise_by_four_dsp", "depthwise_reference"),
    "depthwise_by_four": ("depthwise_generic_dsp", "depthwise_generic_plain"),
    "depthwise_f32": ("depthwise_reference",),
    "depthwise_as_conv_mve": ("conv_mve",),
    "average_pool": ("average_pool_f32", "max_pool_reference"),
    "max_pool_f32": ("max_pool_reference",),
    "conv_1xn_mve": ("pointwise_mve",),
    "svdf": ("dense_dsp",),
}
"""Kernels whose loops resemble those of others, by the beginning of their name: where few rows tell a kernel's loops
apart, they are split as in the first of these that was fitted."""

STATED: Mapping[str, Kernels] = {
    "m0-cmsis-o3": {"average_pool_plain": {"call": 400.0, "output": 140.0, "tap": 25.0}},
}
"""Kernels without a counted row: from their source, held against one layer that was timed on an RP2040."""

_TOWARD_PRIOR = 1e-6


@dataclass(frozen=True)
class Row:
    """One operator executed: where, by which loops, how many instructions."""

    model: str
    stack: str
    loops: Loops
    instructions: float


def kernel_path(cpu: str, kernels: str) -> KernelPath:
    """Return the implementation that a counted stack runs."""
    if kernels == "ref":
        return KernelPath.REFERENCE
    return {"m0": KernelPath.PLAIN, "m3": KernelPath.PLAIN, "m55": KernelPath.MVE}.get(cpu, KernelPath.DSP)


def read_graphs(measurements: Path) -> dict[str, Graph]:
    """Return the graph of every model that was executed."""
    table = pd.read_csv(measurements / "firmware" / "models.csv")[["model", "file"]].drop_duplicates()
    graphs = {}
    for model, file in table.itertuples(index=False):
        folder = next(folder for folder in (measurements / "firmware", measurements) if (folder / file).is_file())
        graphs[model] = read_graph((folder / file).read_bytes())
    return graphs


def read_rows(measurements: Path, graphs: Mapping[str, Graph]) -> list[Row]:
    """Return every counted operator with its loops."""
    table = pd.read_csv(measurements / "firmware" / "kernels.csv")
    rows = []
    for record in table.to_dict("records"):
        graph = graphs[record["model"]]
        call = Call.of(graph.operators[record["index"]], graph)
        loops = operator_loops(call, kernel_path(record["cpu"], record["kernels"]))
        stack = f"{record['cpu']}-{record['kernels']}-{record['opt']}"
        rows.append(Row(record["model"], stack, loops, float(record["instructions"])))
    return rows


def fit_kernel(rows: list[Row], prior: Mapping[str, float]) -> Turns:
    """Fit one kernel's loops: non-negative, least absolute error of the logarithm, drawn to `prior`.

    The absolute error keeps rows whose count depends on data (a softmax that skips its exponentials) from
    bending the others. The prior is scaled to the rows first, so that only its proportions count.
    """
    names = sorted({name for row in rows for name in row.loops.counts})
    counts = np.array([[row.loops.counts.get(name, 0.0) for name in names] for row in rows])
    relative = counts / np.array([[row.instructions] for row in rows])
    size = np.sqrt((relative**2).mean(axis=0))
    size[size == 0] = 1.0
    target = np.array([prior.get(name, 0.0) for name in names])
    if len(prior) > 1 and target.any():
        target *= np.median(1 / np.maximum(relative @ target, 1e-9))
    # Where rows are too few, a loop that the prior knows is held to it: the others explain what is left.
    few = len(np.unique(relative, axis=0)) <= len(names)
    pull = np.sqrt(_TOWARD_PRIOR * len(rows)) * np.where(few & (target > 0), 30.0, 1.0)
    best = np.inf
    solution = np.zeros(len(names))
    for start in (1.0, 8.0):  # from the middle, and from above: most rows of a kernel that skips work skip little
        weights = np.ones(len(rows))
        for step in range(30):
            system = np.vstack([relative / size * weights[:, None], np.diag(pull)])
            candidate, _ = nnls(system, np.concatenate([weights, pull * target * size]), maxiter=10_000)
            ratios = relative / size @ candidate
            weights = importance(ratios * (start if step == 0 else 1.0))
        error = float(np.abs(np.log(np.maximum(ratios, 1e-3))).sum())
        if error < best:
            best, solution = error, candidate
    return {name: float(f"{value:.6g}") for name, value in zip(names, solution / size, strict=True) if value > 0}


def importance(ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights by which the next least-squares step lessens the absolute error of the logarithm."""
    deviations = np.where(np.abs(ratios - 1) < 2e-3, 2e-3, np.abs(ratios - 1))
    logarithms = np.maximum(np.abs(np.log(np.maximum(ratios, 1e-3))), 2e-3)
    weights = np.sqrt(logarithms) / deviations
    return np.asarray(weights / weights.max())


def fit_stacks(rows: Iterable[Row], models: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Fit all stacks, parents first."""
    by_stack: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        by_stack.setdefault(row.stack, {}).setdefault(row.loops.kernel, []).append(row)
    fitted: dict[str, dict[str, object]] = {}
    known: dict[str, Kernels] = {}
    for stack, parent in PARENTS.items():
        if stack not in by_stack:
            continue
        inherited = known[parent] if parent else {}
        scale = parent_scale(by_stack[stack], inherited)
        inherited = {
            kernel: {loop: scale * turn for loop, turn in turns.items()} for kernel, turns in inherited.items()
        }
        kernels: Kernels = {}
        for kernel, kernel_rows in sorted(
            by_stack[stack].items(), key=lambda item: (bool(analogues(item[0])), item[0])
        ):
            kernels[kernel] = fit_kernel(kernel_rows, prior_of(kernel, inherited | kernels))
        kernels = {**STATED.get(stack, {}), **kernels}
        known[stack] = inherited | kernels
        call, operator = overhead(models[models["stack"] == stack])
        fitted[stack] = {
            "parent": parent,
            "parent_scale": round(scale, 4),
            "call": call,
            "operator": operator,
            "kernels": kernels,
        }
    return fitted


def analogues(kernel: str) -> tuple[str, ...]:
    """Return the kernels whose proportions may stand in for this one's."""
    return next((names for prefix, names in ANALOGOUS.items() if kernel.startswith(prefix)), ())


def prior_of(kernel: str, known: Kernels) -> Turns:
    """Return the turns toward which a kernel is drawn where its rows say nothing."""
    for name in (kernel, *analogues(kernel)):
        if name in known:
            return known[name]
    return {"call": TYPICAL_CALL}


def parent_scale(rows: Mapping[str, list[Row]], inherited: Kernels) -> float:
    """Median ratio of the stack's counts to its parent's, over the kernels that both have."""
    ratios = [
        float(np.median([row.instructions / predict(row.loops, inherited[kernel]) for row in kernel_rows]))
        for kernel, kernel_rows in rows.items()
        if kernel in inherited
    ]
    return float(np.median(ratios)) if ratios else 1.0


def predict(loops: Loops, turns: Mapping[str, float]) -> float:
    """Instructions of an operator."""
    return max(sum(turns.get(loop, 0.0) * count for loop, count in loops.counts.items()), 1.0)


def overhead(models: pd.DataFrame) -> tuple[float, float]:
    """Instructions of the interpreter: of a call, and of each operator."""
    counts = np.column_stack([np.ones(len(models)), models.n_ops])
    solution, _ = nnls(counts, models.instructions - models.operators)
    return float(round(solution[0], 1)), float(round(solution[1], 2))


def model_table(measurements: Path) -> pd.DataFrame:
    """Return the executed models with the sum of their operators."""
    models = pd.read_csv(measurements / "firmware" / "models.csv")
    kernels = pd.read_csv(measurements / "firmware" / "kernels.csv")
    for table in (models, kernels):
        table["stack"] = table.cpu + "-" + table.kernels + "-" + table.opt
    sums = kernels.groupby(["model", "stack"]).instructions.sum().rename("operators").reset_index()
    return models.merge(sums, on=["model", "stack"])


def cross_validate(rows: list[Row], models: pd.DataFrame, folds: int = 10) -> pd.DataFrame:
    """Return the models with the count predicted by fits that have never seen them, on any core."""
    names = sorted(models.model.unique())
    fold_of = {name: index % folds for index, name in enumerate(names)}
    predicted = []
    for fold in range(folds):
        fitted = fit_stacks([row for row in rows if fold_of[row.model] != fold], models)
        left_out = [row for row in rows if fold_of[row.model] == fold]
        predicted.append(predict_models(left_out, fitted, models))
    return pd.concat(predicted, ignore_index=True)


def predict_models(rows: list[Row], fitted: Mapping[str, Mapping[str, object]], models: pd.DataFrame) -> pd.DataFrame:
    """Return the predicted and counted instructions of every model and stack among the rows."""
    sums: dict[tuple[str, str], float] = {}
    unseen: set[tuple[str, str]] = set()
    cache: dict[str, Kernels] = {}
    for row in rows:
        kernels = cache.setdefault(row.stack, inherited_kernels(fitted, row.stack))
        if row.loops.kernel not in kernels:
            unseen.add((row.model, row.stack))
        turns = kernels.get(row.loops.kernel, {"call": TYPICAL_CALL, "element": 10.0})
        sums[row.model, row.stack] = sums.get((row.model, row.stack), 0.0) + predict(row.loops, turns)
    table = pd.DataFrame([(*key, value) for key, value in sums.items()], columns=["model", "stack", "predicted"])
    table = table.merge(models[["model", "stack", "n_ops", "instructions"]], on=["model", "stack"])
    for record in table.itertuples():
        stack = fitted[str(record.stack)]
        table.loc[record.Index, "predicted"] += stack["call"] + stack["operator"] * record.n_ops  # type: ignore[operator]
    table["error"] = table.predicted / table.instructions - 1
    table["seen"] = [key not in unseen for key in zip(table.model, table["stack"], strict=True)]
    return table


def inherited_kernels(fitted: Mapping[str, Mapping[str, object]], stack: str) -> Kernels:
    """Return a stack's kernels and, scaled, those of its parents."""
    entry = fitted[stack]
    kernels: Kernels = {}
    if entry["parent"]:
        parents = inherited_kernels(fitted, str(entry["parent"]))
        scale = float(entry["parent_scale"])  # type: ignore[arg-type]
        kernels = {kernel: {loop: scale * turn for loop, turn in turns.items()} for kernel, turns in parents.items()}
    return kernels | entry["kernels"]  # type: ignore[operator]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return median, 90 % and worst error of each stack."""

    def describe(errors: pd.Series) -> pd.Series:
        size: NDArray[np.float64] = errors.abs().to_numpy()
        figures = {"models": len(size), "median": np.median(size), "p90": np.quantile(size, 0.9), "worst": size.max()}
        return pd.Series(figures)

    return table.groupby("stack").error.apply(describe).unstack()


def main() -> None:
    """Fit, cross-validate, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=ROOT.parent / "shared" / "measurements")
    measurements = parser.parse_args().measurements
    if not (measurements / "firmware" / "kernels.csv").is_file():
        sys.exit(f"no measurements in {measurements}: give their folder with --measurements")
    graphs = read_graphs(measurements)
    rows, models = read_rows(measurements, graphs), model_table(measurements)
    left_out = cross_validate(rows, models)
    print("left-out models, all:", summary(left_out).round(4).to_string(), sep="\n")
    seen = left_out[left_out.seen]
    print("left-out models whose operators all occur in others:", summary(seen).round(4).to_string(), sep="\n")
    fitted = fit_stacks(rows, models)
    for stack, errors in seen.groupby("stack").error:
        fitted[stack]["spread"] = round(max(float(np.quantile(errors.abs(), 0.9)), 0.005), 4)
    write(fitted)


def write(fitted: Mapping[str, Mapping[str, object]]) -> None:
    """Write the coefficients, whole or not at all."""
    content = {"stacks": fitted, "moved": {"call": TYPICAL_CALL, "element": 10.0}}
    write_atomically(COEFFICIENTS, json.dumps(content, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
