"""The search: choose, reject or hand out, tell, until something says stop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from tuner.execution.executor import Executor, Outcome
from tuner.record import State, Trial
from tuner.search.problem import Observation
from tuner.store.event import Kind
from tuner.study.ahead import Ahead
from tuner.study.choice import Chooser
from tuner.study.history import History, Session, asked, told
from tuner.study.observation import as_handed_out, observation
from tuner.trial.task import Product, TrialTask
from tuner.units import format_seconds

_POLL_S = 1.0
_CHOOSING_POLL_S = 0.02
"""How long workers are waited for at a time while a trial is being chosen that one of them may want."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the search works with."""

    chooser: Chooser
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

    While workers train, the next trials are chosen. The latest trial handed out counts as pending then, also if it
    has come back: so one worker, whose next trial is chosen while it trains, gives the same study on a fast machine
    and a slow one. Which trials counted as pending is recorded with each decision.
    """

    def __init__(self, history: History, session: Session, tools: Tools, *, most_samples: int) -> None:
        self._history = history
        self._session = session
        self._tools = tools
        self._most_samples = most_samples
        self._ahead = Ahead(tools.chooser, lookahead=tools.executor.lookahead)
        trials = history.trials
        self._observations: dict[int, Observation] = {trial.number: observation(trial) for trial in trials}
        handed_out = [trial for trial in trials if trial.state is not State.REJECTED]
        self._handed_out = len(handed_out)
        self._latest = as_handed_out(handed_out[-1]) if handed_out else None

    def run(self) -> str:
        """Search until a limit is reached; return the sentence that says which.

        Raises:
            KeyboardInterrupt: the user wants to stop; what was told is recorded, what runs is pending.
            StoreError: the record cannot be written any more.
        """
        lost = deque(self._history.pending)
        executor = self._tools.executor
        with closing(self._ahead):
            while True:
                while lost and executor.room > 0:
                    executor.submit(_task(lost.popleft()))
                reason = "" if lost else self._hand_out()
                if reason and not executor.busy:
                    return reason
                for outcome in executor.wait(_CHOOSING_POLL_S if self._ahead.busy else _POLL_S):
                    self._tell(outcome)
                self._tools.watch(self._history)

    def _hand_out(self) -> str:
        """Hand out trials while a worker is free; return why there are no more to hand out, if so.

        What is rejected is recorded only when a worker wants the trial behind it: what is recorded then does not
        depend on how long workers take.
        """
        ahead, executor = self._ahead, self._tools.executor
        while not (reason := self._limit_reached()):
            ahead.collect()
            self._choose()
            trial = ahead.next() if executor.room > 0 else None
            if trial is None:
                return "every candidate of the search space has been looked at" if ahead.exhausted else ""
            self._begin(trial)
            self._tools.watch(self._history)
        return reason

    def _choose(self) -> None:
        """Have the next trial chosen if there is reason to."""
        ahead = self._ahead
        if self._handed_out + ahead.to_train >= self._session.trials:
            return
        if len(self._observations) + ahead.waiting >= self._most_samples:
            return
        if ahead.wants_more(needed=self._tools.executor.room > 0):
            ahead.choose(len(self._observations), self._seen())

    def _seen(self) -> tuple[Observation, ...]:
        """Return the trials as the sampler may see them."""
        if self._latest is None or not self._tools.executor.lookahead:
            return tuple(self._observations.values())
        return tuple((self._observations | {self._latest.number: self._latest}).values())

    def _limit_reached(self) -> str:
        session = self._session
        if self._handed_out >= session.trials:
            return f"{session.trials} candidates were trained, as many as asked for"
        if len(self._observations) >= self._most_samples:
            return f"{self._most_samples} candidates were looked at, the limit"
        if session.time_s is not None and self._tools.elapsed_s() >= session.time_s:
            return f"the time limit of {format_seconds(session.time_s)} was reached"
        return ""

    def _begin(self, trial: Trial) -> None:
        """Record a trial as rejected, or hand it out."""
        self._observations[trial.number] = observation(trial)
        if trial.state is State.REJECTED:
            self._tools.record(told(trial))
            return
        self._latest = as_handed_out(trial)
        self._handed_out += 1
        self._tools.record(asked(trial))
        self._tools.executor.submit(_task(trial))

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


def _task(trial: Trial) -> TrialTask:
    return TrialTask(trial.number, trial.candidate, trial.seed)
