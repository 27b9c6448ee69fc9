"""Quantization-aware training: weights learn to live with the rounding that conversion will do to them."""

from __future__ import annotations

from dataclasses import replace

from tuner.candidate import Scalar, Training
from tuner.compression import Int8Aware
from tuner.training.constraint import Fixed, preserving
from tuner.training.convert import calibration_rows
from tuner.training.distillation import Teachers
from tuner.training.fit import fit
from tuner.training.folding import fold
from tuner.training.optimizers import going_on
from tuner.training.simulation import activation_ranges
from tuner.training.values import Examples, Trained

_PATIENCE = 3
_RATE = 0.1
"""Share of the learning rate with which the network was trained: the weights are to settle, not to move on."""


def quantize_aware(
    trained: Trained,
    training: Training,
    train: Examples,
    validation: Examples,
    *,
    form: Int8Aware | None = None,
    seed: int,
    deadline: float | None = None,
    teachers: Teachers | None = None,
) -> Trained:
    """Train a trained network on, with its weights and activations rounded as in the int8 model.

    Batch normalization is folded first, as on the device; so the network that comes back has fewer nodes, yet
    converts to the same operators. The weights that went in come back if rounding them loses nothing. Zeros stay
    zero and equal weights of a channel equal if the form asks for sparsity or clusters.

    Raises:
        TrainingError: the loss is no longer finite or absurd.
        TrialTimeoutError: the deadline passed.
    """
    form = form or Int8Aware()
    network, weights = fold(trained.network, trained.weights)
    rate = float(training.optimizer.get("learning_rate", 0.001)) * _RATE
    constant: dict[str, Scalar] = {"learning_rate": rate, "schedule": "constant", "warmup_epochs": 0.0}
    sparse, clustered = form.sparsity > 0, form.clusters > 0
    held = Fixed(preserving(network, weights, sparse=sparse, clustered=clustered)) if sparse or clustered else None
    tuned = fit(
        network,
        replace(
            training,
            optimizer=going_on(training.optimizer, constant),
            epochs=form.epochs,
            patience=_PATIENCE,
        ),
        train,
        validation,
        seed=seed,
        deadline=deadline,
        start=weights,
        ranges=activation_ranges(network, weights, calibration_rows(train.features, form.calibration)),
        constraint=held,
        teachers=teachers,
    )
    return replace(trained, network=network, weights=tuned.weights, seconds=trained.seconds + tuned.seconds)
