"""Standardization of features: mean 0 and deviation 1 over the training examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tuner.dsp.block import BlockCost, Float32
from tuner.signal import Features

_CONSTANT = 1e-6
"""A feature whose deviation is below this share of its magnitude is constant, and only its mean is subtracted."""


@dataclass(frozen=True, slots=True)
class Standardizer:
    """(feature − mean) / deviation; per feature of a flat vector, per entry of the last dimension otherwise.

    Costs a device no time: quantizing a feature, q = round(x / s) + z, is one multiplication and one addition per
    value anyway, and takes `1 / (deviation · s)` and `z − mean / (deviation · s)` instead, from a table.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def fit(cls, features: Float32) -> Self:
        """Learn from training examples: N × features, or N × … × last.

        Raises:
            ValueError: there are none.
        """
        if not len(features):
            raise ValueError("no examples to learn mean and deviation from")
        rows = features.reshape(-1, features.shape[-1])
        mean = rows.mean(axis=0, dtype=np.float64)
        deviation = rows.std(axis=0, dtype=np.float64)
        constant = deviation <= _CONSTANT * np.abs(mean)
        return cls(tuple(mean.tolist()), tuple(np.where(constant, 1.0, deviation).tolist()))

    def apply(self, features: Float32) -> Float32:
        """Return the standardized features, of the shape given."""
        scale = (1 / np.asarray(self.deviation)).astype(np.float32)
        return (features - np.asarray(self.mean, np.float32)) * scale

    @staticmethod
    def cost(features: Features) -> BlockCost:
        """What standardization of such features needs on a device: two floats of flash per mean it learns."""
        return BlockCost(table_bytes=2 * 4 * features.shape[-1])

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads."""
        return {"mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(tuple(data["mean"]), tuple(data["deviation"]))
