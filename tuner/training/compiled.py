"""The compiled epoch: all steps of a pass over the examples as one graph.

Python is entered once per hundred steps instead of once per step, and TensorFlow traces once per recipe: rates,
examples and first weights are fed, so trials that differ in nothing else share a graph.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.augmentation import Changes
from tuner.candidate import Settings
from tuner.models.network import Network
from tuner.training.augmentation import augmented, mixed, own_shares, partners
from tuner.training.constraint import Held
from tuner.training.distillation import Lesson, Teaching
from tuner.training.layers import Pass, Tensor, forward, head_activation, tensor_shape
from tuner.training.layout import Layout
from tuner.training.losses import build_objective
from tuner.training.optimizers import Step, build_optimizer
from tuner.training.runtime import tf
from tuner.training.simulation import Ranges, quantized_pass
from tuner.training.values import Examples
from tuner.training.weights import Weights, initial_weights, is_statistic

_EVALUATION_BATCH = 256


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the graph, and so which trials can share it."""

    network: Network
    optimizer: Settings
    """Without its rates."""
    loss: Settings
    batch_size: int
    truth_shape: tuple[int, ...] = ()
    """Of one example's truth."""
    truth_dtype: str = "int64"
    ranges: Ranges | None = None
    """If given, the network runs as if its weights and these activations were stored in 8 bits."""
    augmentation: Changes | None = None
    feature_shape: tuple[int, ...] = ()
    """Of what is augmented, as the preprocessing gives it; the network may read it in another shape."""
    constrained: bool = False
    """Whether some weights may be held, see `CompiledEpoch.hold`."""
    lesson: Lesson | None = None
    """If given, the network also learns the answers of others."""
    frozen: frozenset[str] = frozenset()
    """Layers that keep their weights, and normalize by the statistics they came with."""


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """Examples where the graph reads them."""

    features: Tensor
    truth: Tensor

    @classmethod
    def of(cls, examples: Examples, network: Network) -> Feed:
        """Hand examples to TensorFlow in the shape in which the network runs."""
        shape = (len(examples), *tensor_shape(network.input_shape))
        return cls(tf.constant(examples.features.reshape(shape)), tf.constant(examples.truth))


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Some steps of an epoch."""

    rows: NDArray[np.int32]
    """Steps × batch: the examples of each step."""
    rates: NDArray[np.float32]
    """A learning rate per step."""
    first: int
    """How many steps were taken since training began."""
    total: int
    """How many there will be if nothing ends the training early."""


class CompiledEpoch:
    """Training and evaluation of one recipe; holds the weights that are being trained."""

    def __init__(self, recipe: Recipe) -> None:
        self._network = recipe.network
        self._ranges = recipe.ranges
        self._augmentation = recipe.augmentation
        self._feature_shape = recipe.feature_shape
        self._objective = build_objective(recipe.loss, head_activation(recipe.network))
        self._frozen = recipe.frozen
        template = initial_weights(recipe.network, seed=0)
        kept = {name for name in template if is_statistic(name) or name.rpartition("/")[0] in recipe.frozen}
        self._learned = Layout.of({name: value for name, value in template.items() if name not in kept})
        self._gathered = Layout.of({name: value for name, value in template.items() if name in kept})
        self._weights = tf.Variable(self._learned.pack(template))
        self._statistics = tf.Variable(self._gathered.pack(template))
        self._constrained = recipe.constrained
        self._ties = tf.Variable(tf.range(self._weights.shape[0]))
        self._mask = tf.Variable(tf.ones_like(self._weights))
        self._teaching = None if recipe.lesson is None else Teaching(recipe.lesson)
        self._optimizer = build_optimizer(recipe.optimizer, tuple(self._learned.shapes.values()))
        self._slots = tuple(tf.Variable(first) for first in self._optimizer.slots)
        features = tf.TensorSpec((None, *tensor_shape(recipe.network.input_shape)), tf.float32)
        per_example = tf.TensorSpec((None,), tf.float32)
        truth = tf.TensorSpec((None, *recipe.truth_shape), recipe.truth_dtype)
        rows = tf.TensorSpec((None, recipe.batch_size), tf.int32)
        rates = tf.TensorSpec((None,), tf.float32)
        number = tf.TensorSpec((), tf.int32)
        signature = [(features, truth, per_example), (rows, rates, number, number), number]
        self._train = tf.function(self._train_steps, input_signature=signature, autograph=False)
        self._evaluate = tf.function(self._evaluate_all, input_signature=[features, truth], autograph=False)

    def start(self, weights: Weights) -> None:
        """Begin a training from these weights."""
        self._weights.assign(self._learned.pack(weights))
        self._statistics.assign(self._gathered.pack(weights))
        if self._constrained:
            self.hold(Held())
        for slot, first in zip(self._slots, self._optimizer.slots, strict=True):
            slot.assign(first)

    def hold(self, held: Held) -> None:
        """Set to zero what is masked, and from now on keep that zero and equal what is tied."""
        free = {name: np.ones(shape, np.float32) for name, shape in self._learned.shapes.items()}
        self._mask.assign(
            self._learned.pack(free | {name: mask.astype(np.float32) for name, mask in held.masks.items()})
        )
        self._ties.assign(self._learned.numbered(held.ties))
        for variable in (self._weights, *self._slots):
            variable.assign(variable * self._mask)

    def teachers(self, weights: Sequence[Weights]) -> None:
        """Give the teachers of the lesson their weights."""
        assert self._teaching is not None
        self._teaching.begin(weights)

    def train(self, feed: Feed, example_weights: Tensor, steps: Steps, seed: int) -> tuple[float, float]:
        """Take some steps; return the sums of their losses and of the measures of the examples they saw."""
        data = (feed.features, feed.truth, example_weights)
        loss, measure = self._train(data, (steps.rows, steps.rates, steps.first, steps.total), seed)
        return float(loss), float(measure)

    def evaluate(self, feed: Feed) -> tuple[float, float]:
        """Return the mean validation loss and the mean measure of the weights as they stand."""
        loss, measure = self._evaluate(feed.features, feed.truth)
        return float(loss) / len(feed.truth), float(measure) / len(feed.truth)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the weights as they stand."""
        parts = self._learned.cut(self._weights) | self._gathered.cut(self._statistics)
        return {name: part.numpy() for name, part in parts.items()}

    def _pass(self, weights: dict[str, Tensor], seed: Tensor = None) -> Pass:
        """With a seed as in training, without as in use; simulated quantization always runs as in use."""
        if self._ranges is not None:
            return quantized_pass(self._network, weights, self._ranges)
        return Pass(lambda name, _: weights[name], training=seed is not None, seed=seed, frozen=self._frozen)

    def _train_steps(self, data: tuple[Tensor, ...], steps: tuple[Tensor, ...], seed: Tensor) -> tuple[Tensor, Tensor]:
        features, truth, example_weights = data
        rows, rates, first, total = steps

        def step(index: Tensor, loss: Tensor, measure: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            chosen = rows[index]
            x, y = tf.gather(features, chosen), tf.gather(truth, chosen)
            x, share = self._augmented(x, tf.stack([seed, first + index]))
            learned = self._learned.cut(self._weights.read_value())
            gathered = self._gathered.cut(self._statistics.read_value())
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(learned)
                run = self._pass(learned | gathered, seed + first + index)
                logits = forward(self._network, x, run)
                losses = self._losses(logits, y, tf.gather(example_weights, chosen), share)
                if self._teaching is not None:
                    losses = self._teaching.losses(losses, logits, x)
                mean = tf.reduce_mean(losses)
            nothing = tf.UnconnectedGradients.ZERO  # of weights on a branch that the output does not read
            gradient = self._held(self._learned.join(tape.gradient(mean, learned, unconnected_gradients=nothing)))
            self._statistics.assign(self._gathered.join(gathered | run.statistics))
            time = tf.cast(first + index + 1, tf.float32), tf.cast(total, tf.float32)
            self._optimizer.apply(Step(self._weights, self._slots, gradient, mean, rates[index], *time))
            return index + 1, loss + mean, measure + tf.reduce_sum(self._objective.measure(logits, y))

        start = (tf.constant(0), tf.constant(0.0), tf.constant(0.0))
        _, loss, measure = tf.while_loop(lambda index, *_: index < tf.shape(rows)[0], step, start)
        return loss, measure

    def _held(self, gradient: Tensor) -> Tensor:
        """Return the gradient along which nothing that is held changes."""
        if not self._constrained:
            return gradient
        sums = tf.math.unsorted_segment_sum(gradient, self._ties, gradient.shape[0])
        return tf.gather(sums, self._ties) * self._mask

    def _augmented(self, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the batch as the network is to see it, and each example's share of itself if they are mixed."""
        if self._augmentation is None:
            return x, None
        changed = augmented(tf.reshape(x, (x.shape[0], *self._feature_shape)), self._augmentation, seed)
        share = None
        if self._augmentation.mixup:
            share = own_shares(x.shape[0], self._augmentation.mixup, seed)
            changed = mixed(changed, share)
        return tf.reshape(changed, x.shape), share

    def _losses(self, logits: Tensor, truth: Tensor, example_weights: Tensor, share: Tensor) -> Tensor:
        """Return a loss per example; one of mixed examples is that of both truths, in the same shares."""
        own = self._objective.loss(logits, truth) * example_weights
        if share is None:
            return own
        return share * own + (1 - share) * self._objective.loss(logits, partners(truth)) * partners(example_weights)

    def _evaluate_all(self, features: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        weights = self._learned.cut(self._weights.read_value()) | self._gathered.cut(self._statistics.read_value())

        def batch(first: Tensor, loss: Tensor, measure: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            last = first + _EVALUATION_BATCH
            logits = forward(self._network, features[first:last], self._pass(weights))
            y = truth[first:last]
            loss += tf.reduce_sum(self._objective.validation(logits, y))
            return last, loss, measure + tf.reduce_sum(self._objective.measure(logits, y))

        start = (tf.constant(0), tf.constant(0.0), tf.constant(0.0))
        _, loss, measure = tf.while_loop(lambda first, *_: first < tf.shape(truth)[0], batch, start)
        return loss, measure


@functools.lru_cache(maxsize=4)
def compiled_epoch(recipe: Recipe) -> CompiledEpoch:
    """Return the graphs of a recipe, from the last few where possible; each holds memory for its weights."""
    return CompiledEpoch(recipe)
