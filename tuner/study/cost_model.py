"""The appraiser as samplers call it, thousands of times; it keeps count of what they looked at."""

from __future__ import annotations

from collections import Counter

from tuner.candidate import Candidate
from tuner.errors import BuildError
from tuner.record import Appraisal, Survey
from tuner.search.problem import Cost
from tuner.study.observation import known_cost
from tuner.trial.appraise import Appraiser


class CostModel:
    """Costs candidates for a sampler; samplers remember what they were told, so each is costed about once."""

    def __init__(self, appraiser: Appraiser) -> None:
        self.appraiser = appraiser
        self._costed = self._unfit = self._unbuildable = 0
        self._exceeded: Counter[str] = Counter()

    def __call__(self, candidate: Candidate) -> Cost | None:
        """Return the cost, or `None` if the candidate cannot be built."""
        self._costed += 1
        try:
            appraisal, features = self.appraiser(candidate)
        except BuildError:
            self._unbuildable += 1
            return None
        self._count(appraisal)
        return known_cost(appraisal, features)

    @property
    def survey(self) -> Survey:
        """What was looked at so far."""
        return Survey(self._costed, self._unfit, self._unbuildable, dict(self._exceeded))

    def _count(self, appraisal: Appraisal) -> None:
        self._unfit += not appraisal.fits_any
        for verdict in appraisal.verdicts:
            self._exceeded.update(
                f"{verdict.device}/{resource}" for resource, excess in verdict.excess.items() if excess > 0
            )
