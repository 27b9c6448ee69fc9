"""MobileNetV2 (Sandler et al. 2018) by width and depth; the resolution is that of the features."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.backbone import V2_STAGE_ENDS, append_backbone
from tuner.models.compose import Composer, as_image
from tuner.models.family import Family
from tuner.models.network import Conv2D, Network, Output


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
        block = append_backbone(composer, "mobilenet_v2", width=self.width, cut=V2_STAGE_ENDS[self.stages - 1])[-1]
        if self.last:
            composer.normalized(Conv2D(self.last, (1, 1)), "relu6", block.name)
        return composer.answered(output, self.dropout)
