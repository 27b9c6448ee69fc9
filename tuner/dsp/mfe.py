"""`mfe`: log-mel energies, for sound that is not speech."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from tuner.dsp import cost, decibels, spectrum
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.framing import FramedBlock, emphasize, first_axis
from tuner.dsp.mel import FilterBank, filter_bank
from tuner.signal import Features, Signal

_EMPHASIS = 0.98
_FULL_SCALE = 2.0**15
_STEPS = 256


class Mfe(FramedBlock):
    """Energy of each mel filter over time, as the reference's version 4 has it.

    Samples are in units of a 16-bit sample. They are pre-emphasized; energies are in decibels, scaled to 0 at the
    noise floor and 1 at 12 dB above full scale, and rounded to 1/256. (The reference wraps a value of exactly 1 round
    to 0; here it stays at 255/256.)
    """

    type: ClassVar[str] = "mfe"

    num_filters: int = Field(40, ge=2, le=256)
    low_frequency: int = Field(0, ge=0)
    """Hertz."""
    high_frequency: int = Field(0, ge=0)
    """Hertz; 0 is half the sampling frequency."""
    noise_floor_db: int = Field(-52, ge=-200, le=0)
    """Quieter energies are 0."""

    def features(self, signal: Signal) -> Features:
        """Frames × filters."""
        self._bank(signal)
        return Features(
            (self.framing(signal).count, self.num_filters), tuple(f"mel {i}" for i in range(self.num_filters))
        )

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × frames × filters."""
        framing, bank = self.framing(signal), self._bank(signal)
        shape = (framing.count, self.num_filters)

        def extract(piece: Float32) -> Float32:
            frames = framing.cut(emphasize(first_axis(piece), _EMPHASIS))
            energy = spectrum.power(frames, self.fft_length, scale=1 / _FULL_SCALE) @ bank.weights
            level = decibels.scaled(energy, self.noise_floor_db)
            level *= _STEPS
            return np.minimum(np.rint(level, out=level), _STEPS - 1) * np.float32(1 / _STEPS)

        working = 3 * cost.FLOAT_BYTES * framing.count * self.fft_length
        return in_chunks(extract, windows, shape, bytes_per_window=working)

    def cost(self, signal: Signal) -> BlockCost:
        """Each frame: pre-emphasis, transform, filters, logarithms."""
        framing, bank = self.framing(signal), self._bank(signal)
        frame = cost.emphasize(min(framing.length, self.fft_length))
        frame += cost.real_fft(self.fft_length) + cost.power_spectrum(self.fft_length) + bank.operations
        frame += decibels.operations(self.num_filters) + Operations(add=2, multiply=2) * self.num_filters
        return BlockCost(
            operations=frame * framing.count,
            ram_bytes=cost.FLOAT_BYTES * (self.fft_length + self.fft_length // 2 + 1),
            code_shared=routines("mfe", "power_of_frame", "emphasize", "rfft", "power", "mel", "decibels", "log10f"),
            table_bytes=cost.real_fft_table_bytes(self.fft_length) + bank.table_bytes,
        )

    def _bank(self, signal: Signal) -> FilterBank:
        return filter_bank(
            self.num_filters, self.fft_length, signal.frequency_hz, self.low_frequency, self.high_frequency
        )
