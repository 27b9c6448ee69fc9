"""Statistics and power spectrum: `spectral-analysis` by FFT, implementation versions 2 to 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tuner.dsp import cost, spectrum, statistics
from tuner.dsp.analysis import AnalysisCost
from tuner.dsp.block import Float32, Operations
from tuner.errors import BuildError

_NO_POWER = np.float32(1e-10)
"""Stands for a power of exactly zero where the logarithm is taken."""


@dataclass(frozen=True, slots=True)
class BandPowers:
    """RMS, skewness, kurtosis, the last two of the spectrum as well, and the spectrum's bins."""

    samples: int
    frequency_hz: float
    fft_length: int
    overlap: bool
    log: bool
    filter_type: Literal["low", "high", "none"]
    filter_cutoff: float
    spectrum_statistics: bool
    suffix: str = ""
    """Ends every name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        spacing = self.frequency_hz / self.fft_length
        names = ["RMS", "Skewness", "Kurtosis"]
        if self.spectrum_statistics:
            names += ["Spectral Skewness", "Spectral Kurtosis"]
        edges = ((round((index - 0.5) * spacing, 2), round((index + 0.5) * spacing, 2)) for index in self._bins)
        names += [f"Spectral Power {low} - {high} Hz" for low, high in edges]
        return tuple(name + self.suffix for name in names)

    def extract(self, centred: Float32, mean: Float32) -> Float32:
        """Return the features; a bin is the largest |FFT|² / N over the frames of the window (max-hold)."""
        bins = self._bins
        variance, skewness, kurtosis = statistics.shape(centred, mean)
        columns = [np.sqrt(variance), skewness, kurtosis]
        powers = spectrum.max_hold(centred, self.fft_length, self._overlap)
        if self.spectrum_statistics:
            spread, average = statistics.centre(powers)
            columns += statistics.shape(spread, average)[1:]
        kept = powers[..., bins.start : bins.stop]
        if self.log:
            kept = np.log10(np.where(kept == 0, _NO_POWER, kept))
        return np.concatenate([np.stack(columns, axis=-1), kept], axis=-1)

    def cost(self) -> AnalysisCost:
        """Moments; a transform and a comparison a bin for each frame; statistics and logarithms of the bins."""
        bins = self.fft_length // 2 + 1
        frame = cost.real_fft(self.fft_length) + cost.power_spectrum(self.fft_length)
        frame += Operations(move=self.fft_length, add=bins)
        total = cost.moments(self.samples) + Operations(square_root=1)
        total += frame * spectrum.frame_count(self.samples, self.fft_length, self._overlap)
        if self.spectrum_statistics:
            total += cost.moments(bins)
        if self.log:
            total += Operations(transcendental=len(self._bins))
        logarithm = ("log_spectrum", "log10f") if self.log else ()
        return AnalysisCost(
            operations=total,
            ram_bytes=cost.FLOAT_BYTES * (self.fft_length + bins),
            table_bytes=cost.real_fft_table_bytes(self.fft_length),
            code=("spectral_analysis", "moments", "sqrtf", "rfft", "power_max_hold", *logarithm),
        )

    @property
    def _overlap(self) -> int:
        return self.fft_length // 2 if self.overlap else 0

    @property
    def _bins(self) -> range:
        """The bins that become features; bin 0 never does, for the mean has been subtracted."""
        spacing = self.frequency_hz / self.fft_length
        kept = [
            index
            for index in range(1, self.fft_length // 2 + 1)
            if not (self.filter_type == "low" and (index - 0.5) * spacing > self.filter_cutoff)
            and not (self.filter_type == "high" and (index + 0.5) * spacing < self.filter_cutoff)
        ]
        if not kept:
            raise BuildError(
                f"spectral-analysis: filter-cutoff {self.filter_cutoff:g} Hz masks every bin of a transform of "
                f"{self.fft_length} points at {self.frequency_hz:g} Hz",
                hint="move filter-cutoff or raise fft-length",
            )
        return range(kept[0], kept[-1] + 1)
