"""Where the tensors of a network stand in one flat vector."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.training.runtime import tf

Tensor = Any


@dataclass(frozen=True, slots=True)
class Layout:
    """Tensors by name, in the order in which they follow each other."""

    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[np.float32]]) -> Layout:
        """Lay out arrays in the order in which they come."""
        return cls({name: values.shape for name, values in tensors.items()})

    @property
    def size(self) -> int:
        """Length of the vector."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def pack(self, tensors: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the vector of these arrays; others among them are left out."""
        return np.concatenate([np.zeros(0, np.float32), *(tensors[name].ravel() for name in self.shapes)])

    def numbered(self, ties: Mapping[str, NDArray[np.intp]]) -> NDArray[np.int32]:
        """Return a number per place: equal where a tie is, else of its own."""
        numbers = []
        first = 0
        for name, shape in self.shapes.items():
            size = math.prod(shape)
            numbers.append(first + (ties[name].ravel() if name in ties else np.arange(size)))
            first += size
        return np.concatenate([np.zeros(0, np.int32), *numbers]).astype(np.int32)

    def cut(self, vector: Tensor) -> dict[str, Tensor]:
        """Return the tensors in a vector."""
        if not self.shapes:
            return {}
        parts = tf.split(vector, [math.prod(shape) for shape in self.shapes.values()])
        return {name: tf.reshape(part, shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def join(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the vector of these tensors."""
        return tf.concat([tf.zeros(0), *(tf.reshape(tensors[name], (-1,)) for name in self.shapes)], axis=0)
