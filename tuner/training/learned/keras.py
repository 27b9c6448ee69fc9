"""Learned optimizers for Keras models: `LearnedOptimizer` compiles and fits like any other optimizer of tf_keras."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tuner.candidate import Scalar, Settings
from tuner.training.learned.known import LEARNED, learned_rule
from tuner.training.learned.update import Now, Tensor
from tuner.training.runtime import tf
from tuner.training.settings import read_parameters

Variable = Any


class LearnedOptimizer(tf.keras.optimizers.Optimizer):  # type: ignore[misc]  # TensorFlow publishes no types
    """Trains a Keras model without a learning rate.

        model.compile(LearnedOptimizer("learned", total_steps=epochs * batches), loss="mse")

    It reads the loss, so a training loop of one's own calls `minimize`, as `Model.fit` does, not `apply_gradients`.

    Args:
        kind: "learned", "celo", "celo-adam" or "velo".
        total_steps: how many steps the training will have; further steps are those of the end of a training.
        parameters: of the optimizer, "weights" for one that was published elsewhere.

    Raises:
        ConfigError: there is no such optimizer or parameter, or its weights are not to be found.
    """

    def __init__(self, kind: str = "learned", *, total_steps: int, name: str = "learned", **parameters: Scalar) -> None:
        super().__init__(name=name, jit_compile=False)
        self._settings = Settings.of(kind, **parameters)
        read_parameters("optimizer", self._settings, LEARNED[kind])
        self._total_steps = total_steps
        self._minimizes = False
        # Keras compiles this into its own bookkeeping; nothing reads it.
        self._learning_rate = self._build_learning_rate(1.0)

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make room for what the rule keeps; called once by Keras with all variables that are trained."""
        super().build(var_list)
        if hasattr(self, "_slots"):
            return
        self._trained = list(var_list)
        self._rule = learned_rule(self._settings, [tuple(variable.shape) for variable in var_list])
        with tf.init_scope():
            self._slots = [
                tf.Variable(first, trainable=False, name=f"slot_{number}")
                for number, first in enumerate(self._rule.first())
            ]
            self._loss = tf.Variable(math.nan, trainable=False, name="loss")
        self._variables.extend([*self._slots, self._loss])

    def compute_gradients(self, loss: Any, var_list: Sequence[Variable], tape: Any = None) -> Any:
        """Return gradients beside their variables, and remember the loss."""
        gradients = super().compute_gradients(loss, var_list, tape)
        with tf.init_scope():
            self.build(var_list)
        self._minimizes = True
        value = loss() if callable(loss) else loss
        self._loss.assign(tf.cast(tf.reduce_mean(value), tf.float32))
        return gradients

    def _internal_apply_gradients(self, grads_and_vars: Iterable[tuple[Tensor, Variable]]) -> Any:
        if not self._minimizes:
            raise ValueError("a learned optimizer reads the loss: call minimize(loss, variables, tape)")
        given = {id(variable): gradient for gradient, variable in grads_and_vars}
        gradients = [given.get(id(variable)) for variable in self._trained]
        shapes = [tuple(variable.shape) for variable in self._trained]
        flat = [
            tf.zeros(math.prod(shape)) if gradient is None else tf.reshape(tf.convert_to_tensor(gradient), (-1,))
            for gradient, shape in zip(gradients, shapes, strict=True)
        ]
        weights = tf.concat([tf.reshape(variable.read_value(), (-1,)) for variable in self._trained], 0)
        count = tf.cast(tf.minimum(self.iterations + 1, self._total_steps), tf.float32)
        now = Now(weights, tf.concat(flat, 0), self._loss.read_value(), count, tf.constant(float(self._total_steps)))
        moved, kept = self._rule.moved(now, tuple(slot.read_value() for slot in self._slots))
        parts = tf.split(moved, [math.prod(shape) for shape in shapes])
        for variable, part, shape in zip(self._trained, parts, shapes, strict=True):
            variable.assign(tf.reshape(part, shape))
        for slot, value in zip(self._slots, kept, strict=True):
            slot.assign(value)
        return self.iterations.assign_add(1)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal optimizer."""
        return {
            "name": self.name,
            "kind": self._settings.type,
            "total_steps": self._total_steps,
            **dict(self._settings),
        }
