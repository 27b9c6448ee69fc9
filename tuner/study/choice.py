"""The next trial, as a function of what is known of the earlier ones: a new candidate, and what it needs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from tuner.candidate import Candidate, Scalar
from tuner.errors import BuildError
from tuner.record import Appraisal, Trial
from tuner.search.problem import Observation, Problem, Sampler
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest

_DRAWS = 200
"""Random draws after which a space without a new candidate counts as exhausted."""


class Appraise(Protocol):
    """Costs a candidate on every device of the study."""

    def __call__(self, candidate: Candidate) -> tuple[Appraisal, Mapping[str, float]]:
        """Return the appraisal and figures of the network.

        Raises:
            BuildError: the candidate cannot be built.
        """
        ...


class Chooser:
    """Chooses the trials of a study one after another; no candidate is chosen twice.

    Args:
        problem: the search.
        sampler: proposes parameters.
        appraise: costs the candidate they lead to.
        known: ids of the candidates of earlier trials.
    """

    def __init__(self, problem: Problem, sampler: Sampler, appraise: Appraise, known: Iterable[str] = ()) -> None:
        self._problem = problem
        self._sampler = sampler
        self._appraise = appraise
        self._known = set(known)

    def choose(self, number: int, seen: Sequence[Observation]) -> Trial | None:
        """Return trial `number`, rejected or to be trained; `None` if no new candidate is found.

        Args:
            number: of the trial.
            seen: all earlier trials by number; those of which nothing is known yet are pending.
        """
        drawn = self._draw(number, seen)
        if drawn is None:
            return None
        parameters, candidate = drawn
        self._known.add(candidate.id)
        ahead = tuple((observation.number, observation.rungs) for observation in seen if observation.rungs > 1)
        unseen = tuple(observation.number for observation in seen if observation.state == "pending")
        seed = trial_seed(self._problem.seed, number)
        try:
            appraisal, features = self._appraise(candidate)
        except BuildError as error:
            reason = f"cannot be built: {error.message}"
            return Trial(number, parameters, candidate, seed, None, {}, reason=reason, unseen=unseen, climbed=ahead)
        reasons = [reason for verdict in appraisal.verdicts for reason in verdict.reasons]
        reason = "" if appraisal.fits_any else "; ".join(reasons)
        return Trial(
            number, parameters, candidate, seed, appraisal, features, reason=reason, unseen=unseen, climbed=ahead
        )

    def _draw(self, number: int, seen: Sequence[Observation]) -> tuple[Mapping[str, Scalar], Candidate] | None:
        """Return a candidate that was never seen; the sampler's if it is new, else one by chance."""
        problem = self._problem
        parameters = self._sampler.propose(problem, seen, number)
        candidate = problem.space.sample(FixedSuggest(parameters))
        if candidate.id not in self._known:
            return parameters, candidate
        rng = np.random.default_rng((problem.seed, number))
        for _ in range(_DRAWS):
            suggest = RecordingSuggest(RandomSuggest(rng))
            candidate = problem.space.sample(suggest)
            if candidate.id not in self._known:
                return suggest.parameters, candidate
        return None


def trial_seed(study_seed: int, number: int) -> int:
    """Return the seed of a trial: 31 bits that depend on the study's seed and the trial's number alone."""
    digest = hashlib.sha256(f"{study_seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
