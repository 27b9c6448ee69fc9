"""Operations of the routines that blocks are made of, counted from the C in `benchmarks/dsp_code/routines.c`.

That is plain C, as a device without its vendor's DSP library runs it; CMSIS-DSP needs fewer operations for a transform
(radix 8 instead of 2), so the counts err on the safe side there.
"""

from __future__ import annotations

import math

from tuner.dsp.block import Operations

FLOAT_BYTES = 4


def real_fft(length: int) -> Operations:
    """A real transform of `length` points: a complex radix-2 one of half the points and the split of its result.

    Each butterfly takes 4 multiplications and 6 additions, each pair of bins of the split 8 and 10, and a third of
    the complex points is moved to bit-reversed order (two values each, both ways).
    """
    half = length // 2
    butterflies = half // 2 * int(math.log2(half)) if half > 1 else 0
    pairs = half // 2
    return Operations(
        add=6 * butterflies + 10 * pairs + 2,
        multiply=4 * butterflies + 8 * pairs,
        move=2 * half,
    )


def real_fft_table_bytes(length: int) -> int:
    """Twiddle factors of `real_fft`: a cosine and a sine for each of `length / 2` angles."""
    return length // 2 * 2 * FLOAT_BYTES


def emphasize(samples: int) -> Operations:
    """A frame of 16-bit samples, converted (which costs about an addition), scaled and pre-emphasized."""
    return Operations(add=2, multiply=2) * samples


def power_spectrum(length: int) -> Operations:
    """|X|² / N of the bins 0 … N / 2."""
    bins = length // 2 + 1
    return Operations(add=bins, multiply=3 * bins)


def biquads(samples: int, sections: int) -> Operations:
    """A cascade of second-order sections, direct form II transposed."""
    return Operations(add=4, multiply=5) * (samples * sections)


def biquads_bytes(sections: int) -> tuple[int, int]:
    """RAM of the filter's state and flash of its coefficients."""
    return 2 * sections * FLOAT_BYTES, 5 * sections * FLOAT_BYTES


def moments(samples: int) -> Operations:
    """The mean and its subtraction, variance, skewness and kurtosis in three passes."""
    return Operations(add=5 * samples + 1, multiply=5 * samples, divide=5, square_root=1)
