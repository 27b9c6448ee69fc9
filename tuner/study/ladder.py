"""Trainings done in parts: what a trial is handed out for, which one goes on, and what is recorded of a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tuner.compression import compression
from tuner.execution.executor import Outcome
from tuner.learning_curve import remaining
from tuner.record import Rung, TrainingResult, Trial
from tuner.search.halving import Climber, Halving
from tuner.search.objectives import Goals
from tuner.study.observation import known_cost
from tuner.trial.task import Leg, Product, TrialTask


class Ladder:
    """Divides the trainings of a study by its scheduler; without one, all are done at once.

    Which trial goes on follows from the trials' rungs, so nothing of it is kept: a study that is killed decides again.
    Where a candidate's compression trains too, its training is not divided.

    Args:
        halving: the scheduler.
        goals: what the study wants.
        trials: those there are.
        weights: returns the weights that the last part of a trial's training left, nothing if they were lost.
    """

    def __init__(
        self,
        halving: Halving | None,
        goals: Goals,
        trials: tuple[Trial, ...] = (),
        *,
        weights: Callable[[int], bytes],
    ) -> None:
        self._halving = halving
        self._goals = goals
        self._weights = weights
        self._climbers: dict[int, Climber] = {}
        for trial in trials:
            self.tell(trial)

    def first(self, trial: Trial) -> TrialTask:
        """Return what a new trial is handed out for."""
        leg = None
        if self._halving is not None and not compression(trial.candidate.compression).trains:
            most = trial.candidate.training.epochs
            until = self._halving.epochs(0, most)
            leg = Leg(until) if until < most else None
        return TrialTask(trial.number, trial.candidate, trial.seed, leg=leg)

    def next(self, trials: Mapping[int, Trial]) -> TrialTask | None:
        """Return what the trial that deserves it most goes on with; `None` if none does.

        Args:
            trials: by number.
        """
        if self._halving is None:
            return None
        number = self._halving.next(tuple(self._climbers.values()), self._goals)
        if number is None:
            return None
        trial = trials[number]
        self._climbers[number] = replace(self._climbers[number], running=True)
        until = self._halving.epochs(len(trial.rungs), trial.candidate.training.epochs)
        weights = self._weights(number)
        leg = Leg(until, after=trial.rungs[-1].epochs, weights=weights) if weights else Leg(until)
        return TrialTask(number, trial.candidate, trial.seed, leg=leg)

    def tell(self, trial: Trial) -> None:
        """Take in a trial whose training, or a part of it, came to its end."""
        if self._halving is None or not trial.rungs or trial.predicted is None:
            return
        expected = tuple(rung.expected for rung in trial.rungs if rung.expected is not None)
        cost = known_cost(trial.predicted, trial.features)
        self._climbers[trial.number] = Climber(trial.number, cost, expected, trial.rungs[-1].ended, running=False)


def climbed(trial: Trial, outcome: Outcome[TrialTask, Product]) -> Trial:
    """Return the trial with what a part of its training gave; a part that failed leaves the result of those before."""
    leg = outcome.task.leg
    assert leg is not None
    worker_s = trial.worker_s + outcome.seconds
    if outcome.result is None:
        assert outcome.error is not None
        rung = Rung(leg.until, None, None, ended=True, reason=outcome.error.message, worker_s=outcome.seconds)
        failed = replace(trial, rungs=(*trial.rungs, rung), attempts=outcome.attempts, worker_s=worker_s)
        if trial.training is not None:
            return failed
        return replace(failed, stage=outcome.error.stage, reason=outcome.error.message)
    result = _joined(trial.training, outcome.result.result, leg)
    most = trial.candidate.training.epochs
    epochs = len(result.curve)
    error = min(1.0, 1.0 - result.converted.quality)
    # A training that stopped early is done; so is one that goes on from published weights, which is not divided.
    ended = epochs != leg.until or leg.until >= most
    expected = error if ended else error * remaining([epoch.val_loss for epoch in result.curve], most)
    rung = Rung(epochs, error, expected, ended=ended, worker_s=outcome.seconds)
    return replace(trial, training=result, rungs=(*trial.rungs, rung), attempts=outcome.attempts, worker_s=worker_s)


def _joined(before: TrainingResult | None, result: TrainingResult, leg: Leg) -> TrainingResult:
    """Return the result with the course of the parts before."""
    if before is None or not leg.after:
        return result
    return replace(
        result,
        curve=(*before.curve[: leg.after], *result.curve),
        # The weights it went on from were those of the best epoch so far.
        best_epoch=result.best_epoch if result.best_epoch >= leg.after else before.best_epoch,
        seconds={stage: before.seconds.get(stage, 0.0) + value for stage, value in result.seconds.items()},
    )
