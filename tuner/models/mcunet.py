"""Inverted residual stages with free kernels, expansions and widths, the space of MCUNet (Lin et al. 2020)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tuner.models.compose import Composer, as_image, inverted_residual
from tuner.models.family import Family
from tuner.models.network import Conv2D, DepthwiseConv2D, Network, Output


class Stage(BaseModel):
    """Blocks of one width; the first may shrink the image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=16, ge=2, le=320, description="Filters that each block gives")
    kernel: Literal[3, 5, 7] = Field(default=3, description="Height and width of the depthwise kernels")
    expansion: float = Field(default=4.0, ge=1, le=8, description="Filters within a block per filter it reads")
    blocks: int = Field(default=1, ge=1, le=4, description="Blocks")
    stride: Literal[1, 2] = Field(default=2, description="Stride of the first block")


class McuNetFamily(Family):
    """A convolution, one separable block, then stages that are all free."""

    type: ClassVar[str] = "mcunet"

    stem: int = Field(default=16, ge=2, le=64, description="Filters of the first convolution, which halves the image")
    first: int = Field(default=8, ge=2, le=64, description="Filters of the separable block after it")
    stages: tuple[Stage, ...] = Field(
        default=(Stage(), Stage(width=24), Stage(width=40), Stage(width=48, stride=1)),
        min_length=1,
        max_length=8,
        description="Inverted residual stages, each with parameters of its own",
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer = Composer(as_image(self.type, input_shape))
        composer.normalized(Conv2D(self.stem, (3, 3), (2, 2)), "relu6")
        composer.normalized(DepthwiseConv2D((3, 3)), "relu6")
        block, channels = composer.normalized(Conv2D(self.first, (1, 1)), "linear"), self.first
        for stage in self.stages:
            for repeat in range(stage.blocks):
                stride = stage.stride if repeat == 0 else 1
                block = inverted_residual(
                    composer,
                    block,
                    channels,
                    stage.width,
                    expansion=stage.expansion,
                    kernel=stage.kernel,
                    stride=stride,
                )
                channels = stage.width
        return composer.answered(output, self.dropout)
