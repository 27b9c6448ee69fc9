"""Optuna's tree-structured Parzen estimator, over several objectives and a conditional space."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import optuna

from tuner.candidate import Scalar
from tuner.search.problem import Observation, Problem
from tuner.search.samplers.optuna_study import OptunaStudy, sampler_seed


@dataclass
class Tpe:
    """Optuna's `TPESampler`; each proposal starts from the history alone.

    Parameters are modelled together within each branch of the space (`multivariate`, `group`). A rejected trial is
    told as pruned with the constraints it broke: so it teaches where not to look; a pending one as running.
    """

    startup: int = 10
    """Random trials at the start."""
    candidates: int = 24
    """Draws of which the most promising is proposed."""
    multivariate: bool = True
    _study: OptunaStudy = field(default_factory=OptunaStudy, init=False, repr=False, compare=False)

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        return self._study.ask(
            problem, self._study.trials(problem, history), self._sampler(sampler_seed(problem, 3, number))
        )

    def _sampler(self, seed: int) -> optuna.samplers.TPESampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                n_startup_trials=self.startup,
                n_ei_candidates=self.candidates,
                multivariate=self.multivariate,
                group=self.multivariate,
                constant_liar=True,
                seed=seed,
            )
