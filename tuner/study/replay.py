"""Decisions made again: from the record alone it follows why each trial was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuner.record import Trial
from tuner.search.enqueued import Enqueued
from tuner.search.problem import Problem
from tuner.search.samplers import sampler
from tuner.search_space import SearchSpace
from tuner.study.choice import Chooser
from tuner.study.cost_model import CostModel
from tuner.study.creation import sampler_name, space_of
from tuner.study.history import Creation, History
from tuner.study.observation import as_climbed, as_handed_out, goals_of, observation


@dataclass(frozen=True, slots=True)
class Decision:
    """A trial as it was chosen and as it is chosen again."""

    trial: Trial
    again: Trial | None
    """`None` if no candidate is found any more."""

    @property
    def same(self) -> bool:
        """Whether the same candidate was chosen, with the same seed."""
        return self.again is not None and (self.again.parameters, self.again.seed) == (
            self.trial.parameters,
            self.trial.seed,
        )


def chooser(creation: Creation, costs: CostModel, trials: Sequence[Trial] = ()) -> Chooser:
    """Return what chooses the trials of a study.

    Args:
        creation: the study.
        costs: costs its candidates.
        trials: those it has already.
    """
    spec, goals = creation.study, goals_of(creation)
    space = space_of(creation)
    problem = Problem(
        space=space,
        cost=costs,
        devices=goals.devices,
        resources=goals.resources,
        seed=spec.seed,
        worst_error=goals.worst_error,
        prior=creation.prior,
    )
    finished = space.finished() if isinstance(space, SearchSpace) else ()
    chosen = Enqueued((*finished, *spec.enqueue), sampler(sampler_name(spec), **spec.sampler.options))
    return Chooser(problem, chosen, costs.appraiser, (trial.candidate.id for trial in trials))


def decisions(history: History, chooser: Chooser) -> Iterator[Decision]:
    """Make every decision of a study again, in order and without training; what was not kept is left out.

    Args:
        history: of the study.
        chooser: one that has chosen nothing yet.
    """
    trials = history.trials
    told = [observation(trial) for trial in trials]
    for trial in trials:
        if trial.unseen is not None:
            climbed = dict(trial.climbed)
            seen = [
                as_climbed(earlier, climbed.get(earlier.number, 1)) if earlier.rungs else told[earlier.number]
                for earlier in trials[: trial.number]
            ]
            for number in trial.unseen:
                seen[number] = as_handed_out(trials[number])
            yield Decision(trial, chooser.choose(trial.number, seen))
