"""DS-CNN, depthwise separable convolutions for spectrograms (Zhang et al. 2017, "Hello Edge")."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.backbone import Tap
from tuner.models.compose import Composer, as_image, separable
from tuner.models.network import Conv2D, Network, Output
from tuner.models.pretrained import Pretrainable


class DsCnnFamily(Pretrainable):
    """One convolution that shrinks the spectrogram, then separable blocks of equal width."""

    type: ClassVar[str] = "ds_cnn"

    filters: int = Field(default=64, ge=2, le=512, description="Filters of every layer")
    blocks: int = Field(default=4, ge=1, le=12, description="Separable blocks")
    first_height: int = Field(default=10, ge=1, le=32, description="Height (time) of the first kernel")
    first_width: int = Field(default=4, ge=1, le=32, description="Width (frequency) of the first kernel")
    first_stride: int = Field(default=2, ge=1, le=4, description="Stride of the first convolution, in both directions")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer, _ = self.body(input_shape)
        return composer.answered(output, self.dropout)

    def body(self, input_shape: tuple[int, ...]) -> tuple[Composer, tuple[Tap, ...]]:
        """Return all up to the last separable block."""
        composer = Composer(as_image(self.type, input_shape))
        kernel, stride = (self.first_height, self.first_width), (self.first_stride, self.first_stride)
        taps = [Tap(composer.normalized(Conv2D(self.filters, kernel, stride), "relu"), self.filters)]
        taps += [Tap(separable(composer, self.filters, 1, "relu"), self.filters) for _ in range(self.blocks)]
        return composer, tuple(taps)

    def known_as(self) -> tuple[str, float]:
        """Return its own name: Keras has no such network, so its files must name their layers."""
        return self.type, 1.0
