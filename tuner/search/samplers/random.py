"""Independent random candidates: the line that every other sampler must beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuner.candidate import Scalar
from tuner.search.problem import Observation, Problem
from tuner.search.suggest import RandomSuggest, RecordingSuggest


@dataclass(frozen=True)
class Random:
    """Draws each candidate at random, whatever came before."""

    def propose(
        self,
        problem: Problem,
        history: Sequence[Observation],  # noqa: ARG002 (chance learns nothing)
        number: int,
    ) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        recording = RecordingSuggest(RandomSuggest(np.random.default_rng((problem.seed, 1, number))))
        problem.space.sample(recording)
        return recording.parameters
