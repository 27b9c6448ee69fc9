"""Optimizers and learning-rate schedules by their standard names.

All weights that are learned stand in one flat vector, so a step is a single fused operator whatever the number
of layers: a third of the time of a small network's step would otherwise go into dispatching one per weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Scalar, Settings
from tuner.errors import ConfigError, nearest
from tuner.training.learned.known import LEARNED, learned_rule
from tuner.training.learned.update import Now, Rule
from tuner.training.runtime import tf
from tuner.training.settings import read_parameters

Tensor = Any
Variable = Any

FULL_BATCH = "gradient_descent"
"""The optimizer whose every step sees all examples, whatever the batch size."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an optimizer needs for one step."""

    weights: Variable
    slots: tuple[Variable, ...]
    """What the optimizer itself keeps."""
    gradient: Tensor
    loss: Tensor
    """Of the batch that the gradient is from."""
    rate: Tensor
    count: Tensor
    """Number of this step since training began, as a float; the first is 1."""
    total: Tensor
    """Steps that the training has if nothing ends it early, as a float."""


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An update rule and what it keeps between steps."""

    slots: tuple[NDArray[np.float32], ...]
    """First value of each slot."""
    apply: Callable[[Step], None]


def build_optimizer(settings: Settings, shapes: Sequence[tuple[int, ...]]) -> Optimizer:
    """Return the optimizer of that name for tensors of these shapes, which follow each other in the flat vector.

    Raises:
        ConfigError: there is no such optimizer, it has no such parameter, or its weights are not to be found.
    """
    if settings.type in LEARNED:
        return _learned(learned_rule(settings, shapes))
    build, defaults = _known(settings)
    parameters = read_parameters("optimizer", settings, {**_SCHEDULE, **defaults})
    first, apply = build(**{name: parameters[name] for name in defaults})
    size = sum(math.prod(shape) for shape in shapes)
    return Optimizer(tuple(np.full(size, value, np.float32) for value in first), apply)


def without_rates(settings: Settings) -> Settings:
    """Return what of the settings decides the compiled step; rates are fed to it."""
    kept = tuple((name, value) for name, value in settings.items() if name not in _SCHEDULE)
    return Settings(settings.type, kept)


def going_on(settings: Settings, rates: Mapping[str, Scalar]) -> Settings:
    """Return the optimizer for a training that goes on from trained weights, with other rates.

    A learned optimizer gives way to Adam: it was meta-trained from first weights, and moves weights that a
    constraint keeps where they are.
    """
    if settings.type in LEARNED:
        return Settings("adam", tuple(rates.items()))
    return Settings(settings.type, tuple((dict(settings) | dict(rates)).items()))


def learning_rates(settings: Settings, epochs: int, steps: int) -> NDArray[np.float32]:
    """Return the learning rate of every step: epochs × steps; a learned optimizer takes no notice of it.

    The schedule is "constant", "cosine" (to zero at the last epoch), "exponential" (by `decay` an epoch) or
    "one_cycle" (Smith 2018: up to the rate over the first 30 %, then down to zero); `warmup_epochs` of linear
    rise come before any of them.

    Raises:
        ConfigError: there is no such schedule, or a figure lies outside its range.
    """
    if settings.type in LEARNED:
        read_parameters("optimizer", settings, LEARNED[settings.type])
        return np.ones((epochs, steps), np.float32)
    defaults = _known(settings)[1]
    parameters = read_parameters("optimizer", settings, {**_SCHEDULE, **defaults})
    schedule, peak = str(parameters["schedule"]), float(parameters["learning_rate"])
    if schedule not in _SHAPES:
        raise ConfigError(f"no learning-rate schedule is called '{schedule}'", hint=nearest(schedule, _SHAPES))
    if not 0 < peak < math.inf:
        raise ConfigError(f"optimizer '{settings.type}': learning_rate is {peak}, expected more than 0")
    epoch = np.arange(epochs * steps) / steps
    warmup = float(parameters["warmup_epochs"])
    factor = _SHAPES[schedule](np.maximum(epoch - warmup, 0.0), max(epochs - warmup, 1.0), float(parameters["decay"]))
    if warmup > 0:
        factor = np.where(epoch < warmup, (epoch + 1 / steps) / warmup, factor)
    return (peak * factor).reshape(epochs, steps).astype(np.float32)


_Apply = Callable[[Step], None]

_Rule = tuple[tuple[float, ...], _Apply]
"""What each slot is filled with at first, and the step."""


def _known(settings: Settings) -> tuple[Callable[..., _Rule], Mapping[str, Scalar]]:
    if settings.type not in _OPTIMIZERS:
        known = (*_OPTIMIZERS, *LEARNED)
        raise ConfigError(f"no optimizer is called '{settings.type}'", hint=nearest(settings.type, known))
    return _OPTIMIZERS[settings.type]


def _learned(rule: Rule) -> Optimizer:
    def apply(step: Step) -> None:
        now = Now(step.weights.read_value(), step.gradient, step.loss, step.count, step.total)
        weights, kept = rule.moved(now, tuple(slot.read_value() for slot in step.slots))
        step.weights.assign(weights)
        for slot, value in zip(step.slots, kept, strict=True):
            slot.assign(value)

    return Optimizer(rule.first(), apply)


def _one_cycle(epoch: NDArray[np.float64], length: float, _: float) -> NDArray[np.float64]:
    top = 0.3 * length
    return np.where(
        epoch < top,
        0.04 + 0.96 * epoch / top,
        0.5 * (1 + np.cos(np.pi * np.clip((epoch - top) / (length - top), 0.0, 1.0))),
    )


_SCHEDULE: dict[str, Scalar] = {"learning_rate": 0.001, "schedule": "constant", "warmup_epochs": 0.0, "decay": 0.95}

_SHAPES: Mapping[str, Callable[[NDArray[np.float64], float, float], NDArray[np.float64]]] = {
    "constant": lambda epoch, _length, _decay: np.ones_like(epoch),
    "cosine": lambda epoch, length, _decay: 0.5 * (1 + np.cos(np.pi * np.minimum(epoch / length, 1.0))),
    "exponential": lambda epoch, _length, decay: decay**epoch,
    "one_cycle": _one_cycle,
}


def _adam(beta_1: float, beta_2: float, epsilon: float, weight_decay: float = 0.0) -> _Rule:
    def apply(step: Step) -> None:
        if weight_decay:
            # Loshchilov & Hutter 2019: decay apart from the gradient, scaled by the rate.
            step.weights.assign_sub(step.weights * (step.rate * weight_decay))
        mean, square = step.slots
        tf.raw_ops.ResourceApplyAdam(
            var=step.weights.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=beta_1**step.count,
            beta2_power=beta_2**step.count,
            lr=step.rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=step.gradient,
        )

    return (0.0, 0.0), apply


def _sgd(momentum: float, nesterov: bool) -> _Rule:
    def plain(step: Step) -> None:
        tf.raw_ops.ResourceApplyGradientDescent(var=step.weights.handle, alpha=step.rate, delta=step.gradient)

    def with_momentum(step: Step) -> None:
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=step.weights.handle,
            accum=step.slots[0].handle,
            lr=step.rate,
            grad=step.gradient,
            momentum=momentum,
            use_nesterov=nesterov,
        )

    return ((0.0,), with_momentum) if momentum else ((), plain)


def _rmsprop(rho: float, momentum: float, epsilon: float) -> _Rule:
    def apply(step: Step) -> None:
        square, velocity = step.slots
        tf.raw_ops.ResourceApplyRMSProp(
            var=step.weights.handle,
            ms=square.handle,
            mom=velocity.handle,
            lr=step.rate,
            rho=rho,
            momentum=momentum,
            epsilon=epsilon,
            grad=step.gradient,
        )

    return (0.0, 0.0), apply


def _adagrad(initial_accumulator: float, epsilon: float) -> _Rule:
    def apply(step: Step) -> None:
        tf.raw_ops.ResourceApplyAdagradV2(
            var=step.weights.handle,
            accum=step.slots[0].handle,
            lr=step.rate,
            epsilon=epsilon,
            grad=step.gradient,
        )

    return (initial_accumulator,), apply


_ADAM: dict[str, Scalar] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

_OPTIMIZERS: Mapping[str, tuple[Callable[..., _Rule], Mapping[str, Scalar]]] = {
    "adam": (_adam, _ADAM),
    "adamw": (_adam, {**_ADAM, "weight_decay": 0.004}),
    "sgd": (_sgd, {"momentum": 0.0, "nesterov": False}),
    FULL_BATCH: (lambda: _sgd(momentum=0.0, nesterov=False), {}),
    "rmsprop": (_rmsprop, {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
    "adagrad": (_adagrad, {"initial_accumulator": 0.1, "epsilon": 1e-7}),
}
