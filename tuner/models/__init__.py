"""Families of networks, one per file: parameters in, a network of standard layers out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError

from tuner.candidate import Settings
from tuner.errors import ConfigError, nearest
from tuner.models.conv1d import Conv1DFamily
from tuner.models.dense import DenseFamily
from tuner.models.family import Family
from tuner.models.network import Network
from tuner.models.shapes import output_shapes

__all__ = ["FAMILIES", "Family", "build", "family"]

FAMILIES: Mapping[str, type[Family]] = MappingProxyType({kind.type: kind for kind in (DenseFamily, Conv1DFamily)})
"""Every family by the name that search spaces and candidates use."""


def build(architecture: Settings, input_shape: tuple[int, ...], classes: int) -> Network:
    """Return the network that a candidate's architecture describes.

    Args:
        architecture: a family and its parameters; those left out take the family's defaults.
        input_shape: of the features, without the batch.
        classes: number of classes.

    Raises:
        BuildError: the parameters do not fit the input.
        ConfigError: there is no such family or parameter.
    """
    network = family(architecture).network(input_shape, classes)
    output_shapes(network)
    return network


def family(architecture: Settings) -> Family:
    """Return the family with its parameters checked.

    Raises:
        ConfigError: there is no such family or parameter, or a value is outside its limits.
    """
    kind = FAMILIES.get(architecture.type)
    if kind is None:
        raise ConfigError(f"no architecture '{architecture.type}'", hint=nearest(architecture.type, FAMILIES))
    try:
        return kind.model_validate(dict(architecture))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"architecture '{kind.type}' has no parameter '{name}'", hint=nearest(name, kind.model_fields)
            ) from error
        raise ConfigError(
            f"architecture '{kind.type}': {name} is {first['input']!r}", hint=first["msg"].lower()
        ) from error
