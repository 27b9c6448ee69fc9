"""`spectral-analysis`: statistics and spectrum of each axis, for motion, vibration and other slow signals."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, field_validator, model_validator

from tuner.dsp import cost, filters, statistics
from tuner.dsp.analysis import Analysis
from tuner.dsp.bands import BandPowers
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import by_axis, in_chunks
from tuner.dsp.code_size import routines
from tuner.dsp.parameters import Parameters, hyphenated
from tuner.dsp.peaks import SpectralPeaks
from tuner.dsp.wavelets import WAVELETS, WaveletStatistics
from tuner.errors import BuildError
from tuner.signal import Features, Signal

_LOW_FREQUENCY_RATIO = 10
"""By how much `extra-low-freq` decimates the signal for its second set of features."""


class SpectralAnalysis(Parameters):
    """Scale, decimate, filter, subtract the mean; then analyse each axis.

    Steps, features and their order are those of the reference's public block, whose implementation versions differ:
    1 gives peaks and power between edges (`SpectralPeaks`); 2 statistics and bins (`BandPowers`); 3 has wavelets as
    well (`WaveletStatistics`); 4 has statistics of the spectrum, decimation and a second, slower set of features.
    """

    model_config = ConfigDict(alias_generator=hyphenated)
    type: ClassVar[str] = "spectral-analysis"

    implementation_version: Literal[1, 2, 3, 4] = 4
    scale_axes: float = Field(1.0, gt=-1e6, lt=1e6)
    """Multiplies every value."""
    input_decimation_ratio: Literal[1, 3, 10, 30, 100, 1000] = 1
    filter_type: Literal["low", "high", "none"] = "none"
    filter_cutoff: float = Field(3.0, gt=0)
    """Hertz."""
    filter_order: Literal[0, 2, 4, 6, 8] = 6
    """Number of poles; 0 leaves the signal as it is and only masks the bins beyond the cut-off."""
    analysis_type: Literal["FFT", "Wavelet"] = "FFT"
    fft_length: Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] = 16
    spectral_peaks_count: int = Field(3, ge=1, le=10)
    """Version 1 only, as the next two."""
    spectral_peaks_threshold: float = Field(0.1, ge=0)
    """Lower peaks are left out; in the unit of the signal's amplitude."""
    spectral_power_edges: str = "0.1, 0.5, 1.0, 2.0, 5.0"
    """Hertz, ascending, separated by commas."""
    do_log: bool = True
    """Take log10 of the spectrum."""
    do_fft_overlap: bool = True
    """Frames overlap by half."""
    wavelet_level: int = Field(1, ge=0, le=12)
    wavelet: str = "db4"
    extra_low_freq: bool = False
    """Add a second set of features of the signal decimated by 10."""

    @field_validator("wavelet")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in WAVELETS:
            raise ValueError(f"one of {', '.join(WAVELETS)}")
        return name

    @field_validator("spectral_power_edges")
    @classmethod
    def _ascending(cls, text: str) -> str:
        try:
            edges = [float(part) for part in text.split(",")]
        except ValueError:
            raise ValueError("numbers separated by commas") from None
        if len(edges) < 2 or any(high <= low for low, high in pairwise(edges)):
            raise ValueError("two or more ascending numbers separated by commas")
        return text

    @model_validator(mode="after")
    def _version_has_it(self) -> Self:
        if self.implementation_version < 4 and self.input_decimation_ratio != 1:
            raise ValueError("input-decimation-ratio needs implementation-version 4")
        if self.implementation_version < 4 and self.extra_low_freq:
            raise ValueError("extra-low-freq needs implementation-version 4")
        if self.implementation_version < 3 and self.analysis_type == "Wavelet":
            raise ValueError("analysis-type Wavelet needs implementation-version 3 or 4")
        return self

    def features(self, signal: Signal) -> Features:
        """Name the features of the first axis, then of the second, and so on; the low-frequency sets come last."""
        names = [analysis.names for analysis in self._analyses(signal)]
        labels = tuple(f"{axis} {name}" for group in names for axis in signal.axes for name in group)
        return Features((len(labels),), labels)

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × features."""
        shape = self.features(signal).shape
        working = 8 * cost.FLOAT_BYTES * signal.samples * len(signal.axes)
        return in_chunks(lambda piece: self._extract(piece, signal), windows, shape, bytes_per_window=working)

    def cost(self, signal: Signal) -> BlockCost:
        """What a device needs that goes through the axes one after the other in one buffer."""
        samples, _ = self._conditioned(signal)
        parts = [analysis.cost() for analysis in self._analyses(signal)]
        sections = self.filter_order // 2 if self._filters else 0
        operations = Operations(multiply=signal.samples, move=signal.samples)
        operations += self._decimation_operations(signal.samples)
        operations += cost.biquads(samples, sections) + Operations(add=samples)
        for part in parts:
            operations += part.operations
        steps = set(filters.DECIMATION_STEPS[self.input_decimation_ratio])
        steps |= {_LOW_FREQUENCY_RATIO} if len(parts) > 1 else set()
        state, _ = cost.biquads_bytes(max(sections, filters.DECIMATION_SECTIONS if steps else 0))
        coefficients = cost.biquads_bytes(sections + filters.DECIMATION_SECTIONS * len(steps))[1]
        code = ["gather", *(name for part in parts for name in part.code)]
        code += ["biquads"] if self._filters or steps else []
        code += ["keep_every"] if steps else []
        return BlockCost(
            operations=operations * len(signal.axes),
            ram_bytes=cost.FLOAT_BYTES * signal.samples + state + max(part.ram_bytes for part in parts),
            code_shared=routines(*code),
            table_bytes=coefficients + max(part.table_bytes for part in parts),
        )

    @property
    def _filters(self) -> bool:
        return self.filter_type != "none" and self.filter_order > 0

    def _conditioned(self, signal: Signal) -> tuple[int, float]:
        """Samples and frequency of the signal that is analysed."""
        ratio = self.input_decimation_ratio
        frequency_hz = signal.frequency_hz / ratio
        if ratio > 1 and self.filter_type != "none" and self.filter_cutoff > 0.9 * frequency_hz / 2:
            raise BuildError(
                f"spectral-analysis: decimated by {ratio}, the signal ends at {frequency_hz / 2:g} Hz, and "
                f"filter-cutoff {self.filter_cutoff:g} Hz is above 90 % of that",
                hint="lower input-decimation-ratio or filter-cutoff",
            )
        return filters.decimated_length(signal.samples, ratio), frequency_hz

    def _analyses(self, signal: Signal) -> tuple[Analysis, ...]:
        """What is computed of each axis: of the conditioned signal, and of its low frequencies if asked for."""
        samples, frequency_hz = self._conditioned(signal)
        self._butterworth(frequency_hz)
        if self.analysis_type == "Wavelet":
            return (WaveletStatistics(samples, frequency_hz, self.wavelet, self.wavelet_level),)
        if self.implementation_version == 1:
            edges = tuple(float(part) for part in self.spectral_power_edges.split(","))
            count, threshold = self.spectral_peaks_count, self.spectral_peaks_threshold
            return (SpectralPeaks(samples, frequency_hz, self.fft_length, count, threshold, edges),)
        if not self.extra_low_freq:
            return (self._bands(samples, frequency_hz),)
        slow = filters.decimated_length(samples, _LOW_FREQUENCY_RATIO)
        if slow < self.fft_length / 2:
            raise BuildError(
                f"spectral-analysis: extra-low-freq with fft-length {self.fft_length} needs "
                f"{self.fft_length // 2 * _LOW_FREQUENCY_RATIO} samples, the window has {samples}",
                hint="use a longer window or a shorter fft-length",
            )
        low = self._bands(slow, frequency_hz / _LOW_FREQUENCY_RATIO, suffix=" LF")
        return (self._bands(samples, frequency_hz), low)

    def _bands(self, samples: int, frequency_hz: float, suffix: str = "") -> BandPowers:
        return BandPowers(
            samples=samples,
            frequency_hz=frequency_hz,
            fft_length=self.fft_length,
            overlap=self.do_fft_overlap,
            log=self.do_log,
            filter_type=self.filter_type,
            filter_cutoff=self.filter_cutoff,
            spectrum_statistics=self.implementation_version >= 4,
            suffix=suffix,
        )

    def _butterworth(self, frequency_hz: float) -> Float32 | None:
        if self.filter_type == "none" or self.filter_order == 0:
            return None
        return filters.butterworth(self.filter_type, self.filter_order, self.filter_cutoff, frequency_hz)

    def _extract(self, windows: Float32, signal: Signal) -> Float32:
        first, *slower = self._analyses(signal)
        values = filters.decimate(by_axis(windows, self.scale_axes), self.input_decimation_ratio)
        sections = self._butterworth(self._conditioned(signal)[1])
        if sections is not None:
            values = filters.sections_filter(sections, values)
        values, mean = statistics.centre(values)
        columns = [first.extract(values, mean)]
        columns += [
            analysis.extract(*statistics.centre(filters.decimate(values, _LOW_FREQUENCY_RATIO))) for analysis in slower
        ]
        return np.concatenate([column.reshape(len(windows), -1) for column in columns], axis=1)

    def _decimation_operations(self, samples: int) -> Operations:
        """Each step filters every sample it is given and keeps a part; the second set of features starts with one."""
        total = Operations()
        for step in filters.DECIMATION_STEPS[self.input_decimation_ratio]:
            total += cost.biquads(samples, filters.DECIMATION_SECTIONS) + Operations(move=samples // step)
            samples = -(-samples // step)
        if self.extra_low_freq:
            total += cost.biquads(samples, filters.DECIMATION_SECTIONS)
            total += Operations(move=samples // _LOW_FREQUENCY_RATIO)
        return total
