"""`mfcc`: mel-frequency cepstral coefficients, for speech."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import fft

from tuner.dsp import cost, spectrum
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.framing import FramedBlock, emphasize, first_axis
from tuner.dsp.mel import FilterBank, filter_bank
from tuner.signal import Features, Signal

_LEAST_ENERGY = np.float32(2.0**-52)
"""Stands for an energy of exactly zero where the logarithm is taken."""

_CONSTANT = np.float32(1e-6)
"""A coefficient that deviates by less than this share of its magnitude is constant up to rounding."""


class Mfcc(FramedBlock):
    """Cosine transform of log-mel energies, as the reference's version 4 has it.

    DCT-II, orthonormal, of the natural logarithms; the first coefficient is replaced by the logarithm of the frame's
    energy. Then each coefficient is normalized by mean and deviation over a sliding window of frames.
    """

    type: ClassVar[str] = "mfcc"

    frame_stride: float = Field(0.02, gt=0, le=10)
    """Seconds from the start of one frame to that of the next."""
    num_cepstral: int = Field(13, ge=1, le=256)
    num_filters: int = Field(32, ge=2, le=256)
    low_frequency: int = Field(0, ge=0)
    """Hertz."""
    high_frequency: int = Field(0, ge=0)
    """Hertz; 0 is half the sampling frequency."""
    pre_cof: float = Field(0.98, ge=0, le=1)
    """Pre-emphasis; 0 is none."""
    win_size: int = Field(101, ge=0, le=999)
    """Frames of the sliding window of the normalization; odd; 0 is no normalization."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.win_size and self.win_size % 2 == 0:
            raise ValueError(f"win_size is {self.win_size}, expected an odd number or 0")
        if self.num_cepstral > self.num_filters:
            raise ValueError(f"num_cepstral is {self.num_cepstral}, expected at most num_filters ({self.num_filters})")
        return self

    def features(self, signal: Signal) -> Features:
        """Frames × coefficients."""
        self._bank(signal)
        labels = ("log energy", *(f"cepstrum {index}" for index in range(1, self.num_cepstral)))
        return Features((self.framing(signal).count, self.num_cepstral), labels)

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × frames × coefficients."""
        framing, bank = self.framing(signal), self._bank(signal)
        sliding = sliding_means(framing.count, self.win_size) if self.win_size else None

        def extract(piece: Float32) -> Float32:
            power = spectrum.power(framing.cut(emphasize(first_axis(piece), self.pre_cof)), self.fft_length)
            cepstrum = _cepstrum(power @ bank.weights)[..., : self.num_cepstral]
            cepstrum[..., 0] = _logarithm(power.sum(axis=-1))
            return cepstrum if sliding is None else _normalized(cepstrum, sliding)

        working = 3 * cost.FLOAT_BYTES * framing.count * self.fft_length
        return in_chunks(extract, windows, (framing.count, self.num_cepstral), bytes_per_window=working)

    def cost(self, signal: Signal) -> BlockCost:
        """Each frame: pre-emphasis, transform, filters, logarithms, cosine transform by its matrix; normalization."""
        framing, bank = self.framing(signal), self._bank(signal)
        bins, values = self.fft_length // 2 + 1, framing.count * self.num_cepstral
        products = self.num_filters * (self.num_cepstral - 1)
        frame = cost.emphasize(min(framing.length, self.fft_length))
        frame += cost.real_fft(self.fft_length) + cost.power_spectrum(self.fft_length) + bank.operations
        frame += Operations(add=bins + products, multiply=products, transcendental=self.num_filters + 1)
        total, ram, code = frame * framing.count, self.fft_length + bins + self.num_filters, ["logf"]
        if self.win_size:
            # Two passes (mean, deviation) of running sums; integers find the mirrored frames beyond the ends.
            total += Operations(add=2, multiply=1, integer=10) * (2 * self.win_size * self.num_cepstral)
            total += Operations(add=12, multiply=6, divide=3, square_root=1, move=2, integer=40) * values
            ram = max(ram, framing.count)
            code += ["normalize_windows", "reflected", "sqrtf"]
        return BlockCost(
            operations=total,
            ram_bytes=cost.FLOAT_BYTES * ram,
            code_shared=routines("mfcc", "power_of_frame", "emphasize", "rfft", "power", "mel", "dct", *code),
            table_bytes=cost.real_fft_table_bytes(self.fft_length) + bank.table_bytes + cost.FLOAT_BYTES * products,
        )

    def _bank(self, signal: Signal) -> FilterBank:
        return filter_bank(
            self.num_filters, self.fft_length, signal.frequency_hz, self.low_frequency, self.high_frequency
        )


def sliding_means(frames: int, window: int) -> Float32:
    """Return the matrix, frames × frames, that takes the mean of a window around each frame.

    Beyond the ends the frames are mirrored, the last one repeated, as often as the window needs.
    """
    half = window // 2
    mirrored = np.pad(np.arange(frames), half, mode="symmetric")
    means = np.zeros((frames, frames), np.float32)
    rows = np.repeat(np.arange(frames), window)
    np.add.at(means, (rows, np.lib.stride_tricks.sliding_window_view(mirrored, window).ravel()), 1 / window)
    return means


def _normalized(cepstrum: Float32, sliding: Float32) -> Float32:
    """Subtract the mean of the window around each frame, then divide by the deviation in the window around it."""
    mean = sliding @ cepstrum
    centred = cepstrum - mean
    variance = sliding @ np.square(centred) - np.square(sliding @ centred)
    constant = variance <= np.square(_CONSTANT * mean)
    return np.where(constant, 0, centred / np.sqrt(np.where(constant, 1, variance)))


def _cepstrum(energy: Float32) -> Float32:
    return fft.dct(_logarithm(energy), type=2, axis=-1, norm="ortho")  # type: ignore[no-any-return]


def _logarithm(energy: Float32) -> Float32:
    return np.log(np.where(energy == 0, _LEAST_ENERGY, energy))
