"""Frames of sound: what `spectrogram`, `mfe` and `mfcc` have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tuner.dsp import spectrum
from tuner.dsp.block import Float32
from tuner.dsp.parameters import Parameters
from tuner.errors import BuildError
from tuner.signal import Signal

_MOST_FRAMES = 500
_FFT_LENGTHS = tuple(2**power for power in range(3, 14))


@dataclass(frozen=True, slots=True)
class Framing:
    """Frames of one window, in samples."""

    length: int
    stride: int
    count: int

    def cut(self, values: Float32) -> Float32:
        """Return … × frames × length, a view of … × samples."""
        return spectrum.frames(values, self.length, self.stride)[..., : self.count, :]


class FramedBlock(Parameters):
    """A block that takes one axis apart into frames."""

    frame_length: float = Field(0.02, gt=0, le=10)
    """Seconds."""
    frame_stride: float = Field(0.01, gt=0, le=10)
    """Seconds from the start of one frame to that of the next."""
    fft_length: int = 256
    """Points of the transform; longer frames are cut to it, shorter ones padded with zeros."""

    @model_validator(mode="after")
    def _power_of_two(self) -> Self:
        if self.fft_length not in _FFT_LENGTHS:
            raise ValueError(f"fft_length is {self.fft_length}, expected one of {', '.join(map(str, _FFT_LENGTHS))}")
        return self

    def framing(self, signal: Signal) -> Framing:
        """Return the frames of one window of the signal.

        Raises:
            BuildError: the signal has more than one axis, or there would be no frame or more than 500.
        """
        name = str(getattr(self, "type", "frames"))
        if len(signal.axes) != 1:
            raise BuildError(
                f"{name}: reads one axis, got {', '.join(signal.axes)}", hint="use one block for each axis"
            )
        length = _samples(self.frame_length * signal.frequency_hz)
        stride = _samples(self.frame_stride * signal.frequency_hz)
        count = (signal.samples - (length - stride)) // stride
        if count < 1:
            raise BuildError(
                f"{name}: a frame is {length} samples long, the window has {signal.samples}",
                hint="use a longer window or shorter frames",
            )
        if count > _MOST_FRAMES:
            raise BuildError(
                f"{name}: {count} frames, expected at most {_MOST_FRAMES}",
                hint="raise frame_stride or use a shorter window",
            )
        return Framing(length, stride, count)


def first_axis(windows: Float32) -> Float32:
    """Return N × samples, contiguous, of windows with one axis."""
    return np.ascontiguousarray(windows[..., 0])


def emphasize(values: Float32, factor: float) -> Float32:
    """Subtract `factor` times the sample before; the sample before the first is the window's last.

    That is how the reference does it on both sides, in Python and on the device.
    """
    emphasized = np.empty_like(values)
    np.multiply(values[..., :-1], np.float32(-factor), out=emphasized[..., 1:])
    emphasized[..., 0] = values[..., -1] * np.float32(-factor)
    emphasized += values
    return emphasized


def _samples(count: float) -> int:
    """Round up, unless the excess is but an error of rounding (0.018 s · 16 kHz is 288.0000003)."""
    floor = math.floor(count)
    return floor if count - floor < 0.001 else math.ceil(count)
