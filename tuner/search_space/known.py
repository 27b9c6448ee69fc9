"""Which alternatives there are in each section of a search space, and which parameters they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuner.candidate import Scalar, Settings
from tuner.dsp import BLOCKS, block
from tuner.errors import ConfigError, InputError, nearest
from tuner.models import FAMILIES, family
from tuner.models.lowering import COMPRESSIONS
from tuner.search_space.schema import Alternative

_SCHEDULE = ("learning_rate", "schedule", "warmup_epochs", "decay")

OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "adam": (*_SCHEDULE, "beta_1", "beta_2", "epsilon"),
    "adamw": (*_SCHEDULE, "beta_1", "beta_2", "epsilon", "weight_decay"),
    "sgd": (*_SCHEDULE, "momentum", "nesterov"),
    "gradient_descent": _SCHEDULE,
    "rmsprop": (*_SCHEDULE, "rho", "momentum", "epsilon"),
    "adagrad": (*_SCHEDULE, "initial_accumulator", "epsilon"),
}
"""Parameters of each optimizer. They are trained with TensorFlow, which reading a search space must not load; a
test holds this table and `tuner.training` together."""

LOSSES: Mapping[str, tuple[str, ...]] = {"auto": (), "cross_entropy": ("label_smoothing",), "focal": ("gamma",)}
"""Parameters of each loss, held together with `tuner.training` by the same test."""


@dataclass(frozen=True, slots=True)
class Known:
    """The alternatives of one section."""

    section: str
    parameters: Mapping[str, tuple[str, ...]]

    def check(self, alternative: Alternative) -> None:
        """Look at the type, the names of the parameters and, where a class knows them, their values.

        Raises:
            ConfigError: one of them is wrong; the message names the key.
        """
        path = f"{self.section}.{alternative.name}"
        if alternative.type not in self.parameters:
            raise ConfigError(
                f"{self.section}: there is no '{alternative.type}'", hint=nearest(alternative.type, self.parameters)
            )
        for parameter in alternative.parameters:
            if parameter not in self.parameters[alternative.type]:
                raise ConfigError(
                    f"{path}: unknown key '{parameter}'", hint=nearest(parameter, self.parameters[alternative.type])
                )
        for settings in _corners(alternative):
            try:
                self._make(settings)
            except InputError as error:
                raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error

    def _make(self, settings: Settings) -> None:
        if self.section == "preprocessing":
            block(settings)
        elif self.section == "architecture":
            family(settings)


PREPROCESSING = Known("preprocessing", {name: kind.public_names() for name, kind in BLOCKS.items()})
ARCHITECTURES = Known("architecture", {name: tuple(kind.model_fields) for name, kind in FAMILIES.items()})
OPTIMIZER = Known("training.optimizer", OPTIMIZERS)
LOSS = Known("training.loss", LOSSES)
COMPRESSION = Known("compression", dict.fromkeys(COMPRESSIONS, ()))


def _corners(alternative: Alternative) -> Iterable[Settings]:
    """Yield settings in which each parameter in turn takes each of its extremes, the others their first."""
    first: dict[str, Scalar] = {name: next(value.extremes()) for name, value in alternative.parameters.items()}
    yield Settings(alternative.type, tuple(first.items()))
    for name, value in alternative.parameters.items():
        for extreme in value.extremes():
            yield Settings(alternative.type, tuple((first | {name: extreme}).items()))
