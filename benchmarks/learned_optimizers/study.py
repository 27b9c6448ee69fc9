"""A study with the learned optimizer against one that searches Adam's learning rate, at equal trained candidates.

Both search windows, preprocessing and networks of the smartwatch exercises for one board, from equal seeds; they differ
in the optimizer alone. Time is the process' own, all of a study included, so other work on the machine does not count.

    OMP_NUM_THREADS=1 python -m benchmarks.learned_optimizers.study --data FOLDER --kept kept.jsonl [--trials 15]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from examples.motion.prepare import write
from tuner import Study
from tuner.report.course import covered

BOARD = "raspberry-pi-pico"

OPTIMIZERS: dict[str, Any] = {
    "learned": {"type": "learned"},
    "adam, rate searched": {"type": "adam", "learning_rate": {"min": 0.0001, "max": 0.03, "log": True}},
}

SPACE: dict[str, Any] = {
    "name": "exercises",
    "title": "Exercises",
    "window": {"size_ms": [2000], "stride": [1.0]},
    "preprocessing": [{"type": "spectral-analysis", "fft-length": [16, 32]}, {"type": "raw"}],
    "architecture": [
        {"type": "dense", "layers": {"min": 1, "max": 3}, "neurons": {"min": 8, "max": 64, "log": True}},
        {"type": "conv1d", "after": ["raw"], "depth": {"min": 1, "max": 3}, "filters": [4, 8, 12, 16]},
    ],
    "training": {"batch_size": [16, 32, 64], "epochs": 15, "patience": 15},
    "compression": ["int8"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, options.kept.open("a") as file:
        recordings = Path(folder) / "recordings"
        recordings.mkdir()
        write(watch(options.data / "motion_watch_seglearn" / "watch.npz"), recordings)
        for seed in range(options.seeds):
            for name in OPTIMIZERS:
                row = searched(recordings, Path(folder), name, seed, options.trials)
                print(json.dumps(row), file=file, flush=True)


def searched(recordings: Path, folder: Path, name: str, seed: int, trials: int) -> dict[str, Any]:
    """Search, and return how the hypervolume grew over the trained candidates."""
    space = SPACE | {"training": SPACE["training"] | {"optimizer": OPTIMIZERS[name]}}
    spec = {
        "name": f"{OPTIMIZERS[name]['type']}-{seed}",
        "dataset": {"path": str(recordings), "split": {"by": "group"}},
        "search_space": space,
        "devices": [BOARD],
        "budgets": {BOARD: {"ram": "24 KiB", "flash": "128 KiB", "latency": "30 ms"}},
        "workers": 0,
        "seed": seed,
    }
    study = Study.create(spec, studies=folder / "studies")
    started = time.process_time()
    study.run(trials=trials)
    trained = [trial for trial in study.trials if trial.training is not None]
    return {
        "kind": "study",
        "task": "exercises",
        "optimizer": name,
        "seed": seed,
        "hypervolume": covered(study.summary, trained, BOARD),
        "accuracy": max(trial.score for trial in trained if trial.score is not None),
        "seconds": time.process_time() - started,
    }


def watch(path: Path) -> dict[str, Any]:
    """Return the recordings in the form of seglearn's file."""
    data = dict(np.load(path))
    return data | {
        "X_labels": data["x_labels"].tolist(),
        "X": np.split(data["values"], np.cumsum(data["lengths"])[:-1]),
    }


if __name__ == "__main__":
    main()
