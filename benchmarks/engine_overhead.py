"""What the engine itself costs: choosing, costing, recording and the fronts, while nothing is trained.

A study of a shipped search space on three boards runs with workers on a simulated clock and a synthetic trainer, which
gives every candidate a plausible accuracy at once; all else is the product: sampler, costs, SQLite record with every
event on disk, fronts, models kept and deleted. What costing and the synthetic result take on a worker is subtracted.

    OMP_NUM_THREADS=1 python -m benchmarks.engine_overhead [--trials 5000] [--sampler surrogate] [--workers 4]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tuner import Study
from tuner.execution.executor import Limits
from tuner.execution.simulated import SimulatedExecutor
from tuner.metrics import classification_score
from tuner.record import Artifact, Epoch, TrainingResult
from tuner.store.location import open_store
from tuner.study.artifacts import ArtifactFolder
from tuner.study.cost_model import CostModel
from tuner.study.creation import open_study_dataset, targets_of
from tuner.study.history import History, Session, started
from tuner.study.loop import SearchLoop, Tools
from tuner.study.recorder import Recorder
from tuner.study.replay import chooser
from tuner.tasks import task_named
from tuner.trial.appraise import Appraiser
from tuner.trial.task import Product, TrialTask

TRIAL_S = 10.0
"""A trial of this length is what the share is stated of; a small motion network takes 0.5 s, a DS-CNN minutes."""


@dataclass
class Mark:
    trials: int
    seconds: float
    memory_mib: float


class SyntheticJob:
    """Gives every candidate an accuracy that grows with its network and depends on its learning rate."""

    def __init__(self, appraiser: Appraiser, labels: tuple[str, ...]) -> None:
        self._appraiser = appraiser
        self._labels = labels
        self.seconds = 0.0
        """Spent here, which is not the engine's time."""

    def key(self, _: TrialTask) -> str:
        return ""

    def prepare(self, _: TrialTask) -> None:
        return None

    def work(self, task: TrialTask, _: None) -> Product:
        began = time.process_time()
        appraisal, figures = self._appraiser(task.candidate)
        rng = np.random.default_rng(task.seed)
        rate = float(task.candidate.training.optimizer.get("learning_rate", 1e-3))
        capacity = max(0.1, math.log10(figures["macs"]) - 2)
        accuracy = 0.95 * (1 - math.exp(-0.8 * capacity)) - 0.03 * abs(math.log10(rate) + 2.5) + rng.normal(0, 0.01)
        truth = rng.integers(0, len(self._labels), 200)
        right = rng.random(200) < accuracy
        guessed = np.where(right, truth, rng.integers(0, len(self._labels), 200))
        score = classification_score(np.eye(len(self._labels), dtype=np.float32)[guessed], truth, self._labels)
        model = rng.bytes(4096)
        result = TrainingResult(
            curve=tuple(Epoch(1 / epoch, 0.9, 1 / epoch, 0.9) for epoch in range(1, 31)),
            best_epoch=29,
            float32=score,
            converted=score,
            inspected=appraisal,
            feature_mean=tuple(float(value) for value in rng.normal(size=39)),
            feature_deviation=tuple(float(value) for value in rng.random(39)),
            artifact=Artifact(hashlib.sha256(model).hexdigest(), len(model)),
            seconds={"train": 1.0, "convert": 0.1, "evaluate": 0.1},
        )
        self.seconds += time.process_time() - began
        return Product(result, model)


def make_data(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for label in ("circle", "shake", "still", "swing"):
        (folder / label).mkdir(parents=True)
        for person in range(6):
            values = rng.normal(size=(400, 3))
            path = folder / label / f"person{person}.csv"
            np.savetxt(path, values, fmt="%.4f", delimiter=",", header="ax,ay,az", comments="")
    (folder / "dataset.yaml").write_text("frequency: 50 Hz\n", encoding="utf-8")


def make_study(folder: Path, sampler: str, url: str | None) -> Study:
    make_data(folder / "data")
    spec = {
        "name": "overhead",
        "dataset": {"path": str(folder / "data")},
        "search_space": "motion-continuous",
        "devices": ["raspberry-pi-pico", "arduino-nano-33-ble-sense", "stm32f746g-discovery"],
        "sampler": {"type": sampler},
        "limits": {"samples": 10**7},
    }
    return Study.create(spec, studies=folder / "studies", store=url)


def search(study: Study, trials: int, workers: int, mark: Callable[[History, float], None]) -> tuple[float, History]:
    """Run the search; return the engine's seconds."""
    creation = study.history.creation
    dataset = open_study_dataset(creation.study.dataset)
    appraiser = Appraiser(dataset, task_named(creation.study.task), targets_of(creation))
    job = SyntheticJob(appraiser, dataset.labels)
    rng = np.random.default_rng(1)
    executor: SimulatedExecutor[Any, Any, Any] = SimulatedExecutor(
        job, Limits(1, 1), workers=workers, seconds=lambda _: float(rng.uniform(0.5, 1.5)) * TRIAL_S
    )
    with closing(open_store(study.folder, write=True)) as store:
        history = History.replay(store.events())
        artifacts = ArtifactFolder(study.folder / "artifacts")
        record = Recorder(history, store, artifacts)
        session = Session(trials, None, workers)
        record(started(session))
        began = time.process_time()
        tools = Tools(
            chooser=chooser(creation, CostModel(appraiser), history.trials),
            executor=executor,
            record=record,
            keep=artifacts.put,
            weights=artifacts.weights,
            keep_weights=artifacts.put_weights,
            elapsed_s=lambda: 0.0,
            watch=lambda history: mark(history, time.process_time() - began - job.seconds),
        )
        SearchLoop(history, session, tools).run()
        return time.process_time() - began - job.seconds, history


def measure(trials: int, sampler: str, workers: int, url: str | None) -> list[Mark]:
    marks: list[Mark] = []
    steps = sorted({100, *(trials * share // 10 for share in range(1, 11))})
    process = psutil.Process()

    def mark(history: History, seconds: float) -> None:
        told = history.counts.trained
        if len(marks) < len(steps) and told >= steps[len(marks)]:
            marks.append(Mark(told, seconds, process.memory_info().rss / 2**20))

    with tempfile.TemporaryDirectory() as folder:
        study = make_study(Path(folder), sampler, url)
        seconds, history = search(study, trials, workers, mark)
        if len(marks) < len(steps):
            marks.append(Mark(history.counts.trained, seconds, process.memory_info().rss / 2**20))
        began = time.process_time()
        Study.open(study.folder)
        opened_s = time.process_time() - began
        sizes = [len(study_front) for study_front in (Study.open(study.folder).front(d) for d in study.devices)]
        print(f"opened again in {opened_s:.1f} s; fronts of {sizes} members", file=sys.stderr)
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--sampler", default="surrogate")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--store", help="a PostgreSQL URL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    marks = measure(options.trials, options.sampler, options.workers, options.store)
    print(f"{options.sampler}, {options.workers} workers\n")
    print("| trials | engine, ms a trial since the row above | share of trials of 10 s | memory, MiB |")
    print("|---|---|---|---|")
    before = Mark(0, 0.0, 0.0)
    for mark in marks:
        each_ms = 1000 * (mark.seconds - before.seconds) / (mark.trials - before.trials)
        share = each_ms / 1000 / TRIAL_S
        print(f"| {mark.trials:,} | {each_ms:.1f} | {share:.2%} | {mark.memory_mib:.0f} |")
        before = mark
    last = marks[-1]
    print(f"\nAll {last.trials:,} trials: {last.seconds / last.trials / TRIAL_S:.2%} of their time.")
    if options.json:
        options.json.write_text(json.dumps([vars(mark) for mark in marks]), encoding="utf-8")


if __name__ == "__main__":
    main()
