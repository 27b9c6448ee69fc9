"""Typed parameters of a preprocessing block and the reading of them."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from tuner.candidate import Settings
from tuner.dsp.block import BlockCost
from tuner.errors import ConfigError, nearest
from tuner.signal import Signal


class Parameters(BaseModel):
    """Base of blocks: frozen, every parameter typed and bounded, nothing unknown accepted.

    A parameter goes by its public EON name, which is the field's alias where the field needs another name;
    either is read.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, use_attribute_docstrings=True
    )

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Make the block that `settings` describe.

        Raises:
            ConfigError: a parameter is unknown, out of bounds or of the wrong type.
        """
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise _config_error(settings, error, cls.public_names()) from error

    @classmethod
    def public_names(cls) -> tuple[str, ...]:
        """The names of all parameters, as study files write them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    def cost(self, signal: Signal) -> BlockCost:  # noqa: ARG002
        """Say that the cost is unknown, unless a block knows better."""
        return BlockCost(known=False)

    def settings(self) -> dict[str, Any]:
        """All parameters with their values, defaults included, by public name."""
        return self.model_dump(by_alias=True)


def hyphenated(name: str) -> str:
    """The public name of a parameter whose EON name is written with hyphens."""
    return name.replace("_", "-")


def _config_error(settings: Settings, error: ValidationError, known: tuple[str, ...]) -> ConfigError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        message = f"preprocessing '{settings.type}': unknown parameter '{name}'"
        return ConfigError(message, hint=nearest(name, known))
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not name:
        return ConfigError(f"preprocessing '{settings.type}': {reason}")
    return ConfigError(f"preprocessing '{settings.type}': parameter '{name}' is {first['input']!r}, expected {reason}")
