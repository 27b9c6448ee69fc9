"""The tables of `reports/benchmarks/learned_optimizers.md`, from what `run` and `study` kept.

python -m benchmarks.learned_optimizers.report kept.jsonl [more.jsonl]
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Rows = Sequence[dict[str, Any]]

ADAM = "adam 0.001"


def main() -> None:
    rows = [json.loads(line) for path in sys.argv[1:] for line in Path(path).read_text().splitlines()]
    for kind, make in (
        ("meta-test", meta_test),
        ("real", real),
        ("limits", meta_test),
        ("cost", cost),
        ("study", study),
    ):
        found = [row for row in rows if row["kind"] == kind]
        found = complete(found) if kind in ("meta-test", "real", "limits") else found
        if found:
            print(f"\n## {kind}\n")
            for line in make(found):
                print(line)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]


def names(rows: Rows, key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def rates(optimizers: Sequence[str]) -> list[str]:
    return [name for name in optimizers if name.startswith("adam ") and "," not in name]


def complete(rows: Rows) -> Rows:
    """Only seeds with which every optimizer has trained every task."""
    wanted = {(task, name) for task in names(rows, "task") for name in names(rows, "optimizer")}
    seeds = {row["seed"] for row in rows}
    whole = {s for s in seeds if {(r["task"], r["optimizer"]) for r in rows if r["seed"] == s} == wanted}
    return [row for row in rows if row["seed"] in whole]


def figures(rows: Rows, key: str, worst: float) -> dict[tuple[str, str], np.ndarray]:
    """By task and optimizer, the figure of every seed; a failed training counts as the worst."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["seed"]):
        found[row["task"], row["optimizer"]].append(row.get(key, worst))
    return {place: np.array(values) for place, values in found.items()}


def meta_test(rows: Rows) -> Iterable[str]:
    tasks, optimizers = names(rows, "task"), names(rows, "optimizer")
    accuracy, loss = figures(rows, "accuracy", 0.0), figures(rows, "loss", 10.0)
    yield f"{len(tasks)} tasks, seeds {sorted({row['seed'] for row in rows})}; mean accuracy, Adam's best in bold\n"
    lines = []
    for task in tasks:
        means = {name: accuracy[task, name].mean() for name in optimizers}
        best = max(means[name] for name in rates(optimizers))
        steps, size = next((row["steps"], row["parameters"]) for row in rows if row["task"] == task)
        cells = [f"**{v:.3f}**" if n in rates(optimizers) and v == best else f"{v:.3f}" for n, v in means.items()]
        lines.append([task, f"{size:,}", str(steps), *cells])
    yield from table(["task", "weights", "steps", *optimizers], lines)
    yield ""
    lines = []
    for name in optimizers:
        if name == ADAM:
            continue
        better = [accuracy[task, name].mean() > accuracy[task, ADAM].mean() for task in tasks]
        lower = [loss[task, name].mean() < loss[task, ADAM].mean() for task in tasks]
        gaps = gaps_to_best(accuracy, tasks, name, rates(optimizers))
        lines.append(
            [
                name,
                f"{np.mean(better):.0%}",
                f"{np.mean(lower):.0%}",
                f"{100 * gaps.mean():+.1f}",
                f"{100 * gaps.min():+.1f}",
            ]
        )
    head = ["optimizer", f"tasks with more accuracy than {ADAM}", "with less loss"]
    yield from table([*head, "accuracy against the best of five rates, mean, points", "worst task"], lines)


def gaps_to_best(
    values: dict[tuple[str, str], np.ndarray], tasks: Sequence[str], name: str, rivals: Sequence[str]
) -> Any:
    """By task: mean of an optimizer less the mean of the rate that is best on that task, known only afterwards."""
    return np.array([values[task, name].mean() - max(values[task, rate].mean() for rate in rivals) for task in tasks])


def real(rows: Rows) -> Iterable[str]:
    tasks, optimizers = names(rows, "task"), names(rows, "optimizer")
    accuracy, loss = figures(rows, "accuracy", 0.0), figures(rows, "loss", 10.0)
    yield f"seeds {sorted({row['seed'] for row in rows})}; accuracy ± deviation over seeds, and loss\n"
    lines = [
        [
            name,
            *(
                f"{accuracy[t, name].mean():.3f} ± {accuracy[t, name].std(ddof=1):.3f}, {loss[t, name].mean():.3f}"
                for t in tasks
            ),
            f"{100 * gaps_to_best(accuracy, tasks, name, rates(optimizers)).mean():+.1f}",
        ]
        for name in optimizers
    ]
    yield from table(["optimizer", *tasks, "against the best of five rates, mean, points"], lines)


def cost(rows: Rows) -> Iterable[str]:
    tasks, optimizers = names(rows, "task"), names(rows, "optimizer")
    found = {(row["task"], row["optimizer"]): row for row in rows}
    lines = []
    for task in tasks:
        base = found[task, ADAM]
        cells = [f"{found[task, name]['seconds'] / base['seconds']:.2f} ×" for name in optimizers if name != ADAM]
        lines.append([task, f"{base['parameters']:,}", f"{1000 * base['seconds'] / 20:.2f}", *cells])
    others = [name for name in optimizers if name != ADAM]
    yield from table(["network", "weights", "Adam, ms a step", *others], lines)
    yield ""
    large = tasks[np.argmax([found[task, ADAM]["parameters"] for task in tasks])]
    cells = [f"{found[large, name]['bytes'] / found[large, name]['parameters']:.1f}" for name in optimizers]
    yield from table(["", *optimizers], [["bytes a weight kept between steps", *cells]])


def study(rows: Rows) -> Iterable[str]:
    lines = []
    for row in rows:
        volumes = row["hypervolume"]
        marks = [volumes[min(place, len(volumes)) - 1] for place in (3, 6, len(volumes))]
        cells = [f"{value:.3f}" for value in marks]
        lines.append(
            [
                row["optimizer"],
                str(row["seed"]),
                *cells,
                f"{row['accuracy']:.3f}",
                f"{row['seconds']:.0f}",
                f"{100 * volumes[-1] / row['seconds']:.2f}",
            ]
        )
    head = ["optimizer", "seed", "hypervolume after 3 candidates", "6", "all", "best accuracy", "CPU s"]
    yield from table([*head, "hypervolume in 100 CPU s"], lines)


if __name__ == "__main__":
    main()
