"""`micro-frontend`: the log-mel features that TensorFlow Lite Micro computes in integers, for wake words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.fixed_point import Integers, bit_length, logarithm, real_fft, square_root
from tuner.dsp.framing import first_axis
from tuner.dsp.parameters import Parameters
from tuner.errors import BuildError
from tuner.signal import Features, Signal

_WEIGHT_BITS = 12
"""Fraction bits of the window and of the filters' weights."""
_SMOOTHING_UNIT = 1 << 14
_SNR_BITS = 12
_SHRUNK_BITS = 6
_GAIN_TABLE_ENTRIES = 125
_OUTPUT_SCALE = np.float32(1 / 25.6)
"""Features leave in the unit of the wake-word models that are trained on this front end: 0 to about 26."""

_MOST_FRAMES = 500


class MicroFrontend(Parameters):
    """Window, transform, mel filters, noise reduction, automatic gain, logarithm; all of it in integers.

    Bit by bit what `tensorflow/lite/experimental/microfrontend` gives, under the parameter names of its operator; a
    test compares with the original as `pymicro-features` wraps it. That package is not used for extraction: it has
    one fixed set of parameters, and takes 10 ms of one recording at a time.

    Samples are in units of a 16-bit sample. Each window starts with the front end reset.
    """

    type: ClassVar[str] = "micro-frontend"

    window_size: int = Field(30, ge=5, le=200)
    """Milliseconds."""
    window_step: int = Field(20, ge=5, le=200)
    """Milliseconds."""
    num_channels: int = Field(40, ge=2, le=128)
    lower_band_limit: float = Field(125.0, ge=0)
    """Hertz."""
    upper_band_limit: float = Field(7500.0, gt=0)
    """Hertz."""
    smoothing_bits: int = Field(10, ge=0, le=16)
    """Fraction bits of the noise estimate."""
    even_smoothing: float = Field(0.025, ge=0, le=1)
    """How fast the noise estimate of every other channel, from the first, follows the signal."""
    odd_smoothing: float = Field(0.06, ge=0, le=1)
    min_signal_remaining: float = Field(0.05, ge=0, le=1)
    """Share of the signal that noise reduction leaves at least."""
    enable_pcan: bool = True
    """Per-channel amplitude normalization."""
    pcan_strength: float = Field(0.95, gt=0, le=2)
    pcan_offset: float = Field(80.0, gt=0)
    gain_bits: int = Field(21, ge=16, le=30)
    enable_log: bool = True
    scale_shift: int = Field(6, ge=0, le=12)
    """Fraction bits of the logarithm."""

    def features(self, signal: Signal) -> Features:
        """Frames × channels."""
        plan = self._plan(signal)
        return Features((plan.frames, self.num_channels), tuple(f"mel {i}" for i in range(self.num_channels)))

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × frames × channels."""
        plan = self._plan(signal)
        working = 8 * 4 * plan.frames * plan.fft_length

        def extract(piece: Float32) -> Float32:
            samples = np.clip(np.rint(first_axis(piece)), -32768, 32767).astype(np.int16)
            return self._extract(samples, plan)

        return in_chunks(extract, windows, (plan.frames, self.num_channels), bytes_per_window=working)

    def cost(self, signal: Signal) -> BlockCost:
        """Integers throughout; tables are computed at the start and lie in RAM, as the original has it."""
        plan = self._plan(signal)
        half, channels = plan.fft_length // 2, self.num_channels
        weights = int(np.count_nonzero(plan.weights)) + 4 * channels
        frame = 5 * plan.size + 2 * plan.fft_length  # window, scaling
        frame += 64 * half // 4 * int(np.ceil(np.log2(half) / 2)) + 50 * half // 2  # transform
        frame += 4 * half + 8 * weights + channels * (32 * 6 + 20 + 30)  # energies, filters, roots, noise, logarithm
        frame += 25 * channels if self.enable_pcan else 0
        ram = 6 * plan.size + 2 * plan.fft_length + 8 * (half + 1) + (272 + 4 * half + 6 * half + 24)
        ram += 6 * (channels + 1) + 8 * (channels + 1) + 4 * weights + 4 * channels + 2 * _GAIN_TABLE_ENTRIES
        return BlockCost(
            operations=Operations(integer=frame) * plan.frames,
            ram_bytes=ram,
            code_shared=routines("micro_frontend", "kiss_fft_int16", "micro_frontend_setup"),
        )

    def _plan(self, signal: Signal) -> _Plan:
        if len(signal.axes) != 1:
            raise BuildError(
                f"micro-frontend: reads one axis, got {', '.join(signal.axes)}", hint="use one block for each axis"
            )
        size, step = (int(ms * signal.frequency_hz / 1000) for ms in (self.window_size, self.window_step))
        frames = (signal.samples - size) // step + 1 if step else 0
        if not 1 <= frames <= _MOST_FRAMES:
            raise BuildError(
                f"micro-frontend: {max(0, frames)} frames of {size} samples every {step} in a window of "
                f"{signal.samples}, expected 1 to {_MOST_FRAMES}",
                hint="change window_size, window_step or the window",
            )
        fft_length = 1 << max(3, (size - 1).bit_length())
        bands = (self.num_channels, fft_length, signal.frequency_hz, self.lower_band_limit, self.upper_band_limit)
        return _Plan(frames, size, step, fft_length, _filters(*bands))

    def _extract(self, samples: NDArray[np.int16], plan: _Plan) -> Float32:
        """Return n × frames × channels of n × samples."""
        cut = np.lib.stride_tricks.sliding_window_view(samples, plan.size, axis=-1)[:, :: plan.step][:, : plan.frames]
        windowed = ((cut.astype(np.int32) * _window(plan.size)) >> _WEIGHT_BITS).astype(np.int16)
        shift = 15 - bit_length(np.abs(windowed).max(axis=-1))
        frames = np.zeros((*windowed.shape[:-1], plan.fft_length), np.int16)
        frames[..., : plan.size] = (windowed.astype(np.int32) << shift[..., None].astype(np.int32)).astype(np.int16)
        real, imaginary = (part.astype(np.float64) for part in real_fft(frames))
        # Exact: a sum of at most 2¹² · 2³¹ · (bins of a filter) stays below 2⁵³.
        energy = (np.square(real) + np.square(imaginary)) @ plan.weights
        signal = square_root(energy.astype(np.int64)) >> shift[..., None]
        bits = plan.fft_length.bit_length() - 1 - _WEIGHT_BITS // 2
        noise_free, noise = self._without_noise(signal)
        if self.enable_pcan:
            noise_free = self._normalized(noise_free, noise, bits)
        if self.enable_log:
            value = noise_free << bits if bits >= 0 else noise_free >> -bits
            noise_free = logarithm(value & 0xFFFFFFFF, self.scale_shift)
        return np.minimum(noise_free, 0xFFFF).astype(np.float32) * _OUTPUT_SCALE

    def _without_noise(self, signal: Integers) -> tuple[Integers, Integers]:
        """Return the signal less the noise, and the estimate of the noise, both n × frames × channels."""
        rates = (np.float32(rate) * _SMOOTHING_UNIT for rate in (self.even_smoothing, self.odd_smoothing))
        smoothing = np.resize([int(rate) for rate in rates], self.num_channels)
        remaining = int(np.float32(self.min_signal_remaining) * _SMOOTHING_UNIT)
        scaled = (signal << self.smoothing_bits) & 0xFFFFFFFF
        estimate = np.zeros_like(signal)
        current = np.zeros_like(signal[:, 0])
        for frame in range(signal.shape[1]):
            current = (scaled[:, frame] * smoothing + current * (_SMOOTHING_UNIT - smoothing)) >> 14
            estimate[:, frame] = current
        reduced = (scaled - np.minimum(estimate, scaled)) >> self.smoothing_bits
        return np.maximum(reduced, (signal * remaining) >> 14), estimate

    def _normalized(self, signal: Integers, noise: Integers, correction_bits: int) -> Integers:
        """Divide by a power of the noise estimate, then flatten what is quieter than the noise."""
        gain_table = _gain_table(
            self.pcan_strength, self.pcan_offset, self.gain_bits, self.smoothing_bits - correction_bits
        )
        ratio = (signal * _interpolated(noise, gain_table)) >> (self.gain_bits - correction_bits - _SNR_BITS)
        ratio &= 0xFFFFFFFF
        quiet = (ratio * ratio) >> (2 + 2 * _SNR_BITS - _SHRUNK_BITS)
        return np.where(ratio < 2 << _SNR_BITS, quiet, (ratio >> (_SNR_BITS - _SHRUNK_BITS)) - (1 << _SHRUNK_BITS))


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Sizes in samples, and the filters."""

    frames: int
    size: int
    step: int
    fft_length: int
    weights: NDArray[np.float64]
    """Bins × channels; whole numbers, in units of 2⁻¹²."""


@cache
def _window(size: int) -> NDArray[np.int32]:
    """A Hann window of half-integer phase; in single precision, as the device computes it."""
    angle = np.float32(np.float32(np.pi) * np.float32(2) / np.float32(size))
    phase = angle * (np.arange(size, dtype=np.float32) + np.float32(0.5))
    hann = np.float32(0.5) - np.float32(0.5) * np.cos(phase.astype(np.float64)).astype(np.float32)
    return _rounded(hann)


def _rounded(weights: NDArray[np.float32]) -> NDArray[np.int32]:
    """In units of 2⁻¹²."""
    rounded: NDArray[np.int32] = np.floor(weights * np.float32(1 << _WEIGHT_BITS) + np.float32(0.5)).astype(np.int32)
    return rounded


@cache
def _filters(
    channels: int, fft_length: int, frequency_hz: float, lower_hz: float, upper_hz: float
) -> NDArray[np.float64]:
    """Triangles whose corners lie at any frequency, evenly spaced in mel.

    A bin between corners c - 1 and c goes to filter c with the weight that falls towards c, and to the next filter
    with the rest.

    Raises:
        BuildError: the band is empty or reaches beyond the spectrum.
    """
    bins = fft_length // 2 + 1
    per_bin = np.float32(0.5 * frequency_hz / (bins - 1))
    bin_mel = _to_mel(np.arange(bins, dtype=np.float32) * per_bin)
    low, high = _to_mel(np.array([lower_hz, upper_hz], np.float32))
    corners = low + (high - low) / np.float32(channels + 1) * np.arange(1, channels + 2, dtype=np.float32)
    first = int(1.5 + np.float32(lower_hz) / per_bin)
    filter_of = np.searchsorted(corners, bin_mel, side="right")
    last = int(np.argmax(filter_of > channels)) if (filter_of > channels).any() else bins
    if upper_hz <= lower_hz or last >= bins or first >= last:
        raise BuildError(
            f"micro-frontend: the band {lower_hz:g} Hz to {upper_hz:g} Hz does not fit between 0 and half the "
            f"sampling frequency ({frequency_hz / 2:g} Hz)",
            hint="set lower_band_limit and upper_band_limit within it",
        )
    weights = np.zeros((bins, channels + 2))
    inside = np.arange(first, last)
    filters = filter_of[inside]
    previous = np.where(filters == 0, low, corners[filters - 1])
    share = (corners[filters] - bin_mel[inside]) / (corners[filters] - previous)
    weights[inside, filters] = _rounded(share)
    weights[inside, filters + 1] = _rounded(np.float32(1) - share)
    return np.ascontiguousarray(weights[:, 1 : channels + 1])


def _to_mel(frequency_hz: NDArray[np.float32]) -> NDArray[np.float32]:
    # Of a 32-bit array, NumPy asks the C library's `log1pf`, whose last bit decides some of the weights.
    mel: NDArray[np.float32] = np.float32(1127) * np.log1p(frequency_hz / np.float32(700))
    return mel


@cache
def _gain_table(strength: float, offset: float, gain_bits: int, input_bits: int) -> Integers:
    """Value, slope and curvature of the gain on each octave of the noise estimate; four entries an octave."""

    def gain(x: int) -> int:
        value = np.float32(x) / np.float32(1 << input_bits) + np.float32(offset)
        scaled = np.float32(1 << gain_bits) * np.power(value, -np.float32(strength))
        return min(int(scaled + np.float32(0.5)), 32767)

    table = [gain(0), gain(1)]
    for octave in range(2, 33):
        start = 1 << (octave - 1)
        end = 2 * start - (octave == 32)
        here, middle, there = gain(start), gain(start + start // 2), gain(end)
        slope = 4 * (middle - here) - (there - here)
        table += [here, slope, there - here - slope, 0]
    return np.array(table, np.int64)


def _interpolated(values: Integers, table: Integers) -> Integers:
    """Parabolas between the table's octaves."""
    octave = np.maximum(bit_length(values), 2)
    entry = 4 * octave - 6
    fraction = np.where(octave < 11, values << np.maximum(11 - octave, 0), values >> np.maximum(octave - 11, 0)) & 0x3FF
    curve = ((table[entry + 2] * fraction) >> 5) + (table[entry + 1] << 5)
    result = ((curve * fraction + (1 << 14)) >> 15) + table[entry]
    return np.where(values <= 2, table[np.minimum(values, 2)], result)
