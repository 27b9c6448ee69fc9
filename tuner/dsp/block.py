"""What every preprocessing block is: parameters, features, shape and cost on a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Settings
from tuner.signal import Features, Signal

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Operations:
    """Work of one window, counted by kind; a device's profile knows what each kind takes.

    All are operations of single precision unless the name says otherwise.
    """

    add: float = 0
    """Additions, subtractions, comparisons, minimum, maximum, absolute value."""
    multiply: float = 0
    """Multiplications, fused or not."""
    divide: float = 0
    square_root: float = 0
    transcendental: float = 0
    """Logarithms, exponentials, sines, powers."""
    move: float = 0
    """Values copied or converted without arithmetic."""
    sort: float = 0
    """Comparisons with a branch and an exchange, in sorting and selection."""
    integer: float = 0
    """Integer operations of any kind, of fixed-point blocks."""

    def __add__(self, other: Operations) -> Operations:
        return Operations(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __mul__(self, times: float) -> Operations:
        return Operations(*(getattr(self, name) * times for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class BlockCost:
    """What a block needs on a device, whichever device it is."""

    operations: Operations = field(default_factory=Operations)
    ram_bytes: int = 0
    """Working memory beside the input buffer and the features."""
    code_bytes: int = 0
    """Flash of the block's own code on a 32-bit Thumb-2 core, -O2; code that several blocks share (FFT, square
    root) is named in `code_shared` so that it is counted once."""
    code_shared: tuple[tuple[str, int], ...] = ()
    """Name and bytes of each shared routine, e.g. ("rfft", 3200)."""
    table_bytes: int = 0
    """Flash of windows, filter banks, twiddle factors."""
    known: bool = True
    """False: the block's author did not state the cost, and estimates that contain it must say so."""


class PreprocessingBlock(Protocol):
    """One kind of preprocessing with its parameters fixed.

    Implementations are frozen dataclasses or pydantic models; `tuner.dsp.block(settings)` makes one.
    """

    type: ClassVar[str]

    def features(self, signal: Signal) -> Features:
        """Return the shape of the features of one window.

        Raises:
            BuildError: the parameters do not fit the signal; the message says which and why.
        """
        ...

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return the features of many windows at once.

        Args:
            windows: N × samples × axes.
            signal: what one window is.

        Returns:
            N × the shape that `features` gives.
        """
        ...

    def cost(self, signal: Signal) -> BlockCost:
        """Return what one window needs on a device."""
        ...


@runtime_checkable
class RememberingBlock(PreprocessingBlock, Protocol):
    """A block whose features depend on the windows before."""

    def extract_recordings(self, windows: Float32, signal: Signal, recordings: NDArray[np.int64]) -> Float32:
        """Return the features of many windows; a device would forget between one recording and the next.

        Args:
            windows: N × samples × axes; those of one recording stand together, in their order.
            signal: what one window is.
            recordings: N numbers, equal for windows of one recording.
        """
        ...


class ReadableBlock(PreprocessingBlock, Protocol):
    """A block that is made from the settings of a study."""

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Make the block that `settings` describe.

        Raises:
            ConfigError: a parameter is unknown, out of bounds or of the wrong type.
        """
        ...

    @classmethod
    def public_names(cls) -> tuple[str, ...]:
        """Return the names of all parameters, as study files write them."""
        ...
