"""What each compression costs and gains on real data, on a device, for two templates.

A network of the template `motion-continuous` on seven shoulder exercises recorded by a smartwatch (seglearn 1.2.5,
split by person), and one of `keyword` on spoken digits (Free Spoken Digit Dataset, of which the folder is given, with
the test split it comes with). Everything but the compression stays the same. RAM, flash and latency are those of the
converted model with preprocessing on an Arduino Nano 33 BLE Sense (Cortex-M4F, 64 MHz); the accuracy is that of
TensorFlow Lite Micro on the test split, means over seeds with the standard deviation; "deflated" is the model inside a
compressed firmware image.

    OMP_NUM_THREADS=1 python -m benchmarks.compression --digits FOLDER [--seeds 3]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.data import open_dataset
from tuner.data.splits import split
from tuner.devices.budget import default_budget
from tuner.devices.profile import load_profile
from tuner.tasks import task_of
from tuner.trial.front_score import FrontScorer
from tuner.trial.prepare import prepare
from tuner.trial.run import run
from tuner.trial.task import Context, Target, TrialTask

DEVICE = "arduino-nano-33-ble-sense"

MOTION = Candidate(
    Window(2000, 1000),
    (Block(Settings("raw")),),
    Settings.of("conv1d", depth=2, filters=16, kernel=5, batch_norm=True),
    Training(Settings.of("adam", learning_rate=0.003), batch_size=32, epochs=20, patience=8),
    Settings("int8"),
)
KEYWORD = Candidate(
    Window(1000, 1000, zero_pad=True),
    (Block(Settings.of("mfcc", frame_length=0.04, frame_stride=0.02, num_cepstral=10, num_filters=32)),),
    Settings.of("conv1d", depth=2, filters=24, kernel=3, batch_norm=True, head="global"),
    Training(Settings.of("adam", learning_rate=0.003), batch_size=32, epochs=20, patience=8),
    Settings("int8"),
)


def compressions(teacher: Settings) -> Mapping[str, Settings]:
    """Return the settings that are compared, by what the table calls them."""
    taught = (("teachers.0.type", teacher.type), *((f"teachers.0.{key}", value) for key, value in teacher.items()))
    return {
        "float32": Settings("float32"),
        "int8": Settings("int8"),
        "int8, 10 calibration examples": Settings.of("int8", calibration=10),
        "int16x8": Settings("int16x8"),
        "int8-qat": Settings("int8-qat"),
        "int8, 80 % zeros": Settings.of("int8", sparsity=0.8),
        "int8-qat, 80 % zeros": Settings.of("int8-qat", sparsity=0.8),
        "int8, 16 clusters": Settings.of("int8", clusters=16),
        "int8-qat, 16 clusters": Settings.of("int8-qat", clusters=16),
        "int8, half the channels": Settings.of("int8", width=0.5),
        "int8, a wider teacher": Settings("int8", taught),
        "int8, half the channels, a wider teacher": Settings("int8", (("width", 0.5), *taught)),
    }


@dataclass(frozen=True)
class Row:
    accuracy: float
    ram: float
    flash: float
    latency: float
    deflated: int


def rows(
    candidate: Candidate, folder: Path, options: Mapping[str, object], by: str, seeds: int
) -> dict[str, list[Row]]:
    dataset = open_dataset(folder, **options)
    splits = split(dataset, by=by, seed=0)  # type: ignore[arg-type]
    profile = load_profile(DEVICE)
    target = Target(profile, default_budget(profile))
    teacher = Settings(candidate.architecture.type, tuple((dict(candidate.architecture) | {"filters": 48}).items()))
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as cache:
        context = Context(
            dataset, task_of(dataset), splits.train, splits.validation, (target,), (), 3600.0, Path(cache)
        )
        prepared = prepare(context, TrialTask(0, candidate, 0))
        with FrontScorer(context, splits.test) as scorer:
            for name, compression in compressions(teacher).items():
                compressed = replace(candidate, compression=compression)
                found[name] = [row(context, compressed, seed, prepared, scorer) for seed in range(seeds)]
                print(name, found[name], file=sys.stderr, flush=True)
    return found


def row(context: Context, candidate: Candidate, seed: int, prepared: object, scorer: FrontScorer) -> Row:
    product = run(context, TrialTask(0, candidate, seed), prepared)  # type: ignore[arg-type]
    score = scorer.score(candidate, product.result, product.model)
    cost = product.result.inspected.cost(DEVICE)
    assert product.result.stored is not None
    totals = (cost.ram.total.value, cost.flash.total.value, cost.latency.total.value)
    return Row(score.quality, *totals, product.result.stored.deflated_bytes)


def line(template: str, name: str, group: Sequence[Row]) -> str:
    right = [row.accuracy for row in group]
    return (
        f"| {template} | {name} | {np.mean(right):.1%} ± {np.std(right):.1%} | {group[0].ram / 1024:.1f} "
        f"| {group[0].flash / 1024:.1f} | {group[0].latency:.2f} | {np.mean([r.deflated for r in group]) / 1024:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=Path, required=True, help="folder of the Free Spoken Digit Dataset's sounds")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print("| template | compression | test accuracy | RAM, KiB | flash, KiB | latency, ms | deflated, KiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "examples.motion.prepare", f"{folder}/exercises"], check=True, stdout=sys.stderr
        )
        for name, group in rows(MOTION, Path(folder) / "exercises", {}, "group", arguments.seeds).items():
            print(line("motion-continuous", name, group), flush=True)
    options = {"label_pattern": r"(\d)_[a-z]+_\d+\.wav", "test_pattern": r"_[0-4]\.wav"}
    for name, group in rows(KEYWORD, arguments.digits, options, "recording", arguments.seeds).items():
        print(line("keyword", name, group), flush=True)


if __name__ == "__main__":
    main()
