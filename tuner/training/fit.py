"""Train one network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.augmentation import Changes, augmentation
from tuner.candidate import Training
from tuner.errors import TrainingError, TrialTimeoutError
from tuner.models.network import Network
from tuner.training.compiled import CompiledEpoch, Feed, Recipe, Steps, compiled_epoch
from tuner.training.constraint import Constraint
from tuner.training.distillation import Teachers
from tuner.training.learned.known import LEARNED, check_limits
from tuner.training.optimizers import FULL_BATCH, learning_rates, without_rates
from tuner.training.runtime import tf
from tuner.training.simulation import Ranges
from tuner.training.values import Epoch, Examples, Trained
from tuner.training.weights import Weights, initial_weights

_STEPS_PER_CALL = 100
"""The deadline is looked at between calls: at 20 ms a step, a large one here, every two seconds."""

_DIVERGED = 1e6
"""A loss that only a runaway training reaches; activations that saturate keep it from becoming infinite."""


def fit(
    network: Network,
    training: Training,
    train: Examples,
    validation: Examples,
    *,
    seed: int,
    deadline: float | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    start: Weights | None = None,
    ranges: Ranges | None = None,
    constraint: Constraint | None = None,
    teachers: Teachers | None = None,
    frozen: frozenset[str] = frozenset(),
    after: int = 0,
    until: int | None = None,
) -> Trained:
    """Train until the validation loss has not improved for `training.patience` epochs.

    The last batch of an epoch is filled up with its first examples, so that all steps have one shape. Equal
    arguments give equal weights, bit for bit, on one machine.

    Args:
        network: its last layer gives what the loss takes.
        training: optimizer, loss, augmentation and limits.
        train: what is learned.
        validation: what decides the best epoch.
        seed: of first weights, order, dropout and augmentation.
        deadline: on the clock of `time.monotonic`.
        on_epoch: told of each epoch as it ends; what it raises ends the training.
        start: weights to go on from; they are kept, as those of epoch 0, if no epoch improves on them.
        ranges: of activations, if the network is to run as if stored in 8 bits.
        constraint: which weights stay zero or equal; only epochs in which it has settled are kept.
        teachers: networks whose answers are learned beside the truth.
        frozen: layers that keep the weights of `start`.
        after: epochs that `start` has had of this training; schedule and order go on from there, the optimizer's own
            memory does not.
        until: epoch after which to pause; by default none.

    Raises:
        BuildError: a layer does not fit its input, or the augmentation not the features.
        ConfigError: the optimizer, schedule, loss or augmentation is not known.
        TrainingError: the loss is no longer finite or absurd, there is nothing to train or validate on, or the training
            lies outside the limits of a learned optimizer.
        TrialTimeoutError: the deadline passed.
    """
    started = time.monotonic()
    if not len(train) or not len(validation):
        raise TrainingError(f"training needs examples: {len(train)} to train on, {len(validation)} to validate on")
    recipe = replace(
        recipe_of(network, training, train, ranges),
        constrained=constraint is not None,
        lesson=None if teachers is None else teachers.lesson,
        frozen=frozen,
    )
    compiled = compiled_epoch(recipe)
    weights: Weights = initial_weights(network, seed) if start is None else start
    compiled.start(weights)
    if teachers is not None:
        compiled.teachers(teachers.weights)
    history: list[Epoch] = []
    best = after
    settled = 0 if constraint is None else constraint.settled
    least = math.inf if start is None or settled else compiled.evaluate(Feed.of(validation, network))[0]
    epochs = _epochs(
        compiled,
        recipe,
        training,
        train,
        validation,
        seed=seed,
        deadline=deadline,
        constraint=constraint,
        after=after,
    )
    try:
        for epoch in islice(epochs, None if until is None else until - after):
            history.append(epoch)
            if on_epoch is not None:
                on_epoch(epoch)
            if epoch.number < settled:
                continue
            if epoch.val_loss < least:
                best, least, weights = epoch.number, epoch.val_loss, compiled.weights()
            elif epoch.number - best >= training.patience:
                break
    except tf.errors.OpError as error:
        raise TrainingError(f"training raised: {error.message.partition(chr(10))[0]}") from error
    return Trained(network, weights, tuple(history), best, time.monotonic() - started)


def recipe_of(network: Network, training: Training, train: Examples, ranges: Ranges | None) -> Recipe:
    """Return what decides the graph of a training."""
    batch = len(train) if training.optimizer.type == FULL_BATCH else min(training.batch_size, len(train))
    truth = train.truth
    recipe = Recipe(
        network, without_rates(training.optimizer), training.loss, batch, truth.shape[1:], truth.dtype.name, ranges
    )
    chosen = augmentation(training.augmentation)
    if not isinstance(chosen, Changes):
        return recipe
    shape = train.features.shape[1:]
    chosen.check(shape)
    return replace(recipe, augmentation=chosen, feature_shape=shape)


def _epochs(
    compiled: CompiledEpoch,
    recipe: Recipe,
    training: Training,
    train: Examples,
    validation: Examples,
    *,
    seed: int,
    deadline: float | None,
    constraint: Constraint | None,
    after: int,
) -> Iterator[Epoch]:
    train_feed, validation_feed = Feed.of(train, recipe.network), Feed.of(validation, recipe.network)
    weights = tf.constant(example_weights(train.truth, balanced=training.class_weights))
    count = math.ceil(len(train) / recipe.batch_size)
    rates = learning_rates(training.optimizer, training.epochs, count)
    check_limits(training.optimizer, rates.size, recipe.batch_size)
    for number in range(after + 1, training.epochs + 1):
        rows = order(len(train), recipe.batch_size, np.random.default_rng((seed, number)))
        held = None if constraint is None else constraint.held(number, compiled.weights())
        if held is not None:
            compiled.hold(held)
        loss = measure = 0.0
        for first in range(0, count, _STEPS_PER_CALL):
            _check_deadline(deadline, number)
            chosen = slice(first, first + _STEPS_PER_CALL)
            steps = Steps(rows[chosen], rates[number - 1, chosen], (number - 1) * count + first, rates.size)
            loss_part, measure_part = compiled.train(train_feed, weights, steps, seed)
            loss, measure = loss + loss_part, measure + measure_part
        val_loss, val_measure = compiled.evaluate(validation_feed)
        if not loss / count + val_loss < _DIVERGED:
            raise TrainingError(
                f"training diverged: the loss is {loss / count:g}, the validation loss {val_loss:g} in epoch {number}",
                hint=f"{_remedy(training)}batch normalization or standardized features keep it finite",
            )
        yield Epoch(number, loss / count, measure / rows.size, val_loss, val_measure)


def _remedy(training: Training) -> str:
    return "another optimizer, " if training.optimizer.type in LEARNED else "a lower learning rate, "


def order(examples: int, batch: int, generator: np.random.Generator) -> NDArray[np.int32]:
    """Return every example once in random order, steps × batch, the first few again to fill the last batch."""
    steps = math.ceil(examples / batch)
    return np.resize(generator.permutation(examples), (steps, batch)).astype(np.int32)


def example_weights(truth: NDArray[Any], *, balanced: bool) -> NDArray[np.float32]:
    """Return a weight per example, 1 on average: alike, or such that all classes present count alike.

    An example of several classes counts as their mean, one of none as 1. Truth that is no classes has no balance.
    """
    if balanced and truth.dtype.kind == "i" and truth.ndim == 1:
        _, index, counts = np.unique(truth, return_inverse=True, return_counts=True)
        return (len(truth) / (len(counts) * counts))[index].astype(np.float32)
    if balanced and truth.dtype == np.uint8 and truth.ndim == 2:
        counts = truth.sum(axis=0, dtype=np.int64)
        rarity = np.where(counts, counts.sum() / (np.count_nonzero(counts) * np.maximum(1, counts)), 0.0)
        several = truth.sum(axis=1, dtype=np.int64)
        weights = np.where(several, truth @ rarity / np.maximum(1, several), 1.0)
        return np.asarray(weights / weights.mean(), np.float32)
    return np.ones(len(truth), np.float32)


def _check_deadline(deadline: float | None, epoch: int) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TrialTimeoutError(f"the trial's time was up in epoch {epoch} of training")
