"""Recurrent networks, for raw windows (samples × axes) and spectrograms (frames × bands)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from tuner.models.compose import as_series
from tuner.models.family import Family
from tuner.models.network import LSTM, Conv1D, Dropout, Layer, Network, Output, sequence


class LstmFamily(Family):
    """LSTM layers one on the other, a convolution that shortens time before them if wanted, and a dense output.

    On the device each layer is one operator that walks through time (UNIDIRECTIONAL_SEQUENCE_LSTM).
    """

    type: ClassVar[str] = "lstm"

    layers: int = Field(default=1, ge=1, le=4, description="LSTM layers")
    units: int = Field(default=16, ge=2, le=256, description="Units of each")
    filters: int = Field(default=0, ge=0, le=256, description="Filters of the convolution before them; 0: none")
    kernel: int = Field(default=5, ge=1, le=64, description="Its kernel length in steps of time")
    stride: int = Field(default=2, ge=1, le=16, description="By how much it shortens time")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of values dropped before the output")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        return sequence(as_series(self.type, input_shape), [*self._layers(), output.layer()])

    def _layers(self) -> Iterator[Layer]:
        if self.filters:
            yield Conv1D(self.filters, self.kernel, self.stride, activation="relu")
        for index in range(self.layers):
            yield LSTM(self.units, sequence=index < self.layers - 1)
        if self.dropout:
            yield Dropout(self.dropout)
