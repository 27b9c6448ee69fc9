"""Preprocessing blocks that a user writes, in a file beside the study.

from tuner.dsp.custom import preprocessing

@preprocessing("peak-to-peak")
def peak_to_peak(windows, signal, *, scale: float = 1.0):
    return scale * (windows.max(axis=1) - windows.min(axis=1))
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import numpy as np
from pydantic import create_model

from tuner.dsp.block import BlockCost, Float32
from tuner.dsp.parameters import Parameters
from tuner.dsp.registry import BLOCKS, register
from tuner.errors import BuildError, ConfigError
from tuner.signal import Features, Signal

Extract = Callable[..., Any]
"""From N × samples × axes, the signal and keyword parameters to N × features."""

CostOf = Callable[..., BlockCost]
"""From the signal and the same keyword parameters to the cost."""


class FunctionBlock(Parameters):
    """A block made from a function; the function's keyword-only arguments are its parameters."""

    type: ClassVar[str]
    function: ClassVar[Extract]
    cost_of: ClassVar[CostOf | None]

    def features(self, signal: Signal) -> Features:
        """Ask the function: run it on one window of zeros."""
        silence = np.zeros((1, signal.samples, len(signal.axes)), np.float32)
        return Features(self.extract(silence, signal).shape[1:])

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Call the function.

        Raises:
            BuildError: it does not give an array with a row for each window.
        """
        found = np.asarray(type(self).function(windows, signal, **self._arguments()), np.float32)
        if found.ndim < 2 or len(found) != len(windows):
            raise BuildError(
                f"block '{self.type}' gives an array of shape {found.shape} for {len(windows)} windows, expected "
                "N × features"
            )
        return found

    def cost(self, signal: Signal) -> BlockCost:
        """What the author states; unknown if nothing."""
        stated = type(self).cost_of
        return stated(signal, **self._arguments()) if stated else super().cost(signal)

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


def preprocessing(name: str, *, cost: CostOf | None = None) -> Callable[[Extract], Extract]:
    """Register a function as a block of the type `name`, and leave it as it is.

    Args:
        name: as study files write it.
        cost: what the function needs on a device; without it, estimates say that the cost is unknown.

    Raises:
        ConfigError: a keyword-only argument has no type or no default, or the name is taken.
    """

    def decorate(function: Extract) -> Extract:
        hints = get_type_hints(function)
        fields: dict[str, Any] = {}
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                continue
            if parameter.name not in hints or parameter.default is inspect.Parameter.empty:
                raise ConfigError(f"block '{name}': '{parameter.name}' needs a type and a default")
            fields[parameter.name] = (hints[parameter.name], parameter.default)
        kind: Any = create_model(name, __base__=FunctionBlock, **fields)
        kind.type, kind.function, kind.cost_of = name, staticmethod(function), cost and staticmethod(cost)
        register(kind)
        return function

    return decorate


@dataclass(frozen=True, slots=True)
class BlockFile:
    """A Python file of blocks as it was when a study was made."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> BlockFile:
        """Return the file as it is now.

        Raises:
            ConfigError: it cannot be read.
        """
        return cls(path, _digest(path))

    def load(self) -> None:
        """Make the file's blocks known in this process; loading it again does nothing.

        Raises:
            ConfigError: the file has changed, cannot be run or registers nothing.
        """
        if self in _LOADED:
            return
        if _digest(self.path) != self.sha256:
            raise ConfigError(
                f"{self.path}: has changed since the study was made, and its features with it",
                hint="restore the file, or begin a new study",
            )
        load_blocks(self.path)
        _LOADED.add(self)


_LOADED: set[BlockFile] = set()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: there is no such Python file") from error


def load_blocks(path: Path) -> tuple[str, ...]:
    """Run a Python file that registers blocks, and return their types.

    The file calls `register` for classes or decorates functions with `preprocessing`. It is code and runs as such;
    every process that extracts features has to load it.

    Raises:
        ConfigError: the file is not there, cannot be run or registers nothing.
    """
    before = dict(BLOCKS)
    spec = importlib.util.spec_from_file_location(f"tuner_blocks_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"{path}: there is no such Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Pydantic looks up the types of fields
    try:
        spec.loader.exec_module(module)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error
    except Exception as error:
        raise ConfigError(f"{path}: cannot be run: {type(error).__name__}: {error}") from error
    registered = tuple(name for name, kind in BLOCKS.items() if before.get(name) is not kind)
    if not registered:
        raise ConfigError(f"{path}: registers no block", hint="decorate a function with tuner.dsp.custom.preprocessing")
    return registered
