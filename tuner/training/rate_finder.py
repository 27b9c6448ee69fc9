"""A learning rate found by a range test (Smith 2017): one short training in which the rate rises at every step.

While the rate is too low the loss hardly falls; where it falls best and just before it rises again, rates are good.
A tenth of the rate with the least loss lies safely below the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Scalar, Settings, Training
from tuner.errors import TrainingError
from tuner.models.network import Network
from tuner.training.compiled import Feed, Steps, compiled_epoch
from tuner.training.fit import example_weights, order, recipe_of
from tuner.training.runtime import tf
from tuner.training.values import Examples
from tuner.training.weights import initial_weights

AUTO = "auto"
"""What stands in the place of a learning rate that is to be found."""

_STEPS = 100
_LEAST, _GREATEST = 1e-6, 1.0
_SMOOTHING = 0.9
"""Share of the loss before in the smoothed one; a step's own is that of one batch."""
_RUNAWAY = 4.0
"""A smoothed loss of so many times the least ends the test."""
_SAFETY = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class RangeTest:
    """What was tried, and what came of it."""

    rates: NDArray[np.float32]
    losses: NDArray[np.float64]
    """Smoothed, a step each."""
    rate: float
    """The one to train with."""


def with_rate(network: Network, training: Training, train: Examples, seed: int) -> Training:
    """Return the training with a learning rate found for it in place of "auto", and as it is if it names one.

    Raises:
        TrainingError: the loss is not finite at any rate.
    """
    if training.optimizer.get("learning_rate") != AUTO:
        return training
    plain = _rated(training, 1e-3)
    return _rated(training, range_test(network, plain, train, seed).rate)


def range_test(network: Network, training: Training, train: Examples, seed: int) -> RangeTest:
    """Train with rates from 1e-6 to 1, a step each, until the loss runs away.

    The training's own rate and schedule are of no account. Equal arguments give equal rates, on one machine.

    Raises:
        TrainingError: the loss is not finite at any rate.
    """
    recipe = recipe_of(network, training, train, None)
    compiled = compiled_epoch(recipe)
    compiled.start(initial_weights(network, seed))
    feed = Feed.of(train, network)
    weights = tf.constant(example_weights(train.truth, balanced=training.class_weights))
    rates = np.geomspace(_LEAST, _GREATEST, _STEPS).astype(np.float32)
    generator = np.random.default_rng((seed, 0))
    rows = np.concatenate([order(len(train), recipe.batch_size, generator) for _ in range(_STEPS)])[:_STEPS]
    losses: list[float] = []
    average = 0.0
    for step in range(_STEPS):
        chosen = slice(step, step + 1)
        loss, _ = compiled.train(feed, weights, Steps(rows[chosen], rates[chosen], step, _STEPS), seed)
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        smoothed = average / (1 - _SMOOTHING ** (step + 1))
        if not np.isfinite(smoothed) or smoothed > _RUNAWAY * min(losses, default=np.inf):
            break
        losses.append(smoothed)
    if not losses:
        raise TrainingError("no learning rate was found: the loss is not finite at any", hint="give a learning_rate")
    return RangeTest(rates[: len(losses)], np.array(losses), float(_SAFETY * rates[int(np.argmin(losses))]))


def _rated(training: Training, rate: float) -> Training:
    given: dict[str, Scalar] = {"learning_rate": rate}
    optimizer = training.optimizer
    return replace(training, optimizer=Settings(optimizer.type, tuple((dict(optimizer) | given).items())))
