"""Boxes around objects: the body of an image network, with heads on one or more grids (SSD-lite)."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from tuner.detection.anchors import AnchorBoxes, AnchorGrid
from tuner.models.compose import separable
from tuner.models.network import Concatenate, Conv2D, DepthwiseConv2D, Flatten, Form, Network, Output
from tuner.models.pretrained import ImageBody
from tuner.models.shapes import output_shapes

_RATIOS = (1.0, 2.0, 0.5)
"""Width over height of the anchors of a cell, in the order in which they are added."""


class BoxesFamily(ImageBody):
    """Single-shot detection (Liu et al. 2016) with separable convolutions (Sandler et al. 2018).

    Each grid is half as fine as the one before and looks for objects twice as large.
    """

    type: ClassVar[str] = "boxes"
    form: ClassVar[Form] = "boxes"

    cut: int = Field(default=6, ge=1, le=17, description="Blocks of the backbone before the finest grid of anchors")
    scales: int = Field(default=2, ge=1, le=4, description="Grids of anchors")
    filters: int = Field(default=32, ge=4, le=256, description="Filters of the blocks between one grid and the next")
    smallest: float = Field(
        default=0.12, gt=0, lt=1, description="Size of the finest grid's anchors, as a share of the image"
    )
    growth: float = Field(
        default=2.0, gt=1, le=4, description="Size of a grid's anchors as a multiple of the one before"
    )
    ratios: int = Field(default=1, ge=1, le=3, description="Shapes of anchors: square, then also wide, then also high")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        output.of_form(self.form)
        composer, blocks = self.body(input_shape)
        tap = blocks[-1].name
        answers, taps = [], []
        for scale in range(self.scales):
            if scale:
                tap = separable(composer, self.filters, 2, "relu6")
            taps.append(tap)
        for tap in taps:
            composer.normalized(DepthwiseConv2D((3, 3)), "relu6", tap)
            composer.add(Conv2D(self.ratios * (output.units + 4), (1, 1)))
            answers.append(composer.add(Flatten()))
        if len(answers) > 1:
            composer.add(Concatenate(), *answers)
        shapes = output_shapes(composer.network())
        grids = tuple(AnchorGrid(shapes[tap][0], shapes[tap][1], self._sizes(scale)) for scale, tap in enumerate(taps))
        return composer.network(AnchorBoxes(grids, output.units))

    def _sizes(self, scale: int) -> tuple[tuple[float, float], ...]:
        size = self.smallest * self.growth**scale
        return tuple((size * math.sqrt(ratio), size / math.sqrt(ratio)) for ratio in _RATIOS[: self.ratios])
