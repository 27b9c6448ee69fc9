"""Small residual networks for images (He et al. 2016); the defaults are ResNet-8 of the MLPerf Tiny benchmark."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.compose import Composer, as_image
from tuner.models.family import Family
from tuner.models.network import Add, Conv2D, Network, Output


class ResNetFamily(Family):
    """Stages of residual blocks; each stage after the first halves the image and doubles the filters."""

    type: ClassVar[str] = "resnet"

    filters: int = Field(default=16, ge=2, le=128, description="Filters of the first stage")
    stages: int = Field(default=3, ge=1, le=5, description="Stages")
    blocks: int = Field(default=1, ge=1, le=4, description="Residual blocks per stage")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer = Composer(as_image(self.type, input_shape))
        block, channels = composer.normalized(Conv2D(self.filters, (3, 3)), "relu"), self.filters
        for stage in range(self.stages):
            filters = self.filters * 2**stage
            for repeat in range(self.blocks):
                stride = 2 if stage and not repeat else 1
                block = _residual(composer, block, filters, stride, projected=stride != 1 or filters != channels)
                channels = filters
        return composer.answered(output, self.dropout)


def _residual(composer: Composer, source: str, filters: int, stride: int, *, projected: bool) -> str:
    composer.normalized(Conv2D(filters, (3, 3), (stride, stride)), "relu", source)
    body = composer.normalized(Conv2D(filters, (3, 3)), "linear")
    shortcut = composer.add(Conv2D(filters, (1, 1), (stride, stride)), source) if projected else source
    return composer.add(Add("relu"), body, shortcut)
