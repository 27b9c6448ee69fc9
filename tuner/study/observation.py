"""A trial as samplers see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tuner.record import Appraisal, DatasetSummary, State, Trial
from tuner.search.problem import Cost, Observation
from tuner.study.history import Creation
from tuner.tasks import task_named

_UNLIMITED_MS = 1000.0
_STATES: dict[State, Literal["complete", "rejected", "failed", "pending"]] = {
    State.PENDING: "pending",
    State.REJECTED: "rejected",
    State.TRAINED: "complete",
    State.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class StudyGoals:
    """What a study wants, as the search weighs it."""

    devices: tuple[str, ...]
    resources: tuple[str, ...]
    worst_error: float


def goals_of(creation: Creation) -> StudyGoals:
    """Return what a study wants."""
    devices = tuple(budget.device for budget in creation.budgets)
    return StudyGoals(devices, creation.study.resources, chance_error(creation.study.task, creation.dataset))


def observation(trial: Trial) -> Observation:
    """Return what a sampler learns from a trial."""
    if trial.rungs and trial.training is not None:
        return as_climbed(trial, len(trial.rungs))
    return _whole(trial)


def _whole(trial: Trial) -> Observation:
    appraisal = trial.appraisal
    return Observation(
        number=trial.number,
        parameters=trial.parameters,
        state=_STATES[trial.state],
        cost=None if appraisal is None else known_cost(appraisal, trial.features),
        # Of the first run alone: so what was chosen before the fronts were trained again can be chosen again after.
        # An R² may be as bad as it likes.
        error=None if trial.first_score is None else min(1.0, 1.0 - trial.first_score),
    )


def as_climbed(trial: Trial, rungs: int) -> Observation:
    """Return what a sampler learns from a trial that is trained in parts, once it had so many of them behind it."""
    scored = [rung for rung in trial.rungs if rung.error is not None][:rungs]
    seen = _whole(trial)
    if not scored or trial.predicted is None:
        return seen
    last = scored[-1]
    share = 1.0 if last.ended else min(1.0, last.epochs / trial.candidate.training.epochs)
    # The first estimate, for the second is known of the last part only, and may differ from it by some bytes.
    cost = known_cost(trial.predicted, trial.features)
    return replace(seen, cost=cost, error=last.error, fidelity=share, rungs=len(scored))


def as_handed_out(trial: Trial) -> Observation:
    """Return what a sampler knows of a trial before it comes back."""
    return _whole(replace(trial, training=None, stage="", reason=""))


def known_cost(appraisal: Appraisal, features: Mapping[str, float]) -> Cost:
    """Return an appraisal as samplers see it: one constraint per device and resource, named "device/resource".

    Where nothing limits the latency, its usage is told as a share of one second.
    """
    constraints: dict[str, float] = {}
    usage: dict[str, float] = {}
    for cost, verdict in zip(appraisal.costs, appraisal.verdicts, strict=True):
        for resource, excess in verdict.excess.items():
            constraints[f"{verdict.device}/{resource}"] = excess
            usage[f"{verdict.device}/{resource}"] = 1.0 + excess
        usage.setdefault(f"{verdict.device}/latency", cost.latency.total.value / _UNLIMITED_MS)
    return Cost(constraints, usage, features)


def chance_error(task: str, dataset: DatasetSummary) -> float:
    """Return the error of the best answer that does not look at the data: a model no better is worth nothing."""
    return 1.0 - task_named(task).chance(dataset)
