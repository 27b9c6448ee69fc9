"""Preprocessing blocks, one per file: parameters, vectorised features, shape and cost on a device.

What a block of one's own needs stands below, and is loaded when it is first asked for: the shipped blocks import
SciPy, which estimates never need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.dsp.parameters import Parameters
    from tuner.dsp.registry import register

__all__ = ["Parameters", "register"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tuner.dsp' has no attribute '{name}'")
    home = "parameters" if name == "Parameters" else "registry"
    return getattr(importlib.import_module(f"tuner.dsp.{home}"), name)
