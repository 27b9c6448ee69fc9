"""MobileNetV1 (Howard et al. 2017) by width and depth; the resolution is that of the features."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.compose import Composer, as_image, separable
from tuner.models.family import Family
from tuner.models.network import Conv2D, Network, Output

_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *(((512, 1),) * 5), (1024, 2), (1024, 1))
"""Filters at full width, and stride."""


class MobileNetV1Family(Family):
    """Separable blocks that halve the image and double the filters by turns."""

    type: ClassVar[str] = "mobilenet_v1"

    width: float = Field(default=0.25, gt=0, le=1, description="Filters as a share of the paper's (alpha)")
    blocks: int = Field(default=13, ge=1, le=13, description="Separable blocks that are kept, counted from the first")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer = Composer(as_image(self.type, input_shape))
        composer.normalized(Conv2D(self._filters(32), (3, 3), (2, 2)), "relu6")
        for filters, stride in _BLOCKS[: self.blocks]:
            separable(composer, self._filters(filters), stride, "relu6")
        return composer.answered(output, self.dropout)

    def _filters(self, full: int) -> int:
        return max(2, int(full * self.width))
