"""What the learned optimizer is meta-trained on: small data sets, drawn anew every time, and small networks.

The data are synthetic or those that scikit-learn ships (the digits). Meta-testing uses other data and other networks:
see `benchmarks.learned_optimizers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from benchmarks.meta_training.networks import Conv, Dense, Depthwise, Flatten, Mean, Model, Norm, Pool, model

Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.float64], NDArray[np.int64]]]
"""Features (count × shape) and classes."""

DIGITS = load_digits()


@dataclass(frozen=True)
class Family:
    """A network and where its data come from."""

    name: str
    model: Model
    classes: int
    draw: Draw
    sizes: tuple[int, int] = (100, 1500)
    """Least and greatest number of training examples."""
    batches: tuple[int, ...] = (32,)
    steps: tuple[int, int] = (50, 400)


def clouds(shape: tuple[int, ...], classes: int) -> Draw:
    """Several normal clouds a class."""

    def draw(generator: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        clusters = int(generator.integers(1, 5))
        noise = generator.uniform(0.5, 2.5)
        centres = generator.normal(size=(classes * clusters, *shape))
        which = generator.integers(0, classes * clusters, count)
        return centres[which] + noise * generator.normal(size=(count, *shape)), which % classes

    return draw


def teacher(inputs: int, classes: int) -> Draw:
    """Labels from a random network, some of them wrong."""

    def draw(generator: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        width = int(generator.integers(4, 24))
        x = generator.normal(size=(count, inputs))
        first, second = generator.normal(size=(inputs, width)), generator.normal(size=(width, classes))
        scores = np.tanh(generator.uniform(0.5, 2) * x @ first / np.sqrt(inputs)) @ second
        truth = (scores - scores.mean(axis=0)).argmax(axis=1)
        wrong = generator.random(count) < generator.uniform(0, 0.2)
        return x, np.where(wrong, generator.integers(0, classes, count), truth)

    return draw


def series(length: int, channels: int, classes: int) -> Draw:
    """Sums of waves; a class is a set of frequencies and amplitudes, the phase is anything."""

    def draw(generator: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        waves = 2
        frequency = generator.uniform(0.5, 8, (classes, waves, channels))
        size = generator.uniform(0.3, 1, (classes, waves, channels))
        truth = generator.integers(0, classes, count)
        phase = generator.uniform(0, 2 * np.pi, (count, waves, channels, 1))
        time = np.linspace(0, 1, length)
        jitter = generator.normal(1, 0.05, (count, 1, 1, 1))
        signal = size[truth][..., None] * np.sin(2 * np.pi * frequency[truth][..., None] * jitter * time + phase)
        x = signal.sum(axis=1).transpose(0, 2, 1) + generator.uniform(0.2, 1.5) * generator.normal(
            size=(count, length, channels)
        )
        return x[:, None], truth

    return draw


def digits(flat: bool) -> Draw:
    """scikit-learn's 8 × 8 digits under noise, the classes renamed."""

    def draw(generator: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        chosen = generator.choice(len(DIGITS.target), count, replace=count > len(DIGITS.target))
        x = DIGITS.images[chosen] / 4 - 2 + generator.uniform(0, 1.5) * generator.normal(size=(count, 8, 8))
        x = x[:, ::-1] if generator.random() < 0.5 else x
        x = x[:, :, ::-1] if generator.random() < 0.5 else x
        return x.reshape(count, 64) if flat else x[..., None], DIGITS.target[chosen].astype(np.int64)

    return draw


def pictures(side: tuple[int, int], classes: int) -> Draw:
    """A smooth template a class, moved about, under noise: what a spectrogram or a small picture is like."""

    def draw(generator: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        rows, columns = side
        spectrum = np.fft.fft2(generator.normal(size=(classes, rows, columns)))
        distance = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns)[None])
        templates = np.fft.ifft2(spectrum * np.exp(-((distance / generator.uniform(0.1, 0.4)) ** 2))).real
        templates /= templates.std(axis=(1, 2), keepdims=True)
        truth = generator.integers(0, classes, count)
        reach = int(generator.integers(1, 5))
        moves = generator.integers(-reach, reach + 1, (count, 2))
        row = (np.arange(rows)[None, :, None] + moves[:, 0, None, None]) % rows
        column = (np.arange(columns)[None, None] + moves[:, 1, None, None]) % columns
        x = templates[truth[:, None, None], row, column]
        x = x * generator.uniform(0.5, 1.5, (count, 1, 1)) + generator.uniform(0.3, 2) * generator.normal(size=x.shape)
        return x[..., None], truth

    return draw


_CHEAP: dict[str, Any] = {"batches": (16, 64), "steps": (50, 1500)}

FAMILIES = (
    Family("dense, clouds", model((20,), Dense(32), Dense(16), Dense(6, "linear")), 6, clouds((20,), 6), **_CHEAP),
    Family("dense, digits", model((64,), Dense(40), Dense(10, "linear")), 10, digits(flat=True), **_CHEAP),
    Family("dense, wide", model((64,), Dense(200), Dense(10, "linear")), 10, digits(flat=True), steps=(50, 200)),
    Family("dense, teacher", model((30,), Dense(64), Dense(4, "linear")), 4, teacher(30, 4), (200, 3000), **_CHEAP),
    Family(
        "dense, deep",
        model((16,), Dense(24), Dense(24), Dense(24, "elu"), Dense(16), Dense(5, "linear")),
        5,
        clouds((16,), 5),
        **_CHEAP,
    ),
    Family(
        "dense, teacher, normalized",
        model((12,), Dense(32), Norm(), Dense(24), Norm(), Dense(3, "linear")),
        3,
        teacher(12, 3),
        (200, 3000),
        **_CHEAP,
    ),
    Family(
        "conv1d, series",
        model((1, 40, 3), Conv(8, (1, 5)), Pool((1, 2)), Conv(12, (1, 3)), Pool((1, 2)), Flatten(), Dense(5, "linear")),
        5,
        series(40, 3, 5),
    ),
    Family(
        "conv1d, series, normalized",
        model((1, 48, 2), Conv(8, (1, 5), 2), Norm(), Conv(16, (1, 3), 2), Norm(), Mean(), Dense(4, "linear")),
        4,
        series(48, 2, 4),
    ),
    Family(
        "conv2d, digits",
        model((8, 8, 1), Conv(6, (3, 3)), Pool((2, 2)), Conv(12, (3, 3)), Flatten(), Dense(10, "linear")),
        10,
        digits(flat=False),
    ),
    Family(
        "conv2d, pictures",
        model((10, 8, 1), Conv(8, (3, 3), 2), Conv(12, (3, 3), 2), Flatten(), Dense(16), Dense(6, "linear")),
        6,
        pictures((10, 8), 6),
    ),
    Family(
        "ds_cnn, pictures",
        model(
            (12, 8, 1),
            *(Conv(10, (4, 3), 2), Norm()),
            *(Depthwise((3, 3)), Norm(), Conv(10, (1, 1)), Norm()),
            *(Depthwise((3, 3)), Norm(), Conv(14, (1, 1)), Norm()),
            *(Mean(), Dense(8, "linear")),
        ),
        8,
        pictures((12, 8), 8),
    ),
    Family(
        "ds_cnn, digits",
        model(
            (8, 8, 1),
            *(Conv(8, (3, 3), 2), Norm()),
            *(Depthwise((3, 3)), Norm(), Conv(16, (1, 1)), Norm()),
            *(Mean(), Dense(10, "linear")),
        ),
        10,
        digits(flat=False),
    ),
)
