"""`raw`: the window as it is, scaled."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.parameters import Parameters, hyphenated
from tuner.signal import Features, Signal


class Raw(Parameters):
    """Samples × axes, multiplied by a constant; a network of 1-D convolutions reads it as length × channels."""

    model_config = ConfigDict(alias_generator=hyphenated)
    type: ClassVar[str] = "raw"

    scale_axes: float = Field(1.0, gt=-1e6, lt=1e6)
    """Multiplies every value."""

    def features(self, signal: Signal) -> Features:
        """Samples × axes."""
        return Features((signal.samples, len(signal.axes)), signal.axes)

    def extract(self, windows: Float32, signal: Signal) -> Float32:  # noqa: ARG002
        """Return the windows, scaled."""
        return windows if self.scale_axes == 1 else windows * windows.dtype.type(self.scale_axes)

    def cost(self, signal: Signal) -> BlockCost:
        """One copy of the window into the network's input, with a multiplication where the scale is not 1."""
        values = signal.samples * len(signal.axes)
        if self.scale_axes == 1:
            return BlockCost(Operations(move=values), code_bytes=16)
        return BlockCost(Operations(multiply=values, move=values), code_bytes=24)
