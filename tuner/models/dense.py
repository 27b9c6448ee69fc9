"""Dense networks (multi-layer perceptrons), for features of any kind."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from tuner.models.family import Family
from tuner.models.network import Dense, Dropout, Layer, Network, Output, sequence


class DenseFamily(Family):
    """Hidden dense layers, each narrower than the one before; features of any shape are read as one vector."""

    type: ClassVar[str] = "dense"

    layers: int = Field(default=2, ge=0, le=8, description="Hidden layers; 0 is logistic regression")
    neurons: int = Field(default=20, ge=2, le=2048, description="Neurons of the first hidden layer")
    shrink: float = Field(default=0.5, gt=0, le=1, description="Neurons of a hidden layer as a share of the one before")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of neurons dropped after each hidden layer")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        layers: list[Layer] = []
        for index in range(self.layers):
            layers.append(Dense(max(2, round(self.neurons * self.shrink**index)), "relu"))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return sequence((math.prod(input_shape),), [*layers, output.layer()])
