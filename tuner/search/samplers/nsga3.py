"""Optuna's NSGA-III, which spreads its population over directions rather than by crowding.

Deb and Jain, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated sorting
approach, part I", 2014.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.candidate import Scalar
from tuner.search.problem import Observation, Problem
from tuner.search.samplers.optuna_study import OptunaStudy, sampler_seed


@dataclass
class Nsga3:
    """Optuna's `NSGAIIISampler`; its generations are counted off the history.

    Rejected trials take part and lose to any that fits. It crosses the parameters that all trials have in common;
    those that only some have are drawn at random.
    """

    population: int = 24
    """Trials of a generation."""
    _study: OptunaStudy = field(default_factory=lambda: OptunaStudy(True), init=False, repr=False, compare=False)

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        trials = self._study.trials(problem, history)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.NSGAIIISampler(
                population_size=self.population, seed=sampler_seed(problem, 5, number)
            )
        _count_off(trials, sampler._get_generation_key(), self.population)
        return self._study.ask(problem, trials, sampler)


def _count_off(trials: Sequence[FrozenTrial], key: str, population: int) -> None:
    """Mark the generation of each finished trial, which Optuna keeps in storage and we have no need to."""
    finished = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    for place, trial in enumerate(finished):
        trial.system_attrs = trial.system_attrs | {key: place // population}
