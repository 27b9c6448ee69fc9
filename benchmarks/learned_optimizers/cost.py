"""Time of a step and memory of each optimizer on networks of 3 k to 300 k weights, compiled before the clock runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tuner.candidate import Settings, Training
from tuner.models import build
from tuner.training.fit import fit
from tuner.training.values import Examples

ROUNDS = 3

WORKLOADS: Mapping[str, tuple[Settings, tuple[int, ...], int]] = {
    "dense, 3 k": (Settings.of("dense", layers=2, neurons=40), (39,), 20),
    "dense, 300 k": (Settings.of("dense", layers=2, neurons=400, shrink=1.0), (300,), 4),
    "conv1d, 9 k": (Settings.of("conv1d", depth=2, filters=16, kernel=5), (100, 6), 6),
    "conv2d, 12 k": (Settings.of("conv2d", depth=2, filters=12), (28, 28, 1), 3),
    "ds_cnn, 8 k": (Settings.of("ds_cnn", filters=32, blocks=4), (49, 20, 1), 2),
}
"""Network, input and epochs."""


def costs(optimizers: Mapping[str, Settings]) -> Iterator[dict[str, Any]]:
    """Yield CPU seconds an epoch of 20 steps of 32 examples, the least of several rounds, and bytes of the slots."""
    chosen = {name: settings for name, settings in optimizers.items() if "adam 0" not in name or name == "adam 0.001"}
    for title, (architecture, shape, epochs) in WORKLOADS.items():
        network = build(architecture, shape, 10)
        generator = np.random.default_rng(0)
        train = Examples(generator.normal(size=(640, *shape)).astype(np.float32), generator.integers(0, 10, 640))
        few = Examples(train.features[:10], train.truth[:10])
        least = dict.fromkeys(chosen, np.inf)
        sizes = {}
        for turn in range(1 + ROUNDS):  # the first compiles
            for name, settings in chosen.items():
                training = Training(settings, batch_size=32, epochs=epochs, patience=1000)
                started = time.process_time()
                trained = fit(network, training, train, few, seed=0)
                if turn:
                    least[name] = min(least[name], (time.process_time() - started) / epochs)
                sizes[name] = (sum(value.size for value in trained.weights.values()), slot_bytes(settings, trained))
        for name, seconds in least.items():
            row = {"kind": "cost", "task": title, "optimizer": name, "seed": 0, "seconds": seconds}
            yield row | {"parameters": sizes[name][0], "bytes": sizes[name][1]}


def slot_bytes(settings: Settings, trained: Any) -> int:
    """What the optimizer keeps between steps."""
    from tuner.training.optimizers import build_optimizer, without_rates  # noqa: PLC0415 - beside its only use
    from tuner.training.weights import is_statistic  # noqa: PLC0415

    shapes = [value.shape for name, value in trained.weights.items() if not is_statistic(name)]
    return sum(slot.nbytes for slot in build_optimizer(without_rates(settings), shapes).slots)
