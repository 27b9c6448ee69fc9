"""Members of the fronts trained again, with other seeds and on other folds, so that a lucky run does not win."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tuner.execution.executor import Executor, Outcome
from tuner.record import Run, Trial
from tuner.store.event import Kind
from tuner.study.choice import trial_seed
from tuner.study.fronts import device_front
from tuner.study.history import History, repeated
from tuner.trial.task import Product, TrialTask

_POLL_S = 1.0


class Repeats:
    """Trains the members of all fronts as often as the study file asks.

    Fronts go by the mean, so a member whose first run was a lucky one may give way to others; these are then trained
    again too, until every member has all its runs. What was done before an interruption is not done again.

    Args:
        history: of the study.
        executor: trains; nothing else uses it meanwhile.
        record: writes an event and takes it into the history.
        watch: called after every change and about once a second.
    """

    def __init__(
        self,
        history: History,
        executor: Executor[TrialTask, Product],
        *,
        record: Callable[[tuple[Kind, dict[str, Any]]], None],
        watch: Callable[[History], None],
    ) -> None:
        self._history = history
        self._executor = executor
        self._record = record
        self._watch = watch
        spec = history.spec
        self._resources = spec.resources
        self._folds = spec.dataset.split.folds or 1
        self._runs = spec.repeats * self._folds
        self._out: set[tuple[int, int]] = set()

    def run(self) -> None:
        """Train until every member of a front has all its runs."""
        while True:
            missing = list(self._missing())
            for task in missing[: max(0, self._executor.room)]:
                self._out.add((task.number, task.run))
                self._executor.submit(task)
            if not self._out:
                return
            for outcome in self._executor.wait(_POLL_S):
                self._tell(outcome)
            self._watch(self._history)

    def _missing(self) -> Iterator[TrialTask]:
        """Yield the runs that members of fronts lack and that are not under way."""
        trials = self._history.trials
        members: dict[int, Trial] = {}
        for budget in self._history.creation.budgets:
            members |= {trial.number: trial for trial in device_front(trials, budget.device, self._resources)}
        for number, trial in sorted(members.items()):
            done = {run.index for run in trial.runs}
            for index in range(1, self._runs):
                if index not in done and (number, index) not in self._out:
                    again, fold = divmod(index, self._folds)  # all folds with one seed, then with the next
                    seed = trial_seed(trial.seed, again) if again else trial.seed
                    yield TrialTask(number, trial.candidate, seed, run=index, fold=fold)

    def _tell(self, outcome: Outcome[TrialTask, Product]) -> None:
        task = outcome.task
        self._out.discard((task.number, task.run))
        run = Run(
            index=task.run,
            seed=task.seed,
            fold=task.fold,
            converted=None if outcome.result is None else outcome.result.result.converted,
            reason="" if outcome.error is None else outcome.error.message,
            worker_s=outcome.seconds,
        )
        self._record(repeated(task.number, run))
