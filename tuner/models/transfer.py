"""Transfer learning: the body of a network trained elsewhere, cut off after some of its blocks, with a new head."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.models.network import Dense, Dropout, GlobalAveragePool, Network, Output
from tuner.models.pretrained import IMAGENET, ImageBody


class TransferFamily(ImageBody):
    """MobileNet up to a cut, the mean over all positions, then a dense layer and the output."""

    type: ClassVar[str] = "transfer"

    weights: str = Field(
        default=IMAGENET,
        description="Name of a Keras file among the study's models with the weights of the backbone, or imagenet for "
        "those that Keras publishes",
    )
    head: int = Field(default=0, ge=0, le=1024, description="Neurons of a dense layer before the output; 0: none")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        composer, _ = self.body(input_shape)
        composer.add(GlobalAveragePool())
        if self.head:
            composer.add(Dense(self.head, "relu"))
        if self.dropout:
            composer.add(Dropout(self.dropout))
        composer.add(output.layer())
        return composer.network()
