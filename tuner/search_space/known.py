"""Which alternatives there are in each section of a search space, and which parameters they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuner.anomaly import DETECTORS, detector
from tuner.augmentation import AUGMENTATIONS, augmentation
from tuner.candidate import Scalar, Settings
from tuner.compression import COMPRESSIONS, compression
from tuner.dsp.block import ReadableBlock
from tuner.dsp.registry import block, known_blocks
from tuner.errors import ConfigError, InputError, nearest
from tuner.models import FAMILIES, family
from tuner.models.own import OWN, FinishedModel
from tuner.search_space.schema import Alternative
from tuner.search_space.tree import draw, leaves
from tuner.training.learned.published import SOURCES, published_weights

_SCHEDULE = ("learning_rate", "schedule", "warmup_epochs", "decay")

OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "adam": (*_SCHEDULE, "beta_1", "beta_2", "epsilon"),
    "adamw": (*_SCHEDULE, "beta_1", "beta_2", "epsilon", "weight_decay"),
    "sgd": (*_SCHEDULE, "momentum", "nesterov"),
    "gradient_descent": _SCHEDULE,
    "rmsprop": (*_SCHEDULE, "rho", "momentum", "epsilon"),
    "adagrad": (*_SCHEDULE, "initial_accumulator", "epsilon"),
    "learned": (),
    **dict.fromkeys(SOURCES, ("weights",)),
}
"""Parameters of each optimizer. They are trained with TensorFlow, which reading a search space must not load; a
test holds this table and `tuner.training` together."""

LOSSES: Mapping[str, tuple[str, ...]] = {
    "auto": (),
    "cross_entropy": ("label_smoothing",),
    "focal": ("gamma",),
    "binary_cross_entropy": ("label_smoothing",),
    "binary_focal": ("gamma",),
    "weighted_cross_entropy": ("object_weight",),
    "multibox": ("gamma", "alpha", "box_weight"),
    "mse": (),
    "mae": (),
    "huber": ("delta",),
}
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
        if self.section == "architecture" and alternative.type in OWN and OWN[alternative.type].is_code:
            return  # its parameters are known to the code alone
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
            _architecture(settings)
        elif self.section == "training.augmentation":
            augmentation(settings)
        elif self.section == "training.optimizer":
            _check_rate(settings)
        elif self.section == "anomaly":
            detector(settings)
        elif self.section == "compression":
            for teacher in compression(settings).architectures:
                family(teacher)


def architectures() -> Known:
    """Return the families, and the users' models known by now."""
    finished = {name: tuple(FinishedModel.model_fields) for name, file in OWN.items() if not file.is_code}
    return Known("architecture", {**ARCHITECTURES.parameters, **finished})


def _architecture(settings: Settings) -> None:
    if settings.type in OWN:
        OWN[settings.type].check(settings)
    else:
        family(settings)


def preprocessing() -> Known:
    """Return the preprocessing blocks known by now: a study's own join the shipped ones when it loads them."""
    return Known("preprocessing", parameters_of(known_blocks()))


def parameters_of(blocks: Mapping[str, type[ReadableBlock]]) -> dict[str, tuple[str, ...]]:
    """Return the parameters of each block."""
    return {name: kind.public_names() for name, kind in blocks.items()}


ARCHITECTURES = Known("architecture", {name: tuple(kind.model_fields) for name, kind in FAMILIES.items()})
OPTIMIZER = Known("training.optimizer", OPTIMIZERS)
LOSS = Known("training.loss", LOSSES)
AUGMENTATION = Known("training.augmentation", {name: tuple(kind.model_fields) for name, kind in AUGMENTATIONS.items()})
ANOMALY = Known("anomaly", {name: tuple(kind.model_fields) for name, kind in DETECTORS.items()})
COMPRESSION = Known("compression", {name: tuple(kind.model_fields) for name, kind in COMPRESSIONS.items()})


def check_published_weights(optimizers: Sequence[Alternative]) -> None:
    """Look whether the weights of published learned optimizers are there to be read.

    Raises:
        ConfigError: they are not; the message says where they are published.
    """
    for alternative in optimizers:
        if alternative.type in SOURCES:
            for settings in _corners(alternative):
                published_weights(settings)


def _check_rate(settings: Settings) -> None:
    rate = settings.get("learning_rate", 0.001)
    if isinstance(rate, bool) or (isinstance(rate, str) and rate != "auto"):
        raise ConfigError(f"learning_rate is {rate!r}, expected a number or 'auto', which finds one by a range test")


def _corners(alternative: Alternative) -> Iterator[Settings]:
    """Yield settings in which each parameter in turn takes each of its extremes, the others their first."""
    yield _drawn(alternative, {})
    for name, leaf in leaves(alternative.parameters, ""):
        for extreme in leaf.extremes():
            yield _drawn(alternative, {name: extreme})


def _drawn(alternative: Alternative, values: Mapping[str, Scalar]) -> Settings:
    return Settings(alternative.type, tuple(draw(alternative.parameters, _First(values), "")))


@dataclass(frozen=True, slots=True)
class _First:
    """Answers with given values, and with the first possible one where there is none."""

    values: Mapping[str, Scalar]

    def choice(self, name: str, options: Sequence[Scalar]) -> Scalar:
        return self.values.get(name, options[0])

    def integer(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:  # noqa: ARG002
        return int(self.values.get(name, low))

    def real(
        self,
        name: str,
        low: float,
        high: float,  # noqa: ARG002
        *,
        step: float | None = None,  # noqa: ARG002
        log: bool = False,  # noqa: ARG002
    ) -> float:
        return float(self.values.get(name, low))
