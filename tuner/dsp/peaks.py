"""Spectral peaks and power between edges: `spectral-analysis` by FFT, implementation version 1."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import fft

from tuner.dsp import cost, statistics
from tuner.dsp.analysis import AnalysisCost
from tuner.dsp.block import Float32, Operations


@dataclass(frozen=True, slots=True)
class SpectralPeaks:
    """RMS, the highest peaks of the spectrum of the window's first `fft_length` samples, power between edges."""

    samples: int
    frequency_hz: float
    fft_length: int
    peaks: int
    threshold: float
    edges_hz: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        peaks = (f"Peak {rank} {what}" for rank in range(1, self.peaks + 1) for what in ("Freq", "Height"))
        edges = pairwise(self.edges_hz)
        return ("RMS", *peaks, *(f"Spectral Power {low} - {high} Hz" for low, high in edges))

    def extract(self, centred: Float32, mean: Float32) -> Float32:  # noqa: ARG002
        """Return the features; a peak that there is not is 0 Hz and 0 high."""
        head = centred[..., : self.fft_length]
        rms = statistics.root_mean_square(centred)[..., None]
        return np.concatenate([rms, self._peaks(head), self._powers(head)], axis=-1)

    def cost(self) -> AnalysisCost:
        """Two transforms (before and after the mean of the head is subtracted) and the choice among the peaks."""
        bins = self.fft_length // 2 + 1
        total = Operations(add=self.samples, multiply=self.samples, divide=1, square_root=1)
        total += (cost.real_fft(self.fft_length) + cost.power_spectrum(self.fft_length)) * 2
        total += Operations(add=3 * bins + 2 * self.fft_length, move=2 * self.fft_length, square_root=bins)
        total += Operations(sort=bins * self.peaks, divide=len(self.edges_hz))
        return AnalysisCost(
            operations=total,
            ram_bytes=cost.FLOAT_BYTES * (self.fft_length + bins),
            table_bytes=cost.real_fft_table_bytes(self.fft_length) + cost.FLOAT_BYTES * len(self.edges_hz),
            code=("spectral_analysis", "moments", "sqrtf", "rfft", "power", "peaks"),
        )

    def _peaks(self, head: Float32) -> Float32:
        """Frequency and height of the highest local maxima of 2 / N · |FFT|, highest first."""
        height = np.abs(fft.rfft(head, self.fft_length, axis=-1))[..., : self.fft_length // 2]
        height *= np.float32(2 / self.fft_length)
        middle = height[..., 1:-1]
        is_peak = (middle > height[..., :-2]) & (middle > height[..., 2:]) & (middle >= self.threshold)
        masked = np.zeros_like(height)
        masked[..., 1:-1] = np.where(is_peak, middle, 0)
        missing = self.peaks - masked.shape[-1]
        if missing > 0:
            masked = np.pad(masked, [(0, 0)] * (masked.ndim - 1) + [(0, missing)])
        order = np.argsort(-masked, axis=-1, kind="stable")[..., : self.peaks]
        found = np.take_along_axis(masked, order, axis=-1)
        # The reference spreads the bins evenly from 0 to half the sampling frequency, both included.
        spacing = self.frequency_hz / 2 / (self.fft_length // 2 - 1)
        pairs = np.stack([np.where(found > 0, order * spacing, 0), found], axis=-1)
        return pairs.reshape(*found.shape[:-1], -1).astype(np.float32)

    def _powers(self, head: Float32) -> Float32:
        """A tenth of the mean power density from each edge (included) to the next (not)."""
        spectrum = fft.rfft(statistics.centre(head)[0], self.fft_length, axis=-1)
        density = np.square(spectrum.real) + np.square(spectrum.imag)
        density *= np.float32(1 / (self.frequency_hz * head.shape[-1]))
        density[..., 1:-1] *= 2
        frequency = np.arange(self.fft_length // 2 + 1) * self.frequency_hz / self.fft_length
        columns = []
        for low, high in pairwise(self.edges_hz):
            inside = (frequency >= low) & (frequency < high)
            mean = density[..., inside].mean(axis=-1) if inside.any() else np.zeros(density.shape[:-1])
            columns.append(mean / 10)
        return np.stack(columns, axis=-1).astype(np.float32)
