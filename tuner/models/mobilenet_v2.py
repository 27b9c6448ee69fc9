"""MobileNetV2 (Sandler et al. 2018) by width and depth; the resolution is that of the features."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.compose import Composer, as_image, divisible, inverted_residual
from tuner.models.family import Family
from tuner.models.network import Conv2D, Network, Output

_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, filters at full width, blocks, stride of the first block (table 2 of the paper)."""


class MobileNetV2Family(Family):
    """Inverted residual blocks in up to seven stages."""

    type: ClassVar[str] = "mobilenet_v2"

    width: float = Field(default=0.35, gt=0, le=1.4, description="Filters as a share of the paper's (alpha)")
    stages: int = Field(default=7, ge=1, le=7, description="Stages that are kept, counted from the first")
    last: int = Field(default=1280, ge=0, le=1280, description="Filters of the last 1 × 1 convolution; 0: none")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer = Composer(as_image(self.type, input_shape))
        channels = divisible(32 * self.width)
        block = composer.normalized(Conv2D(channels, (3, 3), (2, 2)), "relu6")
        for expansion, full, repeats, first_stride in _STAGES[: self.stages]:
            filters = divisible(full * self.width)
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                block = inverted_residual(
                    composer, block, channels, filters, expansion=expansion, kernel=3, stride=stride
                )
                channels = filters
        if self.last:
            composer.normalized(Conv2D(self.last, (1, 1)), "relu6", block)
        return composer.answered(output, self.dropout)
