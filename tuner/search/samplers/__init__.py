"""The samplers by name; each is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, cast

from tuner.candidate import Scalar
from tuner.errors import ConfigError, nearest
from tuner.search.problem import Sampler

DEFAULT = "surrogate"
"""The best of them at equal trained trials; see the benchmark of search quality."""

SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "gp": "tuner.search.samplers.gp:Gp",
        "grid": "tuner.search.samplers.grid:Grid",
        "nsga2": "tuner.search.samplers.nsga2:Nsga2",
        "nsga3": "tuner.search.samplers.nsga3:Nsga3",
        "qmc": "tuner.search.samplers.qmc:Qmc",
        "random": "tuner.search.samplers.random:Random",
        "surrogate": "tuner.search.samplers.surrogate:Surrogate",
        "tpe": "tuner.search.samplers.tpe:Tpe",
    }
)
"""Name → where its class stands."""


def sampler(name: str = DEFAULT, **options: Scalar) -> Sampler:
    """Make the sampler of that name; its options are the fields of its class.

    Raises:
        ConfigError: there is no such sampler, it has no such option, or the option has another type.
    """
    if name not in SAMPLERS:
        raise ConfigError(f"there is no sampler '{name}'", hint=nearest(name, SAMPLERS))
    module, _, attribute = SAMPLERS[name].partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    defaults: dict[str, Any] = {field.name: field.default for field in fields(kind) if field.init}
    for option, value in options.items():
        if option not in defaults:
            raise ConfigError(f"sampler '{name}' has no option '{option}'", hint=nearest(option, defaults))
        expected = type(defaults[option])
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise ConfigError(
                f"option '{option}' of sampler '{name}' is {value!r}, expected a value like {defaults[option]!r}"
            )
    return cast(Sampler, kind(**options))
