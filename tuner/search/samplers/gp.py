"""Optuna's Gaussian processes, one for each objective and constraint."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import optuna

from tuner.candidate import Scalar
from tuner.errors import ConfigError
from tuner.search.problem import Observation, Problem
from tuner.search.samplers.optuna_study import OptunaStudy, sampler_seed


@dataclass
class Gp:
    """Optuna's `GPSampler`, by expected hypervolume improvement; seconds a proposal.

    Rejected trials count with the worst error. It models the parameters that all trials have in common; those that
    only some have are drawn at random.
    """

    startup: int = 10
    """Random trials at the start."""
    _study: OptunaStudy = field(default_factory=lambda: OptunaStudy(True), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if importlib.util.find_spec("torch") is None:
            raise ConfigError("the sampler 'gp' needs PyTorch", hint="pip install torch, or choose 'surrogate'")

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.GPSampler(
                n_startup_trials=self.startup, seed=sampler_seed(problem, 6, number), warn_independent_sampling=False
            )
        return self._study.ask(problem, self._study.trials(problem, history), sampler)
