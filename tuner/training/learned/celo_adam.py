"""CELO-Adam: Adam's direction, with a step size from a learned scheduler.

Moudgil et al. 2025 (arXiv:2501.12670), section A.6. The scheduler sees the loss and the share of training that is
done, so all tensors get the same step size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.training.learned.published import Arrays
from tuner.training.learned.scheduler import Scheduler, first_losses, fraction_features, loss_features
from tuner.training.learned.update import Now, Slots, Tensor
from tuner.training.runtime import tf

_GREATEST_GRADIENT = 1000.0
_BETA_1, _BETA_2 = 0.9, 0.999


@dataclass(frozen=True, slots=True)
class CeloAdam:
    """The rule for so many weights."""

    arrays: Arrays
    size: int

    @classmethod
    def of(cls, arrays: Arrays, shapes: Sequence[tuple[int, ...]]) -> CeloAdam:
        """Make the rule for tensors of these shapes."""
        return cls(arrays, sum(int(np.prod(shape)) for shape in shapes))

    def first(self) -> tuple[NDArray[np.float32], ...]:
        """Return mean and mean square of the gradients, the scheduler's state and the course of the loss."""
        empty = np.zeros(self.size, np.float32)
        return (empty, empty, *Scheduler(self.arrays).first(1), *first_losses())

    def moved(self, now: Now, slots: Slots) -> tuple[Tensor, Slots]:
        """Take a step."""
        mean, square, hidden, cell, means, least = slots
        course, losses = loss_features(now.loss, means, least, now.count, now.total)
        features = tf.concat([fraction_features(now.count, now.total), course], axis=0)[None]
        scheduler = Scheduler(self.arrays)
        hidden, cell = scheduler(features, hidden, cell)
        rate = tf.exp(scheduler.step_size(hidden)[0]) * 0.1 * 0.001
        gradient = tf.clip_by_value(now.gradient, -_GREATEST_GRADIENT, _GREATEST_GRADIENT)
        mean = _BETA_1 * mean + (1 - _BETA_1) * gradient
        square = _BETA_2 * square + (1 - _BETA_2) * tf.square(gradient)
        direction = mean / (1 - _BETA_1**now.count)
        length = tf.sqrt(square / (1 - _BETA_2**now.count) + 1e-10) + 1e-8
        return now.weights - direction * (rate / length), (mean, square, hidden, cell, *losses)
