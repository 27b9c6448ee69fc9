"""Train tasks with Adam at five rates and with learned optimizers, at equal steps; one line of JSON per training.

    OMP_NUM_THREADS=1 python -m benchmarks.learned_optimizers.run meta-test --kept kept.jsonl [--seeds 3]
    OMP_NUM_THREADS=1 python -m benchmarks.learned_optimizers.run real --kept kept.jsonl --data FOLDER [--seeds 5]
    OMP_NUM_THREADS=1 python -m benchmarks.learned_optimizers.run limits --kept kept.jsonl
    OMP_NUM_THREADS=1 python -m benchmarks.learned_optimizers.run cost --kept kept.jsonl

What stands in the file is not run again. `celo` and `celo-adam` take part if their weights are given by environment
variables. `python -m benchmarks.learned_optimizers.report kept.jsonl` makes the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.learned_optimizers.cost import costs
from benchmarks.learned_optimizers.real import real_tasks
from benchmarks.learned_optimizers.tasks import LIMITS, META_TEST, Task
from tuner.candidate import Settings, Training
from tuner.errors import StageError
from tuner.training.fit import fit
from tuner.training.learned.published import SOURCES

SHIPPED = {"meta-test": META_TEST, "limits": LIMITS}
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)


def optimizers() -> dict[str, Settings]:
    """Everything that takes part, by the name it has in the tables."""
    found = {f"adam {rate:g}": Settings.of("adam", learning_rate=rate) for rate in RATES}
    found["adam 0.003, cosine"] = Settings.of("adam", learning_rate=0.003, schedule="cosine")
    found["learned"] = Settings.of("learned")
    given = (name for name, source in SOURCES.items() if source.variable in os.environ)
    return found | {name: Settings.of(name) for name in given}


def trainings(
    kind: str, tasks: Sequence[Task], wanted: Mapping[str, Settings], seeds: int, done: set[tuple[Any, ...]]
) -> Iterator[dict[str, Any]]:
    for seed in range(seeds):
        for task in tasks:
            left = {n: s for n, s in wanted.items() if (kind, task.name, n, seed) not in done}
            if not left:
                continue
            train, validation = task.data()
            network = task.network(train)
            for name, settings in left.items():
                training = Training(settings, batch_size=task.batch, epochs=task.epochs, patience=task.epochs)
                row = {"kind": kind, "task": task.name, "optimizer": name, "seed": seed}
                row["steps"] = task.epochs * -(-len(train) // task.batch)
                started = time.process_time()
                try:
                    trained = fit(network, training, train, validation, seed=seed)
                except StageError as error:
                    yield row | {"failed": str(error)}
                    continue
                best = trained.history[trained.best_epoch - 1]
                row["parameters"] = sum(value.size for value in trained.weights.values())
                yield row | {
                    "loss": best.val_loss,
                    "accuracy": best.val_measure,
                    "best_epoch": trained.best_epoch,
                    "last_loss": trained.history[-1].val_loss,
                    "seconds": time.process_time() - started,
                }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("meta-test", "real", "limits", "cost"))
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=(), help="optimizers that are left out")
    options = parser.parse_args()
    wanted = {name: settings for name, settings in optimizers().items() if name not in options.without}
    rows = [json.loads(line) for line in options.kept.read_text().splitlines()] if options.kept.exists() else []
    done = {(row["kind"], row["task"], row["optimizer"], row["seed"]) for row in rows}
    if options.what == "cost":
        found = costs(wanted)
    elif options.what in SHIPPED:
        found = trainings(options.what, SHIPPED[options.what], wanted, options.seeds, done)
    else:
        found = trainings("real", real_tasks(options.data), wanted, options.seeds, done)
    with options.kept.open("a") as file:
        for row in found:
            print(json.dumps(row), file=file, flush=True)


if __name__ == "__main__":
    main()
