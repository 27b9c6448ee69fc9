"""Networks for the task `anomaly`: one that answers with its input, and none at all."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from tuner.errors import BuildError
from tuner.models.family import Family
from tuner.models.network import AS_MANY_AS_FEATURES, Dense, Layer, Network, Output, sequence


class AutoencoderFamily(Family):
    """Dense layers through a bottleneck back to the features: windows unlike the training ones come out wrong."""

    type: ClassVar[str] = "autoencoder"

    layers: int = Field(default=1, ge=0, le=4, description="Hidden layers on either side of the bottleneck")
    neurons: int = Field(default=32, ge=2, le=1024, description="Neurons of each")
    bottleneck: int = Field(default=8, ge=1, le=512, description="Neurons of the bottleneck")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        if output.units != AS_MANY_AS_FEATURES:
            raise BuildError("an autoencoder answers with its input, which goes with the task 'anomaly' alone")
        side: list[Layer] = [Dense(self.neurons, "relu") for _ in range(self.layers)]
        values = math.prod(input_shape)
        return sequence((values,), [*side, Dense(self.bottleneck, "relu"), *side, Dense(values, output.activation)])


class NoFamily(Family):
    """No network: the candidate is its anomaly block."""

    type: ClassVar[str] = "none"

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return a network without layers."""
        if output.units != AS_MANY_AS_FEATURES:
            raise BuildError("without a network there is no answer; 'none' goes with the task 'anomaly' alone")
        return Network(input_shape, ())
