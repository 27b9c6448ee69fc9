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
from tuner.study.ladder import Ladder, climbed
from tuner.study.observation import as_climbed, as_handed_out, goals_of, observation
from tuner.study.stopping import EXHAUSTED, End, Rule, StopRules
from tuner.trial.task import Product, TrialTask

_POLL_S = 1.0
_CHOOSING_POLL_S = 0.02
"""How long workers are waited for at a time while a trial is being chosen that one of them may want."""

_FINISHING = (Rule.TRIALS, Rule.SAMPLES)
"""Rules that end the choosing of trials, but not the training of those that are trained in parts."""


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
    weights: Callable[[int], bytes]
    """Returns the weights that a part of a trial's training left, nothing if there are none."""
    keep_weights: Callable[[int, bytes], None]
    """Keeps them; given nothing, forgets them."""
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

    def __init__(self, history: History, session: Session, tools: Tools) -> None:
        self._history = history
        self._session = session
        self._tools = tools
        self._most_samples = history.spec.limits.most_samples(session.trials)
        self._ladder = Ladder(
            history.spec.scheduler.halving, goals_of(history.creation), history.trials, weights=tools.weights
        )
        self._ahead = Ahead(tools.chooser, lookahead=tools.executor.lookahead)
        trials = history.trials
        self._observations: dict[int, Observation] = {trial.number: observation(trial) for trial in trials}
        handed_out = [trial for trial in trials if trial.state is not State.REJECTED]
        self._handed_out = len(handed_out)
        self._latest = as_handed_out(handed_out[-1]) if handed_out else None
        self._rules = StopRules(
            session,
            goals_of(history.creation),
            most_samples=self._most_samples,
            trials=(trial for trial in handed_out if trial.state is not State.PENDING),
        )

    def run(self) -> End:
        """Search until a rule says stop; return which.

        Raises:
            KeyboardInterrupt: the user wants to stop; what was told is recorded, what runs is pending.
            StoreError: the record cannot be written any more.
        """
        lost = deque(self._history.pending)
        executor = self._tools.executor
        with closing(self._ahead):
            while True:
                while lost and executor.room > 0:
                    executor.submit(self._ladder.first(lost.popleft()))
                end = None if lost else self._hand_out()
                if end is not None and not executor.busy:
                    return end
                for outcome in executor.wait(_CHOOSING_POLL_S if self._ahead.busy else _POLL_S):
                    self._tell(outcome)
                self._tools.watch(self._history)

    def _hand_out(self) -> End | None:
        """Hand out trials while a worker is free; return why there are no more to hand out, if so.

        What is rejected is recorded only when a worker wants the trial behind it: what is recorded then does not
        depend on how long workers take.
        """
        ahead, executor = self._ahead, self._tools.executor
        while (end := self._end()) is None or end.rule in _FINISHING:
            if executor.room <= 0 or not self._go_on():
                break
        while (end := self._end()) is None:
            ahead.collect()
            self._choose()
            trial = ahead.next() if executor.room > 0 else None
            if trial is None:
                return EXHAUSTED if ahead.exhausted else None
            self._begin(trial)
            self._tools.watch(self._history)
        return end

    def _go_on(self) -> bool:
        """Hand out the next part of the training of the trial that deserves it most; return whether there is one."""
        task = self._ladder.next({trial.number: trial for trial in self._history.trials})
        if task is None:
            return False
        self._tools.executor.submit(task)
        return True

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
        seen = self._observations | {self._latest.number: self._latest}
        # What came of further parts of trainings meanwhile is seen from the next hand-out on, for the same reason.
        before = self._history.climbed_before_latest
        for number, rungs in self._history.climbed.items():
            if rungs > before.get(number, 1):
                seen[number] = as_climbed(self._history.trial(number), before.get(number, 1))
        return tuple(seen.values())

    def _end(self) -> End | None:
        return self._rules.end(
            handed_out=self._handed_out, sampled=len(self._observations), elapsed_s=self._tools.elapsed_s()
        )

    def _begin(self, trial: Trial) -> None:
        """Record a trial as rejected, or hand it out."""
        self._observations[trial.number] = observation(trial)
        if trial.state is State.REJECTED:
            self._tools.record(told(trial))
            return
        self._latest = as_handed_out(trial)
        self._handed_out += 1
        self._tools.record(asked(trial))
        self._tools.executor.submit(self._ladder.first(trial))

    def _tell(self, outcome: Outcome[TrialTask, Product]) -> None:
        if outcome.task.leg is not None:
            self._tell_part(outcome)
            return
        told_of = replace(self._history.trial(outcome.task.number), attempts=outcome.attempts, worker_s=outcome.seconds)
        if outcome.result is not None:
            self._tools.keep(told_of.number, outcome.result.model)
            trial = replace(told_of, training=outcome.result.result)
        else:
            assert outcome.error is not None
            trial = replace(told_of, stage=outcome.error.stage, reason=outcome.error.message)
        self._tools.record(told(trial))
        self._observations[trial.number] = observation(trial)
        self._rules.tell(trial)

    def _tell_part(self, outcome: Outcome[TrialTask, Product]) -> None:
        before = self._history.trial(outcome.task.number)
        trial = climbed(before, outcome)
        if outcome.result is not None:
            self._tools.keep(trial.number, outcome.result.model)
            self._tools.keep_weights(trial.number, b"" if trial.rungs[-1].ended else outcome.result.weights)
        self._tools.record(told(trial))
        self._observations[trial.number] = observation(trial)
        self._ladder.tell(trial)
        self._rules.tell(replace(trial, worker_s=outcome.seconds))
