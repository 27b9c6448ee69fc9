"""Knowledge distillation: a small network learns the answers of larger ones beside the truth (Hinton et al. 2015).

Teachers see what the student sees, augmentation included, so that their answers are right for it (Beyer et al. 2022).

They are named by their architecture rather than taken from the trials of the study so far: which of those is best
depends on the order in which workers finish, and a trial must give the same result whenever it is run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuner.models.network import Network
from tuner.training.layers import Pass, Tensor, forward, head_activation, tensor_shape
from tuner.training.runtime import tf
from tuner.training.weights import Weights, initial_weights


@dataclass(frozen=True, slots=True)
class Lesson:
    """Who teaches, and how much their answers count; decides the training graph."""

    networks: tuple[Network, ...]
    temperature: float
    share: float
    """Of the loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """Trained teachers."""

    lesson: Lesson
    weights: tuple[Weights, ...]


class Teaching:
    """The teachers inside a training graph."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._weights = tuple(
            {name: tf.Variable(values, trainable=False) for name, values in initial_weights(network, seed=0).items()}
            for network in lesson.networks
        )

    def begin(self, weights: Sequence[Weights]) -> None:
        """Give the teachers what they have learned."""
        for variables, values in zip(self._weights, weights, strict=True):
            for name, variable in variables.items():
                variable.assign(values[name])

    def losses(self, own: Tensor, logits: Tensor, inputs: Tensor) -> Tensor:
        """Return a loss per example: the student's own, and how far it is from the mean of the teachers' answers.

        Probabilities are compared by cross-entropy at the lesson's temperature, times its square, which keeps the
        gradients' size; plain numbers by their squared difference.
        """
        answers = [self._answer(index, inputs) for index in range(len(self._weights))]
        mean = tf.stop_gradient(tf.add_n(answers) / len(answers))
        return (1 - self._lesson.share) * own + self._lesson.share * self._distance(mean, logits)

    def _answer(self, index: int, inputs: Tensor) -> Tensor:
        network, weights = self._lesson.networks[index], self._weights[index]
        rows = tf.reshape(inputs, (-1, *tensor_shape(network.input_shape)))
        logits = forward(network, rows, Pass(lambda name, _: weights[name].read_value()))
        match head_activation(network):
            case "softmax":
                return tf.nn.softmax(logits / self._lesson.temperature)
            case "sigmoid":
                return tf.math.sigmoid(logits / self._lesson.temperature)
            case _:
                return logits

    def _distance(self, answer: Tensor, logits: Tensor) -> Tensor:
        temperature = self._lesson.temperature
        match head_activation(self._lesson.networks[0]):
            case "softmax":
                distance = temperature**2 * tf.nn.softmax_cross_entropy_with_logits(answer, logits / temperature)
            case "sigmoid":
                entropy = tf.nn.sigmoid_cross_entropy_with_logits(answer, logits / temperature)
                distance = temperature**2 * tf.reduce_mean(entropy, axis=-1)
            case _:
                distance = tf.reduce_mean(tf.math.squared_difference(answer, logits), axis=-1)
        # Where a network answers for each place, so does the distance; the loss is one figure per example.
        return tf.reduce_mean(tf.reshape(distance, (tf.shape(distance)[0], -1)), axis=-1)
