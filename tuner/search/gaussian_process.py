"""A Gaussian process over many inputs of which few matter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

Floats = NDArray[np.float64]

_ROOT5 = math.sqrt(5)


@dataclass(frozen=True, eq=False)
class Trend:
    """Which inputs matter, and how smoothly: the lengths and the noise of a process, at the mode of the posterior.

    The prior of the lengths grows with the number of inputs, so that an input matters only if the data says so
    (Hvarfner et al., "Vanilla Bayesian optimization performs great in high dimensions", 2024).
    """

    varying: NDArray[np.bool_]
    """D: the inputs that differ between the points; of the others nothing is known."""
    low: Floats
    spread: Floats
    """Scale the inputs that vary to 0 … 1."""
    lengths: Floats
    noise: float
    """Share of the variance of the values."""

    @classmethod
    def of(cls, points: Floats, values: Floats) -> Trend:
        """Learn from N × D points and their N values."""
        low, spread = points.min(axis=0), np.ptp(points, axis=0)
        varying = spread > 0
        low, spread = low[varying], spread[varying]
        posterior = _Posterior((points[:, varying] - low) / spread, _standardized(values)[0])
        inputs = len(low)
        start = np.array([posterior.length_prior[0] - 1.0] * inputs + [_NOISE_PRIOR[0]])
        bounds = [(-3.0, 8.0)] * inputs + [(math.log(1e-6), math.log(2.0))]
        fitted = minimize(posterior.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
        return cls(varying, low, spread, np.exp(fitted.x[:-1]), math.exp(fitted.x[-1]))

    def scaled(self, points: Floats) -> Floats:
        """Return N × D points in units of the lengths."""
        inputs: Floats = (points[:, self.varying] - self.low) / (self.spread * self.lengths)
        return inputs


class GaussianProcess:
    """Matérn 5/2 with a length for each input.

    Args:
        trend: what the inputs mean, learnt from these points or from most of them.
        points: N × D.
        values: N.
    """

    def __init__(self, trend: Trend, points: Floats, values: Floats) -> None:
        self._trend = trend
        self._points = trend.scaled(points)
        standardized, self._mean, self._scale = _standardized(values)
        covariance, _ = _matern(self._points, self._points)
        covariance[np.diag_indices_from(covariance)] += trend.noise + 1e-8
        self._factor = cholesky(covariance, lower=True)
        self._weights = cho_solve((self._factor, True), standardized)

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the mean and the standard deviation at N × D points, without the noise of a single trial."""
        across, _ = _matern(self._trend.scaled(points), self._points)
        mean = across @ self._weights
        explained = solve_triangular(self._factor, across.T, lower=True, check_finite=False)
        variance = np.maximum(1e-8, 1.0 - np.square(explained).sum(axis=0))
        return self._mean + self._scale * mean, self._scale * np.sqrt(variance)


def _standardized(values: Floats) -> tuple[Floats, float, float]:
    mean, scale = float(values.mean()), float(values.std()) or 1.0
    return (values - mean) / scale, mean, scale


class _Posterior:
    """Of the lengths and the noise, given N × D scaled points and N standardized values."""

    def __init__(self, points: Floats, values: Floats) -> None:
        self._points = points
        self._values = values
        self.length_prior = (math.sqrt(2) + 0.5 * math.log(max(1, points.shape[1])), math.sqrt(3))

    def loss(self, parameters: Floats) -> tuple[float, Floats]:
        """Return the negative log posterior of the logarithms of lengths and noise, and its gradient."""
        lengths, noise = np.exp(parameters[:-1]), math.exp(parameters[-1])
        scaled = self._points / lengths
        covariance, slope = _matern(scaled, scaled)
        covariance[np.diag_indices_from(covariance)] += noise + 1e-8
        factor = cholesky(covariance, lower=True, check_finite=False)
        weights = cho_solve((factor, True), self._values, check_finite=False)
        loss = 0.5 * float(self._values @ weights) + float(np.log(np.diag(factor)).sum())
        # LAPACK's inverse of a factored matrix fills one triangle; it does half the work of solving for the identity.
        inverse, _ = dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        outer = inverse - np.outer(weights, weights)
        shared = outer * slope
        # The sum over all pairs of shared × squared difference, for every input at once.
        pairs = shared.sum(axis=1) @ np.square(scaled) - np.einsum("nd,nd->d", scaled, shared @ scaled)
        gradient = np.append(pairs, 0.5 * noise * np.trace(outer))
        for place, (mean, deviation) in ((slice(0, -1), self.length_prior), (slice(-1, None), _NOISE_PRIOR)):
            off = (parameters[place] - mean) / deviation
            loss += 0.5 * float(np.square(off).sum())
            gradient[place] += off / deviation
        return loss, gradient


_NOISE_PRIOR = (-4.0, 1.0)
"""Mean and deviation of the logarithm of the noise's share of the variance."""


def _matern(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return the covariance of scaled points, and its slope by the squared distance times −2."""
    squares = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)[None, :] - 2 * left @ right.T
    distance = _ROOT5 * np.sqrt(np.maximum(squares, 0.0))
    decay = np.exp(-distance)
    return (1 + distance + distance**2 / 3) * decay, 5 / 3 * (1 + distance) * decay
