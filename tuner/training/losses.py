"""Losses by their standard names, and what each is measured by while it trains.

A loss takes what the network's last layer sums up, before its softmax or sigmoid, and the truth in the form that goes
with it: N class indices, N × labels of 0 and 1, or N × values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tuner.candidate import Settings
from tuner.errors import ConfigError, nearest
from tuner.models.network import Activation
from tuner.training.runtime import tf
from tuner.training.settings import read_parameters

Tensor = Any

PerExample = Callable[[Tensor, Tensor], Tensor]
"""From sums (N × …) and truth (N × …) to N figures."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What training minimizes, and by what it is judged."""

    loss: PerExample
    """On training examples."""
    validation: PerExample
    """On validation examples: the loss without what only helps to learn, such as smoothing."""
    measure: PerExample
    """What is shown of each epoch: 1 for a right class, the share of right labels, or the mean absolute error."""


def build_objective(settings: Settings, activation: Activation) -> Objective:
    """Return the loss of that name with what belongs to it.

    "auto" is what goes with the network's last activation: cross-entropy on a softmax, binary cross-entropy on
    sigmoids, the squared error on plain values.

    Raises:
        ConfigError: there is no such loss, or it has no such parameter.
    """
    name = _STANDARD.get(activation, "mse") if settings.type == "auto" else settings.type
    if name not in _LOSSES:
        raise ConfigError(f"no loss is called '{name}'", hint=nearest(name, ("auto", *_LOSSES)))
    known = _LOSSES[name]
    loss = known.build(**read_parameters("loss", settings, known.defaults))
    return Objective(loss, known.plain or loss, known.measure)


def cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the log loss of each example, in nats."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)


def _smoothed_cross_entropy(label_smoothing: float) -> PerExample:
    """Szegedy et al. 2016: the truth gives the share `label_smoothing` of its weight to all classes alike."""
    if label_smoothing == 0.0:
        return cross_entropy

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        uniform = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        return (1 - label_smoothing) * cross_entropy(logits, truth) + label_smoothing * uniform

    return loss


def _focal(gamma: float) -> PerExample:
    """Lin et al. 2017: examples that are already right count less, by the factor (1 - p)^gamma."""

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        entropy = cross_entropy(logits, truth)
        return (1 - tf.exp(-entropy)) ** gamma * entropy

    return loss


def _binary_cross_entropy(label_smoothing: float) -> PerExample:
    """Return the mean log loss of the labels; the truth is moved from 0 and 1 by half of `label_smoothing`."""

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        wanted = tf.cast(truth, tf.float32) * (1 - label_smoothing) + label_smoothing / 2
        return _mean(tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits))

    return loss


def _binary_focal(gamma: float) -> PerExample:
    """The focal loss of each label by itself."""

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(truth, tf.float32), logits)
        return _mean((1 - tf.exp(-entropy)) ** gamma * entropy)

    return loss


def _right_labels(logits: Tensor, truth: Tensor) -> Tensor:
    return _mean(tf.cast((logits > 0) == (truth > 0), tf.float32))


def _right_class(logits: Tensor, truth: Tensor) -> Tensor:
    return tf.cast(tf.argmax(logits, axis=-1) == truth, tf.float32)


def _squared_error(values: Tensor, truth: Tensor) -> Tensor:
    return _mean(tf.square(values - truth))


def _absolute_error(values: Tensor, truth: Tensor) -> Tensor:
    return _mean(tf.abs(values - truth))


def _huber(delta: float) -> PerExample:
    """Huber 1964: squared up to `delta`, linear beyond, so that outliers do not pull as hard."""

    def loss(values: Tensor, truth: Tensor) -> Tensor:
        error = tf.abs(values - truth)
        near = tf.minimum(error, delta)
        return _mean(0.5 * tf.square(near) + delta * (error - near))

    return loss


def _weighted_cross_entropy(object_weight: float) -> PerExample:
    """Classes in the cells of a grid, of which most hold nothing: those with an object count `object_weight` times."""

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        weights = tf.where(truth > 0, object_weight, 1.0)
        return _mean(weights * cross_entropy(logits, truth))

    return loss


def _cell_f1(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the F1 of the cells of each example that hold an object; 1 where there is none and none is found."""
    return _f1(tf.argmax(logits, axis=-1), truth)


def _multibox(gamma: float, alpha: float, box_weight: float) -> PerExample:
    """Liu et al. 2016, with the focal loss of Lin et al. 2017 instead of hard negative mining.

    Per anchor a sigmoid for each class, and four offsets by smooth L1 where there is an object; both are summed and
    divided by the number of anchors that have one.
    """

    def loss(answers: Tensor, truth: Tensor) -> Tensor:
        logits, offsets, classes = _by_anchor(answers, truth)
        positive = tf.cast(classes > 0, tf.float32)
        wanted = tf.one_hot(classes - 1, logits.shape[-1])
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits)
        balance = wanted * alpha + (1 - wanted) * (1 - alpha)
        focal = tf.reduce_sum(balance * (1 - tf.exp(-entropy)) ** gamma * entropy, axis=-1)
        error = tf.abs(offsets - truth[..., 1:])
        near = tf.minimum(error, 1.0)
        smooth = tf.reduce_sum(0.5 * tf.square(near) + error - near, axis=-1)
        looked_at = tf.cast(classes >= 0, tf.float32)
        total = tf.reduce_sum(looked_at * focal + box_weight * positive * smooth, axis=-1)
        return total / tf.maximum(tf.reduce_sum(positive, axis=-1), 1.0)

    return loss


def _anchor_f1(answers: Tensor, truth: Tensor) -> Tensor:
    """Return the F1 of the anchors of each example that stand for an object."""
    logits, _, classes = _by_anchor(answers, truth)
    found = tf.where(tf.reduce_max(logits, axis=-1) >= 0, tf.argmax(logits, axis=-1) + 1, 0)
    return _f1(tf.where(classes < 0, tf.cast(0, tf.int64), found), tf.maximum(classes, 0))


def _by_anchor(answers: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits (N × anchors × classes), offsets (N × anchors × 4) and true classes (N × anchors)."""
    anchors = truth.shape[1]
    split = tf.reshape(answers, (-1, anchors, answers.shape[-1] // anchors))
    return split[..., :-4], split[..., -4:], tf.cast(truth[..., 0], tf.int64)


def _f1(found: Tensor, truth: Tensor) -> Tensor:
    axes = list(range(1, len(truth.shape)))
    right = tf.reduce_sum(tf.cast((found == truth) & (truth > 0), tf.float32), axis=axes)
    both = tf.reduce_sum(tf.cast(found > 0, tf.float32) + tf.cast(truth > 0, tf.float32), axis=axes)
    return tf.where(both > 0, 2 * right / tf.maximum(both, 1.0), 1.0)


def _mean(figures: Tensor) -> Tensor:
    """Return the mean of each example's values."""
    return tf.reduce_mean(figures, axis=list(range(1, len(figures.shape))))


@dataclass(frozen=True, slots=True)
class _Known:
    build: Callable[..., PerExample]
    defaults: Mapping[str, float]
    measure: PerExample
    plain: PerExample | None = None
    """The loss on validation examples; that of training if there is none."""


_STANDARD: Mapping[Activation, str] = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}

_LOSSES: Mapping[str, _Known] = {
    "cross_entropy": _Known(_smoothed_cross_entropy, {"label_smoothing": 0.0}, _right_class, cross_entropy),
    "focal": _Known(_focal, {"gamma": 2.0}, _right_class, cross_entropy),
    "binary_cross_entropy": _Known(
        _binary_cross_entropy, {"label_smoothing": 0.0}, _right_labels, _binary_cross_entropy(0.0)
    ),
    "binary_focal": _Known(_binary_focal, {"gamma": 2.0}, _right_labels, _binary_cross_entropy(0.0)),
    "weighted_cross_entropy": _Known(_weighted_cross_entropy, {"object_weight": 10.0}, _cell_f1),
    "multibox": _Known(_multibox, {"gamma": 2.0, "alpha": 0.25, "box_weight": 1.0}, _anchor_f1),
    "mse": _Known(lambda: _squared_error, {}, _absolute_error),
    "mae": _Known(lambda: _absolute_error, {}, _absolute_error),
    "huber": _Known(_huber, {"delta": 1.0}, _absolute_error),
}
