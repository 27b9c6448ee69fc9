"""The recurrent half of VeLO, CELO and CELO-Adam: how far training is and how it goes, to a step size.

Metz et al. 2022 (arXiv:2211.09760), Moudgil et al. 2025 (arXiv:2501.12670). T rows, one for each tensor; where all
tensors would see the same, one row stands for them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.training.learned.published import Arrays
from tuner.training.runtime import tf

Tensor = Any

_FRACTIONS = np.array([0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1], np.float32)
_LOSSES = 10


def fraction_features(count: Tensor, total: Tensor) -> Tensor:
    """Return nine soft steps over the share of training that is done before this step."""
    return tf.tanh(((count - 1) / total - _FRACTIONS) * 10)


def first_losses() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return means of the loss, and the least each has been, before the first step."""
    return np.zeros(_LOSSES, np.float32), np.full(_LOSSES, 999999999999.0, np.float32)


def loss_features(
    loss: Tensor, means: Tensor, least: Tensor, count: Tensor, total: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Return nine features of the course of the loss, and what to keep.

    Means over ten spans, from ten steps to the whole training; a feature says where one lies between its own
    minimum (-1) and the mean over the next longer span (0). A loss counts at most twice the greatest mean.
    """
    exponents = tf.linspace(1.0, tf.math.log(total) / np.log(10.0).astype(np.float32), _LOSSES)
    decays = tf.exp(-1.0 / tf.pow(10.0, exponents))
    first = count <= 1
    before = means / (1 - tf.pow(decays, count))
    greatest = tf.where(first, loss, tf.reduce_max(before))
    loss = tf.minimum(2 * tf.abs(greatest), loss)
    means = means * decays + loss * (1 - decays)
    corrected = means / (1 - tf.pow(decays, count))
    least = tf.minimum(least, corrected)
    span = tf.maximum(1e-8, corrected[1:] - least[:-1])
    features = tf.clip_by_value((corrected[:-1] - least[:-1]) / span - 1, -1.0, 1.0)
    return tf.where(count <= 2, tf.zeros_like(features), features), (means, least)


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The LSTM, after a layer in which the tensors see the greatest of all their features."""

    arrays: Arrays

    def first(self, rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return output and cell before the first step, T × hidden."""
        hidden, cell = (self.arrays[f"lstm_init_state|{name}"] for name in ("hidden", "cell"))
        return np.repeat(hidden, rows, axis=0), np.repeat(cell, rows, axis=0)

    def __call__(self, features: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return output and cell after a step from T × features."""
        mixed = tf.reduce_max(tf.nn.relu(self.linear("linear_1", features)), axis=0, keepdims=True)
        joint = tf.concat([self.linear("linear_2", features) + mixed, hidden], axis=-1)
        enter, new, keep, leave = tf.split(self.linear("rnn|linear", joint), 4, axis=-1)
        cell = tf.sigmoid(keep + 1) * cell + tf.sigmoid(enter) * tf.tanh(new)
        return tf.sigmoid(leave) * tf.tanh(cell), cell

    def linear(self, name: str, value: Tensor) -> Tensor:
        """Apply one of its layers."""
        return value @ self.arrays[f"rnn_params|{name}|w"] + self.arrays[f"rnn_params|{name}|b"]

    def step_size(self, hidden: Tensor) -> Tensor:
        """Return what VeLO multiplies its step by; of CELO the logarithm of ten times that. T."""
        return self.linear("step_size", hidden)[:, 0]
