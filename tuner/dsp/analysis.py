"""What `spectral-analysis` computes of one conditioned axis: the seam between its kinds of analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tuner.dsp.block import Float32, Operations


@dataclass(frozen=True, slots=True)
class AnalysisCost:
    """What the analysis of one axis needs on a device; buffers and tables serve all axes in turn."""

    operations: Operations
    ram_bytes: int
    table_bytes: int = 0
    code: tuple[str, ...] = field(default=())
    """Routines of `tuner.dsp.code_size`."""


class Analysis(Protocol):
    """Features of signals whose mean has been subtracted."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in order.

        Raises:
            BuildError: the parameters leave no feature.
        """
        ...

    def extract(self, centred: Float32, mean: Float32) -> Float32:
        """Return … × features.

        Args:
            centred: … × samples, of mean 0.
            mean: … what was subtracted; tells rounding noise from signal.
        """
        ...

    def cost(self) -> AnalysisCost:
        """Return what one axis needs."""
        ...
