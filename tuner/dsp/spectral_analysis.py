"""`spectral-analysis`: statistics and power spectrum of each axis, for motion, vibration and other slow signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from tuner.dsp import cost, filters, spectrum, statistics
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import by_axis, in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.parameters import Parameters, hyphenated
from tuner.errors import BuildError
from tuner.signal import Features, Signal

_LOW_FREQUENCY_RATIO = 10
"""By how much `extra-low-freq` decimates the signal for its second set of features."""

_NO_POWER = np.float32(1e-10)
"""Stands for a power of exactly zero where the logarithm is taken."""


class SpectralAnalysis(Parameters):
    """Scale, decimate, filter, subtract the mean; then, per axis, statistics and the spectrum.

    The order of the steps, the features and their order are those of the reference's public block. Version 4 gives
    RMS, skewness, kurtosis, the same two of the spectrum, and the bins 1 … N / 2, each the largest |FFT|² / N over
    the frames of the window (max-hold), as log10 if asked. Versions 2 and 3 leave the spectrum's statistics out.
    """

    model_config = ConfigDict(alias_generator=hyphenated)
    type: ClassVar[str] = "spectral-analysis"

    implementation_version: Literal[2, 3, 4] = 4
    scale_axes: float = Field(1.0, gt=-1e6, lt=1e6)
    """Multiplies every value."""
    input_decimation_ratio: Literal[1, 3, 10, 30, 100, 1000] = 1
    filter_type: Literal["low", "high", "none"] = "none"
    filter_cutoff: float = Field(3.0, gt=0)
    """Hertz."""
    filter_order: Literal[0, 2, 4, 6, 8] = 6
    """Number of poles; 0 leaves the signal as it is and only masks the bins beyond the cut-off."""
    fft_length: Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] = 16
    do_log: bool = True
    """Take log10 of the spectrum."""
    do_fft_overlap: bool = True
    """Frames overlap by half."""
    extra_low_freq: bool = False
    """Add a second set of features of the signal decimated by 10."""

    @model_validator(mode="after")
    def _version_has_it(self) -> Self:
        if self.implementation_version < 4 and self.input_decimation_ratio != 1:
            raise ValueError("input-decimation-ratio needs implementation-version 4")
        if self.implementation_version < 4 and self.extra_low_freq:
            raise ValueError("extra-low-freq needs implementation-version 4")
        return self

    def features(self, signal: Signal) -> Features:
        """Name the features of the first axis, then of the second, and so on; the low-frequency sets come last."""
        names = [[f"{name}{band.suffix}" for name in self._names(band)] for band in self._bands(signal)]
        labels = tuple(f"{axis} {name}" for band in names for axis in signal.axes for name in band)
        return Features((len(labels),), labels)

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × features."""
        shape = self.features(signal).shape
        overlap = 2 if self.do_fft_overlap else 1
        working = 4 * signal.samples * len(signal.axes) * (3 + 2 * overlap)
        return in_chunks(lambda piece: self._extract(piece, signal), windows, shape, bytes_per_window=working)

    def cost(self, signal: Signal) -> BlockCost:
        """What a device needs that goes through the axes one after the other in one buffer."""
        bands = self._bands(signal)
        sections = self.filter_order // 2 if self._filters else 0
        operations = Operations(multiply=signal.samples, move=signal.samples)
        operations += self._decimation_operations(signal.samples)
        operations += cost.biquads(bands[0].samples, sections) + cost.mean(bands[0].samples)
        for band in bands:
            operations += self._band_operations(band)
        decimates = self.input_decimation_ratio > 1 or self.extra_low_freq
        state, _ = cost.biquads_bytes(max(sections, filters.DECIMATION_SECTIONS if decimates else 0))
        steps = set(filters.DECIMATION_STEPS[self.input_decimation_ratio])
        steps |= {_LOW_FREQUENCY_RATIO} if self.extra_low_freq else set()
        tables = len(steps) * cost.biquads_bytes(filters.DECIMATION_SECTIONS)[1] + cost.biquads_bytes(sections)[1]
        bins = self.fft_length // 2 + 1
        return BlockCost(
            operations=operations * len(signal.axes),
            ram_bytes=cost.FLOAT_BYTES * (signal.samples + self.fft_length + bins) + state,
            code_shared=routines(*self._routines(decimates)),
            table_bytes=tables + cost.real_fft_table_bytes(self.fft_length),
        )

    @property
    def _filters(self) -> bool:
        return self.filter_type != "none" and self.filter_order > 0

    def _bands(self, signal: Signal) -> tuple[_Band, ...]:
        """The signals that features are taken of: the conditioned one, and the low-frequency one if asked for."""
        ratio = self.input_decimation_ratio
        band = _Band("", filters.decimated_length(signal.samples, ratio), signal.frequency_hz / ratio)
        if ratio > 1 and self.filter_type != "none" and self.filter_cutoff > 0.9 * band.frequency_hz / 2:
            raise BuildError(
                f"spectral-analysis: decimated by {ratio}, the signal ends at {band.frequency_hz / 2:g} Hz, and "
                f"filter-cutoff {self.filter_cutoff:g} Hz is above 90 % of that",
                hint="lower input-decimation-ratio or filter-cutoff",
            )
        self._butterworth(band.frequency_hz)
        if not self.extra_low_freq:
            return (band,)
        low = _Band(
            " LF",
            filters.decimated_length(band.samples, _LOW_FREQUENCY_RATIO),
            band.frequency_hz / _LOW_FREQUENCY_RATIO,
        )
        if low.samples < self.fft_length / 2:
            raise BuildError(
                f"spectral-analysis: extra-low-freq with fft-length {self.fft_length} needs "
                f"{self.fft_length // 2 * _LOW_FREQUENCY_RATIO} samples, the window has {band.samples}",
                hint="use a longer window or a shorter fft-length",
            )
        return (band, low)

    def _butterworth(self, frequency_hz: float) -> Float32 | None:
        if self.filter_type == "none" or self.filter_order == 0:
            return None
        return filters.butterworth(self.filter_type, self.filter_order, self.filter_cutoff, frequency_hz)

    def _bins(self, band: _Band) -> range:
        """The bins of the spectrum that become features; bin 0 never does, for the mean has been subtracted."""
        spacing = band.frequency_hz / self.fft_length
        kept = [
            index
            for index in range(1, self.fft_length // 2 + 1)
            if not (self.filter_type == "low" and (index - 0.5) * spacing > self.filter_cutoff)
            and not (self.filter_type == "high" and (index + 0.5) * spacing < self.filter_cutoff)
        ]
        if not kept:
            raise BuildError(
                f"spectral-analysis: filter-cutoff {self.filter_cutoff:g} Hz masks every bin of a transform of "
                f"{self.fft_length} points at {band.frequency_hz:g} Hz",
                hint="move filter-cutoff or raise fft-length",
            )
        return range(kept[0], kept[-1] + 1)

    def _names(self, band: _Band) -> list[str]:
        spacing = band.frequency_hz / self.fft_length
        names = ["RMS", "Skewness", "Kurtosis"]
        if self.implementation_version >= 4:
            names += ["Spectral Skewness", "Spectral Kurtosis"]
        edges = [(round((index - 0.5) * spacing, 2), round((index + 0.5) * spacing, 2)) for index in self._bins(band)]
        return [*names, *(f"Spectral Power {low} - {high} Hz" for low, high in edges)]

    def _extract(self, windows: Float32, signal: Signal) -> Float32:
        first, *rest = self._bands(signal)
        values = filters.decimate(by_axis(windows, self.scale_axes), self.input_decimation_ratio)
        sections = self._butterworth(first.frequency_hz)
        if sections is not None:
            values = filters.sections_filter(sections, values)
        values, mean = statistics.centre(values)
        columns = [self._describe(values, mean, first)]
        for band in rest:
            slow, slow_mean = statistics.centre(filters.decimate(values, _LOW_FREQUENCY_RATIO))
            columns.append(self._describe(slow, slow_mean, band))
        return np.concatenate([column.reshape(len(windows), -1) for column in columns], axis=1)

    def _describe(self, centred: Float32, mean: Float32, band: _Band) -> Float32:
        """Return … × features of one axis, from … × samples."""
        bins = self._bins(band)
        variance, skewness, kurtosis = statistics.shape(centred, mean)
        columns = [np.sqrt(variance), skewness, kurtosis]
        powers = spectrum.max_hold(centred, self.fft_length, self.fft_length // 2 if self.do_fft_overlap else 0)
        if self.implementation_version >= 4:
            spread, average = statistics.centre(powers)
            columns += statistics.shape(spread, average)[1:]
        kept = powers[..., bins.start : bins.stop]
        if self.do_log:
            kept = np.log10(np.where(kept == 0, _NO_POWER, kept))
        return np.concatenate([np.stack(columns, axis=-1), kept], axis=-1)

    def _decimation_operations(self, samples: int) -> Operations:
        total = Operations()
        for step in filters.DECIMATION_STEPS[self.input_decimation_ratio]:
            total += cost.biquads(samples, filters.DECIMATION_SECTIONS) + Operations(move=samples // step)
            samples = -(-samples // step)
        return total

    def _band_operations(self, band: _Band) -> Operations:
        """One axis: moments, a transform and a comparison a bin for each frame, statistics and logarithms of bins."""
        bins = self.fft_length // 2 + 1
        count = spectrum.frame_count(band.samples, self.fft_length, self.fft_length // 2 if self.do_fft_overlap else 0)
        frame = cost.real_fft(self.fft_length) + cost.power_spectrum(self.fft_length)
        frame += Operations(move=self.fft_length, add=bins)
        total = cost.moments(band.samples) + Operations(square_root=1) + frame * count
        if band.suffix:
            total += cost.biquads(band.samples * _LOW_FREQUENCY_RATIO, filters.DECIMATION_SECTIONS)
            total += Operations(move=band.samples)
        if self.implementation_version >= 4:
            total += cost.moments(bins)
        if self.do_log:
            total += Operations(transcendental=len(self._bins(band)))
        return total

    def _routines(self, decimates: bool) -> list[str]:
        names = ["gather", "moments", "sqrtf", "rfft", "power_max_hold"]
        if self._filters or decimates:
            names.append("biquads")
        if decimates:
            names.append("keep_every")
        if self.do_log:
            names += ["log_spectrum", "log10f"]
        return names


@dataclass(frozen=True, slots=True)
class _Band:
    """A signal that features are taken of."""

    suffix: str
    """Ends the labels of its features."""
    samples: int
    frequency_hz: float
