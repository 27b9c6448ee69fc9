"""Reading the parameters of optimizers, losses and schedules."""

from __future__ import annotations

from collections.abc import Mapping

from tuner.candidate import Scalar, Settings
from tuner.errors import ConfigError, nearest


def read_parameters(what: str, settings: Settings, defaults: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return `defaults` with what `settings` says instead.

    Raises:
        ConfigError: a parameter is unknown, or of another kind than its default.
    """
    parameters = dict(defaults)
    for name, value in settings.items():
        if name not in defaults:
            raise ConfigError(f"{what} '{settings.type}' has no parameter '{name}'", hint=nearest(name, defaults))
        parameters[name] = _like(defaults[name], value, f"{what} '{settings.type}': '{name}'")
    return parameters


def _like(default: Scalar, value: Scalar, where: str) -> Scalar:
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise ConfigError(f"{where} is {value!r}, expected {type(default).__name__}")
    return value
