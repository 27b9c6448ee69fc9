"""2-D convolutional networks, for images and spectrograms."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tuner.errors import BuildError
from tuner.models.compose import as_image
from tuner.models.family import Family
from tuner.models.network import (
    Activate,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Network,
    Output,
    Pool2D,
    sequence,
)


class Conv2DFamily(Family):
    """Blocks of convolution and pooling, then a dense output."""

    type: ClassVar[str] = "conv2d"

    depth: int = Field(default=2, ge=1, le=8, description="Convolution blocks")
    filters: int = Field(default=8, ge=2, le=512, description="Filters of the first block")
    growth: float = Field(default=2.0, ge=1, le=4, description="Filters of a block as a multiple of the one before")
    kernel: int = Field(default=3, ge=1, le=11, description="Height and width of the kernels")
    pool: Literal["max", "average", "stride"] = Field(
        default="max", description="How each block halves height and width: by pooling or by a strided convolution"
    )
    batch_norm: bool = Field(default=True, description="Normalize each convolution over the batch")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped after each block")
    neurons: int = Field(default=0, ge=0, le=1024, description="Neurons of a dense layer before the output; 0: none")
    head: Literal["flatten", "global"] = Field(
        default="flatten", description="After the blocks: keep every position, or average over them"
    )

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        shape = as_image(self.type, input_shape)
        if self.pool != "stride" and min(shape[:2]) // 2**self.depth < 1:
            raise BuildError(
                f"conv2d: {self.depth} poolings by two leave nothing of {shape[0]} × {shape[1]}",
                hint="use fewer blocks, pool: stride or larger features",
            )
        layers: list[Layer] = []
        for block in range(self.depth):
            layers += self._block(round(self.filters * self.growth**block))
        layers.append(Flatten() if self.head == "flatten" else GlobalAveragePool())
        if self.neurons:
            layers.append(Dense(self.neurons, "relu"))
        return sequence(shape, [*layers, output.layer()])

    def _block(self, filters: int) -> list[Layer]:
        kernel, stride = (self.kernel, self.kernel), (2, 2) if self.pool == "stride" else (1, 1)
        if self.batch_norm:
            layers: list[Layer] = [Conv2D(filters, kernel, stride), BatchNorm(), Activate("relu")]
        else:
            layers = [Conv2D(filters, kernel, stride, activation="relu")]
        if self.pool in ("max", "average"):
            layers.append(Pool2D(self.pool, (2, 2), (2, 2)))
        if self.dropout:
            layers.append(Dropout(self.dropout))
        return layers
