"""Flash that each routine of preprocessing takes on a device: measured, not estimated.

Bytes of the plain C in `benchmarks/dsp_code`, compiled by arm-none-eabi-gcc 12.2 for a Cortex-M4F
with -O2 -mthumb -ffast-math, and of what a call of each C library function (newlib 4.3) adds to a linked program.
`python benchmarks/dsp_code/measure.py` prints them anew. A core without a floating-point unit needs about half more.

The micro front end is the original's C++ (as in the sources of pymicro-features 2.0.2), linked the same way: its own
functions with the table of logarithms, its transform, and the sine, cosine, power and logarithm of the C library, half
of them in double precision, that it computes its tables with at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CODE_BYTES: Mapping[str, int] = MappingProxyType(
    {
        "rfft": 472,
        "biquads": 124,
        "moments": 228,
        "range": 64,
        "gather": 32,
        "keep_every": 36,
        "power": 104,
        "power_max_hold": 144,
        "log_spectrum": 52,
        "peaks": 200,
        "dwt": 152,
        "sort": 168,
        "entropy": 212,
        "crossings": 68,
        "emphasize": 52,
        "mel": 76,
        "decibels": 176,
        "dct": 180,
        "normalize_windows": 408,
        "reflected": 24,
        "power_of_frame": 108,
        "spectral_analysis": 372,
        "flatten": 120,
        "spectrogram": 88,
        "mfe": 100,
        "mfcc": 172,
        "describe_level": 292,
        "wavelet_analysis": 232,
        "resample": 240,
        "nearest": 132,
        "grayscale": 72,
        "micro_frontend": 4406,
        "kiss_fft_int16": 3530,
        "micro_frontend_setup": 14528,
        "log10f": 849,
        "logf": 653,
        "expf": 668,
        "sqrtf": 112,
    }
)


def routines(*names: str) -> tuple[tuple[str, int], ...]:
    """Return names and bytes of routines that several blocks may share, each once."""
    return tuple((name, CODE_BYTES[name]) for name in dict.fromkeys(names))
