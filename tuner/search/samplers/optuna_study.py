"""One proposal of an Optuna sampler, from the history alone, over several objectives and a conditional space."""

from __future__ import annotations

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
from tuner.search.problem import Cost, Observation, Problem
from tuner.search.samplers.optuna_history import HistoryStorage
from tuner.search.suggest import DomainSuggest, RecordingSuggest


@dataclass
class OptunaStudy:
    """Tells the history in Optuna's words and asks for one trial more.

    It remembers how it told a trial, which follows from the trial.
    """

    rejections_count: bool = False
    """Tell a rejected trial as complete with the worst error, for samplers that do not learn from pruned ones; else as
    pruned. Either way with the constraints it broke."""
    _designs: Designs | None = field(default=None, init=False, repr=False)
    _told: dict[int, tuple[Observation, FrozenTrial]] = field(default_factory=dict, init=False, repr=False)

    def trials(self, problem: Problem, history: Sequence[Observation]) -> list[FrozenTrial]:
        """Return the history as Optuna's trials; pending ones run."""
        if self._designs is None or self._designs.problem is not problem:
            self._designs = Designs(problem)
            self._told = {}
        told = []
        for observation in history:
            known = self._told.get(observation.number)
            if known is None or known[0] != observation:
                known = (observation, self._tell(problem, self._designs, observation))
                self._told[observation.number] = known
            told.append(known[1])
        return told

    def ask(
        self, problem: Problem, trials: list[FrozenTrial], sampler: optuna.samplers.BaseSampler
    ) -> Mapping[str, Scalar]:
        """Return the parameters of the next trial."""
        study = _study(trials, 1 + len(problem.resources), sampler)
        recording = RecordingSuggest(_TrialSuggest(study.ask()))
        problem.space.sample(recording)
        return recording.parameters

    def _tell(self, problem: Problem, designs: Designs, observation: Observation) -> FrozenTrial:
        design = designs.replay(observation.parameters)
        parameters: dict[str, Scalar] = {}
        distributions: dict[str, BaseDistribution] = {}
        for name, domain in design.domains.items():
            key = _key(name, domain)
            value = design.parameters[name]
            parameters[key] = domain.index(value) if isinstance(domain, Choice) else value
            distributions[key] = _distribution(domain)
        state, values = self._outcome(problem, observation)
        trial = optuna.trial.create_trial(
            state=state,
            values=values,
            params=parameters,
            distributions=distributions,
            constraints=nearest_constraints(observation.cost, problem) if observation.cost is not None else None,
        )
        trial.number = observation.number
        return trial

    def _outcome(self, problem: Problem, observation: Observation) -> tuple[TrialState, tuple[float, ...] | None]:
        if observation.state == "complete":
            return TrialState.COMPLETE, objectives(observation, problem)
        if observation.state == "rejected" and observation.cost is not None:
            if not self.rejections_count:
                return TrialState.PRUNED, None
            worst = Observation(0, {}, "complete", _bounded(observation.cost), problem.worst_error)
            return TrialState.COMPLETE, objectives(worst, problem)
        return (TrialState.RUNNING if observation.state == "pending" else TrialState.FAIL), None


def sampler_seed(problem: Problem, kind: int, number: int) -> int:
    """Return 32 bits for trial `number`, other ones for each kind of sampler."""
    return int(np.random.SeedSequence((problem.seed, kind, number)).generate_state(1)[0])


def _bounded(cost: Cost) -> Cost:
    """Return the cost with needs that a model can take in: a candidate may miss by any factor."""
    return Cost(cost.constraints, {name: min(share, 1e3) for name, share in cost.usage.items()}, cost.features)


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


def _distribution(domain: Domain) -> BaseDistribution:
    match domain:
        case Choice(options):
            return CategoricalDistribution(range(len(options)))
        case Integer(low, high, step, log):
            return IntDistribution(low, high, log=log, step=step)
        case Real(low, high, real_step, log):
            return FloatDistribution(low, high, log=log, step=real_step)
