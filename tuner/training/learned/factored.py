"""Second moments of gradients kept by rows and columns (Shazeer & Stern 2018, Adafactor), for all tensors at once.

A tensor of rank 2 or more is averaged over its largest dimension, which gives its rows, and over the second largest,
which gives its columns. In a vector or scalar every weight is a row and a column by itself. Where a weight's row and
column stand is worked out beforehand, so a step is a handful of operators whatever the number of tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.training.learned.update import Tensor
from tuner.training.runtime import tf

_SMALLEST = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Means over groups of entries of a flat vector."""

    group: NDArray[np.int32]
    """Of each entry."""
    sizes: NDArray[np.float32]
    """Of each group."""

    @classmethod
    def of(cls, groups: Sequence[NDArray[np.int64]]) -> Means:
        """Join the groupings of several parts, each counted from 0."""
        shifted, start = [np.zeros(0, np.int64)], 0
        for part in groups:
            shifted.append(part + start)
            start += int(part.max()) + 1
        group = np.concatenate(shifted)
        return cls(group.astype(np.int32), np.bincount(group, minlength=start).astype(np.float32))

    def __call__(self, values: Tensor) -> Tensor:
        """Return K × groups from K × entries."""
        sums = tf.math.unsorted_segment_sum(tf.transpose(values), self.group, len(self.sizes))
        return tf.transpose(sums) / self.sizes

    def spread(self, values: Tensor) -> Tensor:
        """Return K × entries from K × groups."""
        return tf.gather(values, self.group, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Factored:
    """Rows and columns of all tensors."""

    rows: Means
    columns: Means
    row_means: Means
    """From rows to the mean over those that differ in the second largest dimension alone."""
    has_rows: NDArray[np.bool_]
    """N: whether the weight stands in a tensor that has rows and columns."""

    @classmethod
    def of(cls, shapes: Sequence[tuple[int, ...]]) -> Factored:
        """Work out rows and columns of tensors of these shapes."""
        rows, columns, means = [], [], []
        for shape in shapes:
            size = math.prod(shape)
            if len(shape) < 2:
                every = np.arange(size)
                rows.append(every)
                columns.append(every)
                means.append(every)
                continue
            order = np.argsort(shape)
            second, largest = int(order[-2]), int(order[-1])
            rows.append(_without(shape, largest))
            columns.append(_without(shape, second))
            row_shape = tuple(np.delete(shape, largest))
            means.append(_without(row_shape, second - 1 if second > largest else second))
        ranks = np.repeat([len(shape) > 1 for shape in shapes], [math.prod(shape) for shape in shapes])
        return cls(Means.of(rows), Means.of(columns), Means.of(means), ranks.astype(bool))

    def moved(self, gradient: Tensor, rows: Tensor, columns: Tensor, decays: Tensor) -> tuple[Tensor, Tensor]:
        """Return the K moments of rows and columns after a gradient of N."""
        square = (tf.square(gradient) + _SMALLEST)[None]
        kept = decays[:, None]
        return kept * rows + (1 - kept) * self.rows(square), kept * columns + (1 - kept) * self.columns(square)

    def factors(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Return what a gradient and what a momentum is multiplied by, K × N each."""
        row = _rsqrt(rows / (self.row_means.spread(self.row_means(rows)) + 1e-9))
        both = self.rows.spread(row) * self.columns.spread(_rsqrt(columns))
        alone = self.rows.spread(rows)
        return (
            tf.where(self.has_rows, both, _rsqrt(alone + 1e-9)),
            tf.where(self.has_rows, both, tf.math.rsqrt(alone)),
        )


def _without(shape: Sequence[int], axis: int) -> NDArray[np.int64]:
    """Return, for each entry of an array, its flat place in the array without that axis."""
    places = [place for number, place in enumerate(np.indices(shape)) if number != axis]
    kept = [size for number, size in enumerate(shape) if number != axis]
    if not kept:
        return np.zeros(math.prod(shape), np.int64)
    flat: NDArray[np.int64] = np.ravel_multi_index([place.ravel() for place in places], kept)
    return flat


def _rsqrt(value: Tensor) -> Tensor:
    return tf.math.rsqrt(tf.maximum(value, 1e-9))
