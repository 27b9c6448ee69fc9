"""Candidates spread evenly over the space: the points of a low-discrepancy sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from tuner.candidate import Scalar
from tuner.search.domain import Domain
from tuner.search.problem import Observation, Problem
from tuner.search.suggest import DomainSuggest, RecordingSuggest

_COORDINATES = 128
"""Choices that are spread evenly; further ones are drawn at random."""


@dataclass(frozen=True)
class Qmc:
    """Takes the points of a scrambled Sobol' sequence; the k-th choice of a candidate is its k-th coordinate."""

    def propose(
        self,
        problem: Problem,
        history: Sequence[Observation],  # noqa: ARG002 (a sequence learns nothing)
        number: int,
    ) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        sequence = qmc.Sobol(_COORDINATES, seed=problem.seed)
        if number:
            sequence.fast_forward(number)
        recording = RecordingSuggest(_Coordinates(sequence.random(1)[0], (problem.seed, 8, number)))
        problem.space.sample(recording)
        return recording.parameters


class _Coordinates(DomainSuggest):
    def __init__(self, point: NDArray[np.float64], seed: tuple[int, ...]) -> None:
        self._point = iter(point.tolist())
        self._rng = np.random.default_rng(seed)

    def answer(self, name: str, domain: Domain) -> Scalar:  # noqa: ARG002 (a coordinate needs no name)
        share = next(self._point, None)
        return domain.draw(self._rng) if share is None else domain.at(share)
