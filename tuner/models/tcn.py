"""Temporal convolutional networks (Bai et al. 2018): residual blocks whose kernels reach twice as far each time."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.compose import Composer, as_series
from tuner.models.family import Family
from tuner.models.network import INPUT, Add, BatchNorm, Conv1D, Dropout, Network, Output


class TcnFamily(Family):
    """Dilated convolutions along time.

    A window is classified as a whole, so kernels look both ways: no padding operator is needed, as causal ones would.
    """

    type: ClassVar[str] = "tcn"

    blocks: int = Field(default=3, ge=1, le=8, description="Residual blocks; the dilation doubles from one to the next")
    filters: int = Field(default=16, ge=2, le=256, description="Filters of every convolution")
    kernel: int = Field(default=3, ge=2, le=15, description="Kernel length in steps of time")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped within each block")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        series = as_series(self.type, input_shape)
        composer = Composer(series)
        source, channels = INPUT, series[1]
        for block in range(self.blocks):
            composer.normalized(Conv1D(self.filters, self.kernel, dilation=2**block), "relu", source)
            if self.dropout:
                composer.add(Dropout(self.dropout))
            composer.add(Conv1D(self.filters, self.kernel, dilation=2**block))
            body = composer.add(BatchNorm())
            shortcut = source if channels == self.filters else composer.add(Conv1D(self.filters, 1), source)
            source, channels = composer.add(Add("relu"), body, shortcut), self.filters
        return composer.answered(output, 0.0)
