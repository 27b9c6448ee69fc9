"""Training a network whose first layers were trained elsewhere, in two phases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from tuner.candidate import Scalar, Settings, Training
from tuner.models.network import Network
from tuner.models.pretrained import Pretrained
from tuner.training.pretrained import load_weights
from tuner.training.values import Trained
from tuner.training.weight_files import weight_file
from tuner.training.weights import Weights, initial_weights

_RATE = 0.1
"""Share of the learning rate at which layers trained elsewhere are trained on: they are to adapt, not to forget."""

Fit = Callable[[Network, Training, Weights, frozenset[str]], Trained]
"""Trains a network from given weights, all but those of some layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """The weights that the first layers begin with."""

    pretrained: Pretrained
    weights: Weights
    sha256: str
    """Of the file they are from."""


def beginning(network: Network, pretrained: Pretrained) -> Beginning:
    """Read the weights.

    Raises:
        InputError: they are not to be had, or are of another network.
    """
    known = {"backbone": pretrained.backbone, "width": pretrained.width}
    path = weight_file(pretrained.source, size=network.input_shape[0], **known)  # type: ignore[arg-type]
    weights = load_weights(network, pretrained.layers, path, **known)  # type: ignore[arg-type]
    return Beginning(pretrained, weights, hashlib.sha256(path.read_bytes()).hexdigest())


def fit_transferred(network: Network, training: Training, start: Beginning, seed: int, fit: Fit) -> Trained:
    """Train the new layers alone, then with them those that are to be tuned, at a tenth of the rate."""
    pretrained = start.pretrained
    first = fit(network, training, initial_weights(network, seed) | dict(start.weights), frozenset(pretrained.layers))
    if not pretrained.tuned:
        return first
    second = fit(network, _slower(training), first.weights, pretrained.frozen)
    later = tuple(replace(epoch, number=epoch.number + len(first.history)) for epoch in second.history)
    return replace(
        second,
        history=first.history + later,
        best_epoch=second.best_epoch + len(first.history) if second.best_epoch else first.best_epoch,
        seconds=first.seconds + second.seconds,
    )


def _slower(training: Training) -> Training:
    optimizer = training.optimizer
    rate: dict[str, Scalar] = {"learning_rate": _RATE * float(optimizer.get("learning_rate", 0.001))}
    return replace(training, optimizer=Settings(optimizer.type, tuple((dict(optimizer) | rate).items())))
