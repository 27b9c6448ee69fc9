"""Which preprocessing blocks there are, by type."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tuner.candidate import Settings
from tuner.dsp.block import PreprocessingBlock, ReadableBlock
from tuner.dsp.flatten import Flatten
from tuner.dsp.image import Image
from tuner.dsp.mfcc import Mfcc
from tuner.dsp.mfe import Mfe
from tuner.dsp.micro_frontend import MicroFrontend
from tuner.dsp.raw import Raw
from tuner.dsp.spectral_analysis import SpectralAnalysis
from tuner.dsp.spectrogram import Spectrogram
from tuner.errors import ConfigError, nearest

BLOCKS: Mapping[str, type[ReadableBlock]] = MappingProxyType(
    {kind.type: kind for kind in (Flatten, Image, Mfcc, Mfe, MicroFrontend, Raw, SpectralAnalysis, Spectrogram)}
)
"""The blocks that are part of the product."""


def block(settings: Settings) -> PreprocessingBlock:
    """Make the block that `settings` describe.

    Raises:
        ConfigError: there is no such block, or a parameter is unknown, out of bounds or of the wrong type.
    """
    kind = BLOCKS.get(settings.type)
    if kind is None:
        raise ConfigError(f"unknown preprocessing '{settings.type}'", hint=nearest(settings.type, BLOCKS))
    return kind.read(settings)
