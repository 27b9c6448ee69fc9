"""Three real tasks: exercises from a smartwatch, spoken digits, pictures of clothes.

The folder of data holds `motion_watch_seglearn/watch.npz` (the recordings of PyPI seglearn 1.2.5 as arrays `values`,
`lengths`, `y`, `subject`), `audio_fsdd/recordings` (Free Spoken Digit Dataset) and `image_fashion_mnist` (a folder of
pictures a class, under `train` and `test`).
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from benchmarks.learned_optimizers.tasks import Task, of
from tuner.candidate import Block
from tuner.dsp.chain import extract_all
from tuner.dsp.standardize import Standardizer
from tuner.signal import Signal
from tuner.training.values import Examples

Data = tuple[Examples, Examples]


def real_tasks(folder: Path) -> tuple[Task, ...]:
    motion = functools.cache(lambda: watch(folder / "motion_watch_seglearn" / "watch.npz"))
    digits = functools.cache(lambda: spoken_digits(folder / "audio_fsdd" / "recordings"))
    clothes = functools.cache(lambda: pictures(folder / "image_fashion_mnist"))
    return (
        Task("motion, conv1d", of("conv1d", depth=2, filters=12, kernel=5), motion, 32, 15),
        Task("keyword, ds_cnn", of("ds_cnn", filters=24, blocks=3, first_height=5), digits, 32, 15),
        Task("image, conv2d", of("conv2d", depth=2, filters=8, dropout=0.1), clothes, 32, 8),
    )


def watch(path: Path) -> Data:
    """Windows of two seconds; three of the ten people are to validate on."""
    data = np.load(path)
    recordings = np.split(data["values"], np.cumsum(data["lengths"])[:-1])
    parts: dict[bool, tuple[list[np.ndarray], list[int]]] = {True: ([], []), False: ([], [])}
    for values, label, person in zip(recordings, data["y"], data["subject"], strict=True):
        windows, truth = parts[bool(person <= 7)]
        for first in range(0, len(values) - 100, 100):
            windows.append(values[first : first + 100])
            truth.append(int(label))
    return standardized(*(np.array(part) for side in (True, False) for part in parts[side]))


def spoken_digits(folder: Path) -> Data:
    """Mel spectrograms of 0.8 s; takes 5 to 14 of each speaker to train on, takes 0 to 4 to validate on."""
    signal = Signal(6400, ("audio",), 8000.0, sample_bytes=2)
    sides = []
    for takes in (range(5, 15), range(5)):
        paths = sorted(path for path in folder.glob("*.wav") if int(path.stem.split("_")[2]) in takes)
        windows = np.zeros((len(paths), signal.samples, 1), np.float32)
        for row, path in enumerate(paths):
            sound = soundfile.read(path, dtype="int16")[0][: signal.samples]
            windows[row, : len(sound), 0] = sound
        sides += [windows, np.array([int(path.name[0]) for path in paths])]
    mfe = (Block(of("mfe", frame_length=0.05, frame_stride=0.025, num_filters=20)),)
    return standardized(extract_all(mfe, sides[0], signal), sides[1], extract_all(mfe, sides[2], signal), sides[3])


def pictures(folder: Path) -> Data:
    """100 pictures a class to train on, 50 to validate on."""
    sides = []
    for name, count in (("train", 100), ("test", 50)):
        classes = sorted(path for path in (folder / name).iterdir() if path.is_dir())
        found = [(path, label) for label, kind in enumerate(classes) for path in sorted(kind.glob("*.png"))[:count]]
        sides += [np.stack([np.array(Image.open(path).convert("L")) for path, _ in found])[..., None] / 255]
        sides += [np.array([label for _, label in found])]
    return standardized(*sides)


def standardized(train: np.ndarray, truth: np.ndarray, validation: np.ndarray, other: np.ndarray) -> Data:
    if train.shape[1:3] == (100, 6):
        mean, deviation = train.mean(axis=(0, 1)), train.std(axis=(0, 1))
        train, validation = (train - mean) / deviation, (validation - mean) / deviation
    else:
        scale = Standardizer.fit(train.astype(np.float32))
        train, validation = (scale.apply(part.astype(np.float32)) for part in (train, validation))
    return tuple(  # type: ignore[return-value]
        Examples(x.astype(np.float32), y.astype(np.int64)) for x, y in ((train, truth), (validation, other))
    )
