"""`spectrogram`: power of each bin over time, in decibels."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tuner.dsp import cost, decibels, spectrum
from tuner.dsp.block import BlockCost, Float32
from tuner.dsp.chunks import in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.framing import FramedBlock, Framing, first_axis
from tuner.errors import BuildError
from tuner.signal import Features, Signal

_LEAST_SAMPLES = 4


class Spectrogram(FramedBlock):
    """|FFT|² / N of each frame, without a window function, as the reference's version 4 has it.

    In decibels, scaled to 0 at the noise floor and 1 at 12 dB; there is no upper limit.
    """

    type: ClassVar[str] = "spectrogram"

    fft_length: int = 128
    noise_floor_db: int = Field(-52, ge=-200, le=0)
    """Quieter bins are 0."""

    def features(self, signal: Signal) -> Features:
        """Frames × bins."""
        framing = self._checked(signal)
        spacing = signal.frequency_hz / self.fft_length
        bins = self.fft_length // 2 + 1
        return Features((framing.count, bins), tuple(f"{index * spacing:g} Hz" for index in range(bins)))

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × frames × bins."""
        framing = self._checked(signal)
        shape = (framing.count, self.fft_length // 2 + 1)

        def extract(piece: Float32) -> Float32:
            power = spectrum.power(framing.cut(first_axis(piece)), self.fft_length)
            return decibels.scaled(power, self.noise_floor_db)

        return in_chunks(extract, windows, shape, bytes_per_window=4 * cost.FLOAT_BYTES * shape[0] * shape[1])

    def cost(self, signal: Signal) -> BlockCost:
        """One transform and its logarithms per frame; the features themselves hold the result."""
        framing = self._checked(signal)
        bins = self.fft_length // 2 + 1
        frame = cost.emphasize(min(framing.length, self.fft_length)) + cost.real_fft(self.fft_length)
        frame += cost.power_spectrum(self.fft_length) + decibels.operations(bins)
        return BlockCost(
            operations=frame * framing.count,
            ram_bytes=cost.FLOAT_BYTES * self.fft_length,
            code_shared=routines("spectrogram", "power_of_frame", "emphasize", "rfft", "power", "decibels", "log10f"),
            table_bytes=cost.real_fft_table_bytes(self.fft_length),
        )

    def _checked(self, signal: Signal) -> Framing:
        framing = self.framing(signal)
        if min(framing.length, framing.stride) < _LEAST_SAMPLES:
            raise BuildError(
                f"spectrogram: frames of {framing.length} samples every {framing.stride}, expected at least "
                f"{_LEAST_SAMPLES} of both",
                hint="raise frame_length or frame_stride",
            )
        return framing
