"""Which preprocessing blocks there are, by type: the product's own, a study's and installed ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from tuner.candidate import Settings
from tuner.dsp.block import PreprocessingBlock, ReadableBlock
from tuner.dsp.flatten import Flatten
from tuner.dsp.image import Image
from tuner.dsp.mfcc import Mfcc
from tuner.dsp.mfe import Mfe
from tuner.dsp.micro_frontend import MicroFrontend
from tuner.dsp.parameters import Parameters
from tuner.dsp.raw import Raw
from tuner.dsp.spectral_analysis import SpectralAnalysis
from tuner.dsp.spectrogram import Spectrogram
from tuner.errors import ConfigError, nearest

ENTRY_POINTS = "tuner.blocks"
"""The group in which an installed package names its blocks, each a class that `register` accepts."""

_OWN: tuple[type[ReadableBlock], ...] = (Flatten, Image, Mfcc, Mfe, MicroFrontend, Raw, SpectralAnalysis, Spectrogram)
SHIPPED: Mapping[str, type[ReadableBlock]] = MappingProxyType({kind.type: kind for kind in _OWN})
"""The blocks that are part of the product."""

_blocks = dict(SHIPPED)

BLOCKS: Mapping[str, type[ReadableBlock]] = MappingProxyType(_blocks)
"""Every block that is known by now; grows as blocks are registered."""


def block(settings: Settings) -> PreprocessingBlock:
    """Make the block that `settings` describe.

    Raises:
        ConfigError: there is no such block, or a parameter is unknown, out of bounds or of the wrong type.
    """
    if settings.type not in BLOCKS:
        _register_installed()
    if settings.type not in BLOCKS:
        raise ConfigError(f"unknown preprocessing '{settings.type}'", hint=nearest(settings.type, BLOCKS))
    return BLOCKS[settings.type].read(settings)


def known_blocks() -> Mapping[str, type[ReadableBlock]]:
    """Return the blocks known by now, those of installed packages too."""
    _register_installed()
    return BLOCKS


def register(kind: Any) -> None:
    """Make a block of one's own known under its `type`; registering it again, e.g. edited, replaces it.

    Args:
        kind: a class derived from `Parameters`, with `type`, `features`, `extract` and, if its cost is known, `cost`.

    Raises:
        ConfigError: it is no such class, or the product has a block of that type.
    """
    name = getattr(kind, "__name__", repr(kind))
    if not (isinstance(kind, type) and issubclass(kind, Parameters)):
        raise ConfigError(f"block '{name}' is not a class derived from tuner.dsp.Parameters")
    missing = [part for part in ("type", "features", "extract") if not hasattr(kind, part)]
    if missing:
        raise ConfigError(f"block '{name}' lacks {', '.join(missing)}", hint="see tuner.dsp.block.PreprocessingBlock")
    own: Any = kind
    if own.type in SHIPPED:
        raise ConfigError(f"block '{name}': the type '{own.type}' is taken", hint="choose another name")
    _blocks[own.type] = own


@cache
def _register_installed() -> None:
    for found in entry_points(group=ENTRY_POINTS):
        register(found.load())
