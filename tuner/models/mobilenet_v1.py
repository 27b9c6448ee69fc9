"""MobileNetV1 (Howard et al. 2017) by width and depth; the resolution is that of the features."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.backbone import append_backbone
from tuner.models.compose import Composer, as_image
from tuner.models.family import Family
from tuner.models.network import Network, Output


class MobileNetV1Family(Family):
    """Separable blocks that halve the image and double the filters by turns."""

    type: ClassVar[str] = "mobilenet_v1"

    width: float = Field(default=0.25, gt=0, le=1, description="Filters as a share of the paper's (alpha)")
    blocks: int = Field(default=13, ge=1, le=13, description="Separable blocks that are kept, counted from the first")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer = Composer(as_image(self.type, input_shape))
        append_backbone(composer, "mobilenet_v1", width=self.width, cut=self.blocks)
        return composer.answered(output, self.dropout)
