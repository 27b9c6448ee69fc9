"""How much a candidate whose needs are known and whose error is guessed may be expected to improve the fronts.

The hypervolume of a front is the mean, over all limits on the resources, of how far the best error within the
limits lies below the worst. The needs of a candidate being known, its expected hypervolume improvement is
therefore the mean of the one-dimensional expected improvement over the limits it keeps: exact in the error, and
in the resources as fine as the sample of limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import qmc

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """Limits on the resources of one device, and the best error reached within each.

    Everything is scaled to 0 … 1 as in `tuner.search.objectives`.
    """

    limits: Floats
    """Q × R: Q limits on R resources."""
    best: Floats
    """Q: the best error within each limit; 1 where nothing fits."""
    volume: float
    """Share of all limits that the sample stands for."""

    @classmethod
    def sample(cls, low: Floats, *, count: int, seed: int) -> Limits:
        """Return limits spread evenly between `low` (R), below which no candidate lies, and the budgets."""
        low = np.minimum(low, 1.0)
        spread = qmc.Sobol(len(low), seed=seed).random(count)
        return cls(low + spread * (1 - low), np.ones(count), float(np.prod(1 - low)))

    def within(self, usage: Floats) -> NDArray[np.bool_]:
        """Return N × Q: whether each of N candidates (N × R) keeps each of the limits."""
        kept = np.ones((len(usage), len(self.limits)), dtype=bool)
        for resource in range(usage.shape[1]):
            kept &= usage[:, resource, None] <= self.limits[None, :, resource]
        return kept

    def after(self, usage: Floats, error: Floats) -> Limits:
        """Return the limits once trials with these needs (N × R) and errors (N) are done."""
        if not len(usage):
            return self
        reached = np.where(self.within(usage), error[:, None], 1.0).min(axis=0)
        return Limits(self.limits, np.minimum(self.best, reached), self.volume)

    def expected_improvement(self, usage: Floats, mean: Floats, deviation: Floats) -> Floats:
        """Return the expected growth of the hypervolume for each of N candidates.

        Args:
            usage: N × R.
            mean: N, of a normal distribution of the error.
            deviation: N, positive.
        """
        # The limits share a few best errors, for a front is a stair: the normal distribution is asked once for each.
        levels, level = np.unique(self.best, return_inverse=True)
        better = (levels[None, :] - mean[:, None]) / deviation[:, None]
        density = np.exp(-0.5 * better**2) / np.sqrt(2 * np.pi)
        improvement = deviation[:, None] * (better * ndtr(better) + density)
        counts = self.within(usage).astype(np.float32) @ np.eye(len(levels), dtype=np.float32)[level]
        gained: Floats = (improvement * counts).sum(axis=1) / len(self.best) * self.volume
        return gained
