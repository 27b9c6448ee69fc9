"""Centroids of objects on a coarse grid: the body of an image network, cut off early, then a classifier per cell."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.detection.centroids import CentroidGrid
from tuner.models.network import Activate, Conv2D, Dropout, Form, Network, Output
from tuner.models.pretrained import ImageBody
from tuner.models.shapes import output_shapes


class CentroidsFamily(ImageBody):
    """What FOMO is: MobileNet up to a cut, a 1 × 1 convolution, and a softmax per cell of the grid that is left."""

    type: ClassVar[str] = "centroids"
    form: ClassVar[Form] = "centroids"

    cut: int = Field(
        default=6,
        ge=1,
        le=17,
        description="Blocks that are kept. A cell is 4 pixels wide from 2, 8 from 4, 16 from 7, 32 from 14 blocks of "
        "MobileNetV2 on; from 2, 4, 6 and 12 of MobileNetV1",
    )
    head: int = Field(
        default=32, ge=0, le=512, description="Filters of the 1 × 1 convolution before the output; 0: none"
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        output.of_form(self.form)
        composer, _ = self.body(input_shape)
        if self.head:
            composer.add(Conv2D(self.head, (1, 1), activation="relu"))
        if self.dropout:
            composer.add(Dropout(self.dropout))
        composer.add(Conv2D(1 + output.units, (1, 1)))
        last = composer.add(Activate("softmax"))
        rows, columns, _ = output_shapes(composer.network())[last]
        return composer.network(CentroidGrid(rows, columns))
