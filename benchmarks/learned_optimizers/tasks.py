"""Meta-test tasks: none of their data, and none of their networks, were part of meta-training.

Data are synthetic, of other kinds than there, or the tables that scikit-learn ships; networks are the product's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_wine

from tuner.candidate import Settings
from tuner.models import build
from tuner.models.network import Network
from tuner.training.values import Examples

Data = tuple[NDArray[Any], NDArray[np.int64]]


@dataclass(frozen=True)
class Task:
    name: str
    architecture: Settings
    data: Callable[[], tuple[Examples, Examples]]
    """To train on, to validate on; the same every time."""
    batch: int
    epochs: int

    def network(self, train: Examples) -> Network:
        return build(self.architecture, train.features.shape[1:], int(train.truth.max()) + 1)


def split(x: NDArray[Any], y: NDArray[np.int64], train: int) -> tuple[Examples, Examples]:
    """Shuffle, divide and standardize."""
    order = np.random.default_rng(5).permutation(len(y))
    x, y = x[order], y[order].astype(np.int64)
    axes = tuple(range(x.ndim - 1))
    mean, deviation = x[:train].mean(axis=axes), x[:train].std(axis=axes) + 1e-6
    x = ((x - mean) / deviation).astype(np.float32)
    return Examples(x[:train], y[:train]), Examples(x[train:], y[train:])


def made(maker: Callable[[np.random.Generator, int], Data], train: int, validation: int = 400) -> Callable[[], Any]:
    return lambda: split(*maker(np.random.default_rng(11), train + validation), train)


def table(load: Callable[..., Any], train: int) -> Callable[[], Any]:
    return lambda: split(*load(return_X_y=True), train)


def spirals(generator: np.random.Generator, count: int) -> Data:
    """Three arms in the plane, lost among noise dimensions."""
    arm = generator.integers(0, 3, count)
    radius = generator.uniform(0.2, 2.5, count)
    angle = 2 * radius + 2 * np.pi * arm / 3
    plane = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return np.hstack([plane + 0.08 * generator.normal(size=(count, 2)), generator.normal(size=(count, 4))]), arm


def board(generator: np.random.Generator, count: int) -> Data:
    """The squares of a 4 × 4 chess board, one in twenty wrong."""
    x = generator.uniform(0, 4, (count, 2))
    colour = x.astype(int).sum(axis=1) % 2
    return x, np.where(generator.random(count) < 0.05, 1 - colour, colour)


def products(generator: np.random.Generator, count: int) -> Data:
    """Quartiles of a sum of products of pairs."""
    x = generator.normal(size=(count, 12))
    value = (x[:, ::2] * x[:, 1::2]).sum(axis=1) + 0.3 * generator.normal(size=count)
    return x, np.searchsorted(np.quantile(value, (0.25, 0.5, 0.75)), value)


def chirps(generator: np.random.Generator, count: int) -> Data:
    """A tone that rises or falls at one of six rates, at any time and loudness."""
    rate = generator.integers(0, 6, count)
    time = np.linspace(0, 1, 96)
    slope = (rate - 2.5)[:, None] * 5
    start = 10 + generator.uniform(-1, 1, (count, 1))
    phase = 2 * np.pi * (start * time + 0.5 * slope * time**2) + generator.uniform(0, 2 * np.pi, (count, 1))
    signal = generator.uniform(0.5, 1.5, (count, 1)) * np.sin(phase)
    return (signal + 0.6 * generator.normal(size=signal.shape))[..., None], rate


def pulses(generator: np.random.Generator, count: int) -> Data:
    """Pulse trains like heart beats: the class is the shape of the beat, rhythm and place are anything."""
    kind = generator.integers(0, 4, count)
    time = np.arange(80)
    signal = np.zeros((count, 80, 2))
    shapes = ((1.5, 0.0, 1.0), (3.0, 0.0, 1.0), (1.5, -0.6, 1.0), (1.5, 0.6, -0.7))
    for row in range(count):
        width, dip, size = shapes[kind[row]]
        for beat in np.arange(generator.uniform(0, 20), 80, generator.uniform(14, 24)):
            main, late = (np.exp(-(((time - beat - shift) / width) ** 2)) for shift in (0, 5))
            signal[row, :, 0] += size * main + dip * late
            signal[row, :, 1] += np.gradient(size * main)
    return signal + 0.35 * generator.normal(size=signal.shape), kind


def processes(generator: np.random.Generator, count: int) -> Data:
    """Autoregressive noise in three axes, five sets of coefficients."""
    coefficients = np.array([(0.5, -0.3), (0.9, -0.5), (0.2, 0.3), (-0.4, 0.2), (0.0, -0.6)])
    kind = generator.integers(0, 5, count)
    x = generator.normal(size=(count, 64, 3))
    for step in range(2, 64):
        first, second = coefficients[kind].T[..., None]
        x[:, step] += first * x[:, step - 1] + second * x[:, step - 2]
    return x, kind


def figures(generator: np.random.Generator, count: int) -> Data:
    """Circles, squares, crosses, triangles and rings of any size and place, under noise."""
    kind = generator.integers(0, 5, count)
    row, column = np.mgrid[:16, :16][:, None]
    y, x = (axis - generator.uniform(5, 11, (count, 1, 1)) for axis in (row, column))
    size = generator.uniform(2.5, 5, (count, 1, 1))
    distance = np.hypot(x, y)
    drawn = np.stack(
        [
            distance < size,
            np.maximum(abs(x), abs(y)) < size * 0.85,
            (np.minimum(abs(x), abs(y)) < 1) & (distance < size * 1.2),
            (y < size * 0.7) & (y > 2 * abs(x) - size),
            (distance < size) & (distance > size - 1.6),
        ]
    )[kind, np.arange(count)]
    return (drawn + 0.5 * generator.normal(size=drawn.shape))[..., None], kind


def stripes(generator: np.random.Generator, count: int) -> Data:
    """Gratings of eight orientations in colour."""
    kind = generator.integers(0, 8, count)
    angle = (np.pi * kind / 8 + 0.08 * generator.normal(size=count))[:, None, None]
    row, column = np.mgrid[:14, :14][:, None]
    wave = np.sin(
        generator.uniform(0.6, 1.4, (count, 1, 1)) * (column * np.cos(angle) + row * np.sin(angle))
        + generator.uniform(0, 6.3, (count, 1, 1))
    )
    tint = generator.uniform(0.2, 1, (count, 1, 1, 3))
    return wave[..., None] * tint + 1.0 * generator.normal(size=(count, 14, 14, 3)), kind


def formants(generator: np.random.Generator, count: int) -> Data:
    """Spectrograms of ten "words": two ridges that glide between frequencies, spoken earlier or later."""
    words = np.random.default_rng(3).uniform(2, 17, (10, 2, 2))
    kind = generator.integers(0, 10, count)
    time = np.linspace(0, 1, 24) + generator.uniform(-0.25, 0.25, (count, 1))
    share = np.clip(time, 0, 1)[:, None]
    ends = words[kind] + 0.7 * generator.normal(size=(count, 2, 2))
    ridges = ends[:, :, :1] * (1 - share) + ends[:, :, 1:] * share
    energy = np.exp(-(((np.arange(20) - ridges[..., None]) / 1.2) ** 2)).sum(axis=1)
    return (energy * generator.uniform(0.5, 1.5, (count, 1, 1)) + 0.35 * generator.normal(size=(count, 24, 20)))[
        ..., None
    ], kind


def of(kind: str, **parameters: Any) -> Settings:
    return Settings.of(kind, **parameters)


META_TEST = (
    Task("breast cancer, 2 layers", of("dense", layers=2, neurons=20), table(load_breast_cancer, 400), 32, 20),
    Task("wine, 1 layer", of("dense", layers=1, neurons=12), table(load_wine, 120), 16, 30),
    Task("spirals, 3 layers", of("dense", layers=3, neurons=64, shrink=1.0), made(spirals, 800), 32, 40),
    Task("spirals, 5 layers", of("dense", layers=5, neurons=24, shrink=1.0), made(spirals, 1500), 64, 40),
    Task("chess board, 2 layers", of("dense", layers=2, neurons=80), made(board, 1000), 64, 60),
    Task("products, wide", of("dense", layers=2, neurons=256), made(products, 2000), 32, 12),
    Task("products, large batch", of("dense", layers=2, neurons=96), made(products, 3000), 256, 30),
    Task("chirps, dropout", of("dense", layers=2, neurons=100, dropout=0.3), made(chirps, 1000), 32, 20),
    Task("chirps, conv1d", of("conv1d", depth=2, filters=12, kernel=9), made(chirps, 500), 16, 12),
    Task("chirps, tcn", of("tcn", blocks=3, filters=12, kernel=5), made(chirps, 400), 32, 15),
    Task("pulses, conv1d", of("conv1d", depth=3, filters=8, kernel=7, pool="average"), made(pulses, 600), 32, 15),
    Task(
        "pulses, normalized",
        of("conv1d", depth=2, filters=12, batch_norm=True, head="global"),
        made(pulses, 600),
        64,
        20,
    ),
    Task(
        "processes, strided", of("conv1d", depth=3, filters=16, pool="stride", kernel=5), made(processes, 500), 16, 10
    ),
    Task(
        "processes, dropout",
        of("conv1d", depth=2, filters=16, dropout=0.3, head="global"),
        made(processes, 800),
        32,
        20,
    ),
    Task("figures, conv2d", of("conv2d", depth=3, filters=8, batch_norm=False), made(figures, 600), 32, 12),
    Task("figures, normalized", of("conv2d", depth=2, filters=10, head="global"), made(figures, 600), 16, 6),
    Task("figures, resnet", of("resnet", filters=8, stages=2), made(figures, 400), 32, 10),
    Task(
        "stripes, conv2d",
        of("conv2d", depth=2, filters=12, kernel=5, batch_norm=False, neurons=32),
        made(stripes, 800),
        64,
        12,
    ),
    Task("stripes, mobilenet_v2", of("mobilenet_v2", width=0.2, stages=3, last=0), made(stripes, 400), 32, 10),
    Task("formants, ds_cnn", of("ds_cnn", filters=16, blocks=3, first_height=5), made(formants, 500), 32, 12),
    Task("formants, ds_cnn, short", of("ds_cnn", filters=24, blocks=2, first_height=5), made(formants, 800), 32, 4),
    Task(
        "formants, conv2d",
        of("conv2d", depth=2, filters=8, pool="stride", batch_norm=False),
        made(formants, 800),
        32,
        12,
    ),
)

LIMITS = (
    Task("20 steps", of("conv1d", depth=2, filters=12, batch_norm=True, head="global"), made(pulses, 640), 64, 2),
    Task("10,000 steps", of("dense", layers=3, neurons=32, shrink=1.0), made(spirals, 800), 32, 400),
    Task("batches of 8", of("conv1d", depth=3, filters=8, pool="stride", kernel=5), made(processes, 400), 8, 6),
    Task("batches of 1,024", of("dense", layers=2, neurons=96), made(products, 3000), 1024, 60),
)
"""Trainings at the limits that `tuner.training.learned.known` states, far outside of meta-training."""
