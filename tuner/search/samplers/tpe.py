"""Optuna's tree-structured Parzen estimator, over several objectives and a conditional space."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from tuner.candidate import Scalar
from tuner.search.design import Designs
from tuner.search.domain import Choice, Domain, Integer, Real
from tuner.search.objectives import nearest_constraints, objectives
from tuner.search.problem import Observation, Problem
from tuner.search.samplers.optuna_history import HistoryStorage
from tuner.search.suggest import DomainSuggest, RecordingSuggest


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
    _designs: Designs | None = field(default=None, init=False, repr=False)
    _told: dict[int, tuple[Observation, FrozenTrial]] = field(default_factory=dict, init=False, repr=False)

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`."""
        if self._designs is None or self._designs.problem is not problem:
            self._designs = Designs(problem)
            self._told = {}
        trials = [self._trial(problem, self._designs, observation) for observation in history]
        study = _study(trials, 1 + len(problem.resources), self._sampler(problem.seed, number))
        recording = RecordingSuggest(_TrialSuggest(study.ask()))
        problem.space.sample(recording)
        return recording.parameters

    def _sampler(self, seed: int, number: int) -> optuna.samplers.TPESampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                n_startup_trials=self.startup,
                n_ei_candidates=self.candidates,
                multivariate=self.multivariate,
                group=self.multivariate,
                constant_liar=True,
                seed=int(np.random.SeedSequence((seed, 3, number)).generate_state(1)[0]),
            )

    def _trial(self, problem: Problem, designs: Designs, observation: Observation) -> FrozenTrial:
        known = self._told.get(observation.number)
        if known is None or known[0] != observation:
            known = (observation, _told(problem, designs, observation))
            self._told[observation.number] = known
        return known[1]


class _TrialSuggest(DomainSuggest):
    """Asks an Optuna trial."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial

    def answer(self, name: str, domain: Domain) -> Scalar:
        key = _key(name, domain)
        match domain:
            case Choice(options):
                # By place, because to Optuna True and 1 are one option.
                return options[int(self._trial.suggest_categorical(key, range(len(options))))]
            case Integer(low, high, step, log):
                return self._trial.suggest_int(key, low, high, step=step, log=log)
            case Real(low, high, real_step, log):
                return self._trial.suggest_float(key, low, high, step=real_step, log=log)


def _key(name: str, domain: Domain) -> str:
    """Return a parameter's name in Optuna, where a parameter with another domain must be another parameter."""
    return f"{name}: {domain!r}"


def _study(trials: list[FrozenTrial], count: int, sampler: optuna.samplers.BaseSampler) -> optuna.Study:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(storage=HistoryStorage(trials), directions=["minimize"] * count, sampler=sampler)
    finally:
        optuna.logging.set_verbosity(verbosity)


def _told(problem: Problem, designs: Designs, observation: Observation) -> FrozenTrial:
    """Return an observation in Optuna's words."""
    design = designs.replay(observation.parameters)
    parameters: dict[str, Scalar] = {}
    distributions: dict[str, BaseDistribution] = {}
    for name, domain in design.domains.items():
        key = _key(name, domain)
        value = design.parameters[name]
        parameters[key] = domain.index(value) if isinstance(domain, Choice) else value
        distributions[key] = _distribution(domain)
    states = {"complete": TrialState.COMPLETE, "rejected": TrialState.PRUNED, "pending": TrialState.RUNNING}
    trial = optuna.trial.create_trial(
        state=states.get(observation.state, TrialState.FAIL),
        values=objectives(observation, problem) if observation.state == "complete" else None,
        params=parameters,
        distributions=distributions,
        constraints=nearest_constraints(observation.cost, problem) if observation.cost is not None else None,
    )
    trial.number = observation.number
    return trial


def _distribution(domain: Domain) -> BaseDistribution:
    match domain:
        case Choice(options):
            return CategoricalDistribution(range(len(options)))
        case Integer(low, high, step, log):
            return IntDistribution(low, high, log=log, step=step)
        case Real(low, high, real_step, log):
            return FloatDistribution(low, high, log=log, step=real_step)
