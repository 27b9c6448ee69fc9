"""Losses by their standard names, from logits to one figure per example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuner.candidate import Settings
from tuner.errors import ConfigError, nearest
from tuner.training.runtime import tf
from tuner.training.settings import read_parameters

Tensor = Any

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits (N × classes) and truth (N class indices) to N losses."""


def build_loss(settings: Settings) -> Loss:
    """Return the loss of that name; "auto" is the cross-entropy.

    Raises:
        ConfigError: there is no such loss, or it has no such parameter.
    """
    if settings.type not in _LOSSES:
        raise ConfigError(f"no loss is called '{settings.type}'", hint=nearest(settings.type, _LOSSES))
    build, defaults = _LOSSES[settings.type]
    return build(**read_parameters("loss", settings, defaults))


def cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the log loss of each example, in nats."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)


def _smoothed_cross_entropy(label_smoothing: float) -> Loss:
    """Szegedy et al. 2016: the truth gives the share `label_smoothing` of its weight to all classes alike."""
    if label_smoothing == 0.0:
        return cross_entropy

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        uniform = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        return (1 - label_smoothing) * cross_entropy(logits, truth) + label_smoothing * uniform

    return loss


def _focal(gamma: float) -> Loss:
    """Lin et al. 2017: examples that are already right count less, by the factor (1 - p)^gamma."""

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        entropy = cross_entropy(logits, truth)
        return (1 - tf.exp(-entropy)) ** gamma * entropy

    return loss


_LOSSES: Mapping[str, tuple[Callable[..., Loss], Mapping[str, float]]] = {
    "auto": (lambda: cross_entropy, {}),
    "cross_entropy": (_smoothed_cross_entropy, {"label_smoothing": 0.0}),
    "focal": (_focal, {"gamma": 2.0}),
}
