"""1-D convolutional networks, for raw windows (samples × axes) and spectrograms (frames × bands)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tuner.errors import BuildError
from tuner.models.compose import as_series
from tuner.models.family import Family
from tuner.models.network import (
    Activate,
    BatchNorm,
    Conv1D,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Network,
    Output,
    Pool1D,
    sequence,
)


class Conv1DFamily(Family):
    """Blocks of convolution and pooling along time, then a dense output."""

    type: ClassVar[str] = "conv1d"

    depth: int = Field(default=2, ge=1, le=8, description="Convolution blocks")
    filters: int = Field(default=16, ge=2, le=512, description="Filters of the first block")
    growth: float = Field(default=2.0, ge=1, le=4, description="Filters of a block as a multiple of the one before")
    kernel: int = Field(default=3, ge=1, le=64, description="Kernel length in steps of time")
    pool: Literal["max", "average", "stride", "none"] = Field(
        default="max", description="How each block shortens time: by pooling, by a strided convolution, or not"
    )
    pool_size: int = Field(default=2, ge=2, le=8, description="By how much each block shortens time")
    batch_norm: bool = Field(default=False, description="Normalize each convolution over the batch")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped after each block")
    head: Literal["flatten", "global"] = Field(
        default="flatten", description="Before the output: keep every step of time, or average over time"
    )

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        series = as_series(self.type, input_shape)
        self._check_length(series[0])
        layers: list[Layer] = []
        for block in range(self.depth):
            layers += self._block(round(self.filters * self.growth**block))
        layers.append(Flatten() if self.head == "flatten" else GlobalAveragePool())
        return sequence(series, [*layers, output.layer()])

    def _block(self, filters: int) -> list[Layer]:
        stride = self.pool_size if self.pool == "stride" else 1
        if self.batch_norm:
            layers: list[Layer] = [Conv1D(filters, self.kernel, stride), BatchNorm(), Activate("relu")]
        else:
            layers = [Conv1D(filters, self.kernel, stride, activation="relu")]
        if self.pool in ("max", "average"):
            layers.append(Pool1D(self.pool, self.pool_size, self.pool_size))
        if self.dropout:
            layers.append(Dropout(self.dropout))
        return layers

    def _check_length(self, length: int) -> None:
        if self.kernel > length:
            raise BuildError(f"conv1d: a kernel of {self.kernel} is longer than the {length} steps of the input")
        if self.pool != "none" and length // self.pool_size**self.depth < 1:
            raise BuildError(
                f"conv1d: {self.depth} blocks dividing time by {self.pool_size} each leave nothing of {length} steps",
                hint="use fewer blocks, a smaller pool_size or longer windows",
            )
