"""What preprocessing reads and what it yields, as shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One window of raw data as a block sees it: `samples` rows of one value per axis."""

    samples: int
    axes: tuple[str, ...]
    frequency_hz: float
    sample_bytes: int = 4
    """Bytes of one value in the device's input buffer: 4 for float32, 2 for 16-bit audio."""
    image: tuple[int, int] | None = None
    """Height and width of an image, whose pixels are the samples, row by row, and whose channels are the axes."""

    @property
    def bytes(self) -> int:
        """Bytes of the device's buffer for one window."""
        return self.samples * len(self.axes) * self.sample_bytes


@dataclass(frozen=True, slots=True)
class Features:
    """What a block yields for one window.

    A flat vector has one dimension, a spectrogram two (frames × bands), raw data two (samples × axes),
    an image three (height × width × channels).
    """

    shape: tuple[int, ...]
    labels: tuple[str, ...] = ()
    """A name per feature of a flat vector, else a name per column; empty if there are none."""

    @property
    def count(self) -> int:
        """Number of values."""
        return math.prod(self.shape)
