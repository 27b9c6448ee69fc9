"""Between real numbers and the integers that stand for them: real = scale × (integer - zero point)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Quantization:
    """How a tensor of one scale is stored."""

    scale: float
    zero_point: int
    dtype: str
    """"int8" or "int16"."""

    def quantize(self, values: NDArray[np.float32]) -> NDArray[np.integer]:
        """Round half away from zero and saturate, as `roundf` and a clamp do on the device."""
        limits = np.iinfo(self.dtype)
        scaled = values.astype(np.float32) / np.float32(self.scale)
        rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)) + self.zero_point
        stored: NDArray[np.integer] = np.clip(rounded, limits.min, limits.max).astype(self.dtype)
        return stored

    def dequantize(self, values: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the real numbers that the integers stand for."""
        return (values.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)
