"""What each shipped search space reaches on real data in a short study.

Every template searches a public data set for one board, with few trials and few epochs: the figures say that a template
works and what it costs, not what it can reach at best. Scores are those of the best int8 model on the board's front,
on the validation split and, opened once, on the test split.

    OMP_NUM_THREADS=1 python -m benchmarks.templates --data DATASETS [--trials 8] [--epochs 20] [--only NAME …]

DATASETS is a folder with the data sets that the table names, each in a folder of its own.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tuner import Study, Trial, TunerError
from tuner.report import words

DEVICE = "stm32f746g-discovery"
LARGE = "stm32n6570-dk"
"""For images that the other cannot hold: 640 × 480 pixels in colour are 900 KiB."""


@dataclass(frozen=True)
class Case:
    """A template and data for it."""

    template: str
    folder: str
    """Below the folder of data sets."""
    told: str
    options: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    device: str = DEVICE
    space: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the template beside the number of epochs."""
    made: Callable[[Path, Path], None] | None = None
    """Makes the data set in another folder, if it is not used as it is."""


def joined_by_speaker(source: Path, target: Path) -> None:
    """Join each speaker's takes of a digit to one recording of several seconds."""
    takes: dict[tuple[str, str], list[Path]] = {}
    for path in sorted((source / "recordings").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        takes.setdefault((speaker, digit), []).append(path)
    for (speaker, digit), paths in takes.items():
        (target / speaker).mkdir(parents=True, exist_ok=True)
        sounds = [soundfile.read(path, dtype="int16")[0] for path in paths]
        soundfile.write(target / speaker / f"{digit}.wav", np.concatenate(sounds), 8000)


def coin_or_none(source: Path, target: Path) -> None:
    """Take the recordings of a fan with a coin on a blade and without, by speed."""
    for folder in source.glob("fan_0_*_weight"):
        if folder.is_dir():
            shutil.copytree(folder, target / folder.name.removeprefix("fan_0_").removesuffix("_weight"))


CASES = (
    Case(
        "motion-event",
        "ts_ucr_uea/GunPoint",
        "GunPoint (UCR archive): drawing a gun or pointing, 200 recordings of 150 samples",
        {"frequency": "100 Hz"},
    ),
    Case(
        "motion-continuous",
        "motion_watch_seglearn/watch.npz",
        "seven shoulder exercises of ten people (seglearn 1.2.5), 140 recordings, split by recording",
        {"frequency": "50 Hz"},
    ),
    Case(
        "keyword",
        "audio_fsdd/recordings",
        "ten spoken digits (Free Spoken Digit Dataset), 1500 recordings",
        {"label_pattern": r"(\d)_"},
    ),
    Case(
        "audio-event",
        "audio_fsdd/recordings",
        "which of six speakers says a digit (Free Spoken Digit Dataset), 1500 recordings",
        {"label_pattern": r"\d_([a-z]+)_"},
    ),
    Case(
        "audio-continuous",
        "audio_fsdd",
        "which of six speakers reads digits on end (made of the Free Spoken Digit Dataset), 60 recordings",
        made=joined_by_speaker,
    ),
    Case(
        "image-classification",
        "image_fashion_mnist",
        "ten kinds of clothes (Fashion-MNIST, 200 training and 50 test images of each)",
        {"test_pattern": "^test"},
    ),
    Case(
        "object-detection-centroids",
        "detect_bccd",
        "blood cells of three kinds (BCCD), 362 images",
        {"skip_bad": True},
        device=LARGE,
    ),
    Case(
        "object-detection-boxes",
        "detect_bccd",
        "blood cells of three kinds (BCCD), 362 images",
        {"skip_bad": True},
        device=LARGE,
    ),
    Case(
        "regression",
        "regression_small/Tecator",
        "fat content from a near-infrared spectrum (Tecator), 215 spectra of 100 points",
        {"frequency": "100 Hz"},
        space={"window": {"size_ms": 1000, "stride": 1.0}},
    ),
    Case(
        "anomaly",
        "vibration_ceiling_fan",
        "a coin taped to a blade of a fan at three speeds (three axes at 200 Hz), 1050 recordings of 1 s",
        {"frequency": "200 Hz", "normal": ["off_0", "low_0", "med_0", "high_0"]},
        made=coin_or_none,
        task="anomaly",
    ),
)


def study_of(case: Case, data: Path, folder: Path, *, trials: int, epochs: int, limit: str) -> Study:
    """Make and run the study of a template."""
    source = data / case.folder
    if case.made is not None:
        case.made(source, folder / "data")
        source = folder / "data"
    spec = {
        "name": case.template,
        "dataset": {"path": str(source), "options": dict(case.options)},
        "search_space": {"include": case.template, "training": {"epochs": epochs}, **case.space},
        "task": case.task,
        "devices": [case.device],
        "limits": {"trials": trials, "time": limit, "trial_time": "120 s"},
        "workers": 0,
        "seed": 1,
    }
    study = Study.create(spec, studies=folder)
    study.run()
    return study


def best_int8(study: Study, device: str) -> Trial | None:
    """Return the best model of the front that is stored in integers of 8 bits."""
    stored = [trial for trial in study.front(device) if trial.candidate.compression.type.startswith("int8")]
    return max(stored, key=lambda trial: trial.score or 0.0, default=None)


def row(case: Case, study: Study, seconds: float) -> str:
    """Return a line of the table."""
    trial = best_int8(study, case.device)
    counts, summary = study.counts, study.summary
    tried = f"{counts.trained} trained, {counts.rejected} rejected, {counts.failed} failed"
    if trial is None:
        cells = [case.template, case.told, case.device, "no int8 model on the front", *[""] * 4, tried]
        return f"| {' | '.join(cells)} | {seconds:.0f} s |"
    assert trial.training is not None
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(case.device)
    figures = [f"{figure.name} {words.figure(figure)}" for figure in trial.training.converted.figures()]
    cells = [
        case.template,
        case.told,
        case.device,
        ", ".join(figures),
        words.quality(None if trial.test is None else trial.test.quality, summary),
        words.amount("ram", cost.ram.total.value),
        words.amount("flash", cost.flash.total.value),
        words.interval("latency", cost.latency.total),
        tried,
        f"{seconds:.0f} s",
    ]
    return f"| {' | '.join(cells)} |"


def rows(cases: tuple[Case, ...], data: Path, **limits: Any) -> Iterator[str]:
    """Yield the lines of the table; a template that fails says why."""
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            try:
                yield row(case, study_of(case, data, Path(folder), **limits), time.monotonic() - start)
            except TunerError as error:
                reason = error.message.partition("\n")[0]
                yield f"| {case.template} | {case.told} | {case.device} | {reason} | | | | | | |"


def main() -> None:
    """Run the studies and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--limit", default="3m", help="working time of each study")
    parser.add_argument("--only", nargs="*", help="templates; all by default")
    arguments = parser.parse_args()
    chosen = tuple(case for case in CASES if not arguments.only or case.template in arguments.only)
    print(f"{arguments.trials} trials at most, {arguments.epochs} epochs, {arguments.limit} each\n")
    print("| template | data | board | int8, validation | test | RAM | flash | latency | candidates | time |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for line in rows(chosen, arguments.data, trials=arguments.trials, epochs=arguments.epochs, limit=arguments.limit):
        print(line, flush=True)


if __name__ == "__main__":
    main()
