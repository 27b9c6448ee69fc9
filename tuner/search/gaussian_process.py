"""A Gaussian process over many inputs of which few matter."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

Floats = NDArray[np.float64]

_ROOT5 = math.sqrt(5)


class GaussianProcess:
    """Matérn 5/2 with a length for each input, at the mode of the posterior.

    The prior of the lengths grows with the number of inputs, so that an input matters only if the data says so
    (Hvarfner et al., "Vanilla Bayesian optimization performs great in high dimensions", 2024).

    Args:
        points: N × D; each input is scaled by its range here.
        values: N.
    """

    def __init__(self, points: Floats, values: Floats) -> None:
        self._low = points.min(axis=0)
        spread = np.ptp(points, axis=0)
        self._varying = spread > 0
        self._spread = np.where(self._varying, spread, 1.0)
        self._points = self._scaled(points)
        self._mean = float(values.mean())
        self._scale = float(values.std()) or 1.0
        self._values = (values - self._mean) / self._scale
        inputs = self._points.shape[1]
        self._length_prior = (math.sqrt(2) + 0.5 * math.log(max(1, inputs)), math.sqrt(3))
        start = np.array([self._length_prior[0] - 1.0] * inputs + [_NOISE_PRIOR[0]])
        bounds = [(-3.0, 8.0)] * inputs + [(math.log(1e-6), math.log(2.0))]
        fitted = minimize(self._loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
        self._lengths, self._noise = np.exp(fitted.x[:-1]), math.exp(fitted.x[-1])
        self._factor = cholesky(self._covariance(), lower=True)
        self._weights = cho_solve((self._factor, True), self._values)

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the mean and the standard deviation at N × D points, without the noise of a single trial."""
        across, _ = _matern(self._scaled(points) / self._lengths, self._points / self._lengths)
        mean = across @ self._weights
        explained = solve_triangular(self._factor, across.T, lower=True)
        variance = np.maximum(1e-8, 1.0 - np.square(explained).sum(axis=0))
        return self._mean + self._scale * mean, self._scale * np.sqrt(variance)

    def _scaled(self, points: Floats) -> Floats:
        """Return the inputs that vary, 0 to 1 where the process was fitted."""
        scaled: Floats = ((points - self._low) / self._spread)[:, self._varying]
        return scaled

    def _covariance(self) -> Floats:
        scaled = self._points / self._lengths
        covariance, _ = _matern(scaled, scaled)
        covariance[np.diag_indices_from(covariance)] += self._noise + 1e-8
        return covariance

    def _loss(self, parameters: Floats) -> tuple[float, Floats]:
        """Return the negative log posterior of the logarithms of lengths and noise, and its gradient."""
        lengths, noise = np.exp(parameters[:-1]), math.exp(parameters[-1])
        scaled = self._points / lengths
        covariance, slope = _matern(scaled, scaled)
        covariance[np.diag_indices_from(covariance)] += noise + 1e-8
        factor = cholesky(covariance, lower=True)
        weights = cho_solve((factor, True), self._values)
        loss = 0.5 * float(self._values @ weights) + float(np.log(np.diag(factor)).sum())
        outer = cho_solve((factor, True), np.eye(len(factor))) - np.outer(weights, weights)
        shared = outer * slope
        # The sum over all pairs of shared × squared difference, for every input at once.
        pairs = shared.sum(axis=1) @ np.square(scaled) - np.einsum("nd,nd->d", scaled, shared @ scaled)
        gradient = np.append(pairs, 0.5 * noise * np.trace(outer))
        for place, (mean, deviation) in ((slice(0, -1), self._length_prior), (slice(-1, None), _NOISE_PRIOR)):
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
