"""The search: ask, appraise, reject or hand out, tell, until something says stop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from tuner.candidate import Candidate, Scalar
from tuner.errors import BuildError
from tuner.execution.executor import Executor, Outcome
from tuner.record import Appraisal, State, Trial
from tuner.search.problem import Observation, Problem, Sampler
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest
from tuner.store.event import Kind
from tuner.study.history import History, Session, asked, told
from tuner.study.observation import observation
from tuner.trial.task import Product, TrialTask
from tuner.units import format_seconds

_POLL_S = 1.0
_DRAWS = 200
"""Random draws after which a space without a new candidate counts as exhausted."""


class Appraise(Protocol):
    """Costs a candidate on every device of the study."""

    def __call__(self, candidate: Candidate) -> tuple[Appraisal, Mapping[str, float]]:
        """Return the appraisal and figures of the network.

        Raises:
            BuildError: the candidate cannot be built.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the search works with."""

    problem: Problem
    sampler: Sampler
    appraise: Appraise
    executor: Executor[TrialTask, Product]
    record: Callable[[tuple[Kind, dict[str, Any]]], None]
    """Writes an event and takes it into the history."""
    keep: Callable[[int, bytes], None]
    """Keeps the model of a trial if it is worth it; called before the trial is told, so that no record lacks its
    model."""
    elapsed_s: Callable[[], float]
    """Working time of the study so far, over all sessions."""
    watch: Callable[[History], None]
    """Called after every change and about once a second."""


class SearchLoop:
    """Runs a study from where its history stands.

    A trial that was handed out and never came back is handed out again, with the same seed; every other decision
    follows from the history, so a study that was killed ends as it would have (with one worker: identically).
    """

    def __init__(self, history: History, session: Session, tools: Tools, *, most_samples: int) -> None:
        self._history = history
        self._session = session
        self._tools = tools
        self._most_samples = most_samples
        trials = history.trials
        self._observations: dict[int, Observation] = {trial.number: observation(trial) for trial in trials}
        self._known = {trial.candidate.id for trial in trials}
        self._trained_or_running = sum(trial.state is not State.REJECTED for trial in trials)

    def run(self) -> str:
        """Search until a limit is reached; return the sentence that says which.

        Raises:
            KeyboardInterrupt: the user wants to stop; what was told is recorded, what runs is pending.
            StoreError: the record cannot be written any more.
        """
        lost = list(self._history.pending)
        executor = self._tools.executor
        while True:
            while lost and executor.room:
                executor.submit(_task(lost.pop(0)))
            reason = "" if lost else self._fill()
            if reason and not executor.busy:
                return reason
            for outcome in executor.wait(_POLL_S):
                self._tell(outcome)
            self._tools.watch(self._history)

    def _fill(self) -> str:
        """Hand out candidates while a worker is free; return why there are no more to hand out, if so."""
        while self._tools.executor.room:
            if reason := self._limit_reached():
                return reason
            if not self._sample():
                return "every candidate of the search space has been looked at"
            self._tools.watch(self._history)
        return self._limit_reached()

    def _limit_reached(self) -> str:
        session = self._session
        if self._trained_or_running >= session.trials:
            return f"{session.trials} candidates were trained, as many as asked for"
        if len(self._observations) >= self._most_samples:
            return f"{self._most_samples} candidates were looked at, the limit"
        if session.time_s is not None and self._tools.elapsed_s() >= session.time_s:
            return f"the time limit of {format_seconds(session.time_s)} was reached"
        return ""

    def _sample(self) -> bool:
        """Take the next candidate from the sampler, appraise it, and reject it or hand it out."""
        number = len(self._observations)
        drawn = self._draw(number)
        if drawn is None:
            return False
        parameters, candidate = drawn
        trial = self._appraised(number, parameters, candidate)
        self._known.add(candidate.id)
        if trial.state is State.REJECTED:
            self._tools.record(told(trial))
        else:
            self._tools.record(asked(trial))
            self._tools.executor.submit(_task(trial))
            self._trained_or_running += 1
        self._observations[number] = observation(trial)
        return True

    def _draw(self, number: int) -> tuple[Mapping[str, Scalar], Candidate] | None:
        """Return a candidate that was never seen; the sampler's if it is new, else one by chance."""
        problem = self._tools.problem
        history = tuple(self._observations[key] for key in sorted(self._observations))
        parameters = self._tools.sampler.propose(problem, history, number)
        candidate = problem.space.sample(FixedSuggest(parameters))
        if candidate.id not in self._known:
            return parameters, candidate
        rng = np.random.default_rng((problem.seed, number))
        for _ in range(_DRAWS):
            suggest = RecordingSuggest(RandomSuggest(rng))
            candidate = problem.space.sample(suggest)
            if candidate.id not in self._known:
                return suggest.parameters, candidate
        return None

    def _appraised(self, number: int, parameters: Mapping[str, Scalar], candidate: Candidate) -> Trial:
        seed = trial_seed(self._tools.problem.seed, number)
        try:
            appraisal, features = self._tools.appraise(candidate)
        except BuildError as error:
            return Trial(number, parameters, candidate, seed, None, {}, reason=f"cannot be built: {error.message}")
        reasons = [reason for verdict in appraisal.verdicts for reason in verdict.reasons]
        reason = "" if appraisal.fits_any else "; ".join(reasons)
        return Trial(number, parameters, candidate, seed, appraisal, features, reason=reason)

    def _tell(self, outcome: Outcome[TrialTask, Product]) -> None:
        trial = self._history.trial(outcome.task.number)
        if outcome.result is not None:
            self._tools.keep(trial.number, outcome.result.model)
            trial = replace(trial, training=outcome.result.result, attempts=outcome.attempts)
        else:
            assert outcome.error is not None
            reason = outcome.error.message
            trial = replace(trial, stage=outcome.error.stage, reason=reason, attempts=outcome.attempts)
        self._tools.record(told(trial))
        self._observations[trial.number] = observation(trial)


def trial_seed(study_seed: int, number: int) -> int:
    """Return the seed of a trial: 31 bits that depend on the study's seed and the trial's number alone."""
    digest = hashlib.sha256(f"{study_seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _task(trial: Trial) -> TrialTask:
    return TrialTask(trial.number, trial.candidate, trial.seed)
