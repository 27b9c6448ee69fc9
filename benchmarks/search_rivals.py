"""Other people's searches, asked as our samplers are: a proposal from the history."""

from __future__ import annotations

import logging
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, UniformFloatHyperparameter
from ConfigSpace import UniformIntegerHyperparameter as UniformInteger
from smac import HyperparameterOptimizationFacade, Scenario
from smac.multi_objective.parego import ParEGO
from smac.runhistory.dataclasses import TrialInfo, TrialValue

from tuner.candidate import Scalar
from tuner.search.design import Designs
from tuner.search.domain import Choice, Domain, Integer
from tuner.search.objectives import objectives
from tuner.search.problem import Observation, Problem
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest


class AgeingEvolution:
    """Regularized evolution (Real et al., 2019): the best of a sample of the youngest has a child that changes once.

    For several objectives, "best" is by a Chebyshev distance with weights drawn for each child, as in ParEGO. Of the
    paper's settings, population 100 and sample 25, a quarter: a study here has 200 trials.
    """

    population = 25
    sample = 6

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        rng = np.random.default_rng((problem.seed, 7, number))
        designs = Designs(problem)
        alive = deque((trial for trial in history if trial.state == "complete"), maxlen=self.population)
        if len(alive) < self.population:
            return designs.draw(RandomSuggest(rng)).parameters
        chosen = [alive[place] for place in rng.choice(len(alive), self.sample, replace=False)]
        points = np.array([objectives(trial, problem) for trial in chosen])
        points = (points - points.min(axis=0)) / np.where(np.ptp(points, axis=0) > 0, np.ptp(points, axis=0), 1)
        weighted = points * rng.dirichlet(np.ones(points.shape[1]))
        parent = chosen[int(np.argmin(weighted.max(axis=1) + 0.05 * weighted.sum(axis=1)))]
        return designs.near(designs.replay(parent.parameters), rng, changes=1).parameters


class Smac:
    """SMAC3 with ParEGO: a random forest of one weighted sum of the objectives at a time.

    It knows no constraints that hang on the answer: what is rejected is told with the worst error. Parameters that a
    candidate has no use for are proposed all the same and ignored.
    """

    def __init__(self) -> None:
        self._facade: HyperparameterOptimizationFacade | None = None
        self._asked: dict[int, TrialInfo] = {}
        self._domains: dict[str, Domain] = {}
        self._folder = tempfile.TemporaryDirectory()

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        facade = self._facade or self._start(problem)
        for trial in history:
            if trial.number in self._asked and trial.state != "pending":
                facade.tell(self._asked.pop(trial.number), TrialValue(cost=self._told(problem, trial)))
        info = facade.ask()
        self._asked[number] = info
        chosen = {name: self._value(name, value) for name, value in dict(info.config).items()}
        recording = RecordingSuggest(FixedSuggest(chosen))
        problem.space.sample(recording)
        return recording.parameters

    def _told(self, problem: Problem, trial: Observation) -> list[float]:
        counted = trial if trial.error is not None else Observation(0, {}, "complete", trial.cost, problem.worst_error)
        return list(objectives(counted, problem))

    def _value(self, name: str, value: object) -> Scalar:
        domain = self._domains[name]
        if isinstance(domain, Choice):
            return domain.options[int(value)]  # type: ignore[call-overload]
        return int(value) if isinstance(domain, Integer) else float(value)  # type: ignore[call-overload,arg-type]

    def _start(self, problem: Problem) -> HyperparameterOptimizationFacade:
        logging.getLogger("smac").setLevel(logging.ERROR)
        rng = np.random.default_rng(0)
        for _ in range(1000):
            recording = RecordingSuggest(RandomSuggest(rng))
            problem.space.sample(recording)
            self._domains |= recording.domains
        space = ConfigurationSpace(seed=problem.seed)
        space.add([_parameter(name, domain) for name, domain in sorted(self._domains.items())])
        scenario = Scenario(
            space,
            objectives=["error", *problem.resources],
            deterministic=True,
            n_trials=100_000,
            seed=problem.seed,
            output_directory=Path(self._folder.name),
        )
        self._facade = HyperparameterOptimizationFacade(
            scenario,
            _never,
            multi_objective_algorithm=ParEGO(scenario),
            initial_design=HyperparameterOptimizationFacade.get_initial_design(scenario, n_configs=10),
            logging_level=False,
            overwrite=True,
        )
        return self._facade


def _never(config: object, seed: int = 0) -> float:
    raise NotImplementedError("asked and told only")


def _parameter(name: str, domain: Domain) -> object:
    if isinstance(domain, Choice):
        return CategoricalHyperparameter(name, [str(place) for place in range(len(domain.options))])
    if isinstance(domain, Integer):
        if domain.step != 1:
            return CategoricalHyperparameter(name, [str(v) for v in range(domain.low, domain.high + 1, domain.step)])
        return UniformInteger(name, domain.low, domain.high, log=domain.log)
    if domain.step is not None:
        steps = round((domain.high - domain.low) / domain.step)
        return CategoricalHyperparameter(name, [str(domain.low + place * domain.step) for place in range(steps + 1)])
    return UniformFloatHyperparameter(name, domain.low, domain.high, log=domain.log)
