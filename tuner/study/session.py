"""One session of work on a study: `run`, `resume` or `extend`, from the first ask to the test scores."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tuner.execution.executor import Executor, Limits
from tuner.execution.inline import InlineExecutor
from tuner.store.event import Kind, Store
from tuner.study.artifacts import ArtifactFolder
from tuner.study.cost_model import CostModel
from tuner.study.creation import check_unchanged, open_study_dataset, targets_of
from tuner.study.fronts import device_front
from tuner.study.history import History, Session, Stop, started, stopped, tested
from tuner.study.loop import SearchLoop, Tools
from tuner.study.recorder import Recorder
from tuner.study.repeats import Repeats
from tuner.study.replay import chooser
from tuner.tasks import task_named
from tuner.trial import courses
from tuner.trial.appraise import Appraiser
from tuner.trial.feature_cache import default_folder
from tuner.trial.front_score import FrontScorer
from tuner.trial.run import TrialJob
from tuner.trial.task import Context, Product, TrialTask

Watch = Callable[[History], None]


class Work:
    """Does a session's work on one study; all that changes goes through `record`.

    Args:
        history: where the study stands.
        store: takes the events.
        artifacts: takes the models.
        running: folder for what workers note of trials while they run.
        watch: called after every change and about once a second.
        ray_address: of a running cluster; `None` starts Ray on this machine.
    """

    def __init__(
        self,
        history: History,
        store: Store,
        artifacts: ArtifactFolder,
        *,
        running: Path,
        watch: Watch,
        ray_address: str | None = None,
    ) -> None:
        self._history = history
        self._record = Recorder(history, store, artifacts)
        self._artifacts = artifacts
        self._running = running.absolute()
        self._watch = watch
        self._ray_address = ray_address
        self._devices = tuple(budget.device for budget in history.creation.budgets)
        self._resources = history.spec.resources

    def run(self, session: Session) -> Stop:
        """Search until a limit of the session is reached, then score the fronts on the test split.

        Raises:
            KeyboardInterrupt: after the session's end was recorded.
        """
        history, spec = self._history, self._history.spec
        dataset = open_study_dataset(spec.dataset)
        check_unchanged(dataset, history.creation)
        history.creation.make_known()
        splits = history.creation.splits
        context = Context(
            dataset=dataset,
            task=task_named(spec.task),
            train=tuple(splits["train"]),
            validation=tuple(splits["validation"]),
            targets=targets_of(history.creation),
            blocks=history.creation.blocks,
            models=history.creation.models,
            trial_seconds=spec.limits.trial_time,
            cache=default_folder(),
            folds=history.creation.folds,
            courses=self._running,
        )
        costs = CostModel(Appraiser(context.dataset, context.task, context.targets))
        self._record(started(session))
        worked_before, start = history.worked_s, time.monotonic()
        try:
            with courses.kept(self._running), closing(self._executor(context, session)) as executor:
                tools = self._tools(costs, executor, lambda: worked_before + time.monotonic() - start)
                loop = SearchLoop(history, session, tools)
                end = loop.run()
                Repeats(history, executor, record=self._record, watch=self._watch).run()
            self._record.settle()
            self._score_fronts(context, tuple(splits["test"]))
        except KeyboardInterrupt:
            worked_s = time.monotonic() - start
            interrupted = Stop("it was interrupted", finished=False, survey=costs.survey, worked_s=worked_s)
            self._record(stopped(interrupted))
            raise
        stop = Stop(end.sentence, finished=True, survey=costs.survey, rule=end.rule, worked_s=time.monotonic() - start)
        self._record(stopped(stop))
        return stop

    def _tools(self, costs: CostModel, executor: Executor[TrialTask, Product], elapsed_s: Callable[[], float]) -> Tools:
        return Tools(
            chooser=chooser(self._history.creation, costs, self._history.trials),
            executor=executor,
            record=self._record_and_forget,
            keep=self._artifacts.put,
            weights=self._artifacts.weights,
            keep_weights=self._artifacts.put_weights,
            elapsed_s=elapsed_s,
            watch=self._watch,
        )

    def _record_and_forget(self, what: tuple[Kind, dict[str, Any]]) -> None:
        self._record(what)
        kind, payload = what
        if kind is Kind.TOLD:
            courses.forget(self._running, int(payload["number"]))

    def _executor(self, context: Context, session: Session) -> Executor[TrialTask, Product]:
        limits = self._history.spec.limits
        task_limits = Limits(seconds=1.5 * limits.trial_time + 60, memory_bytes=limits.trial_memory)
        job = TrialJob(context)
        if session.workers == 0:
            return InlineExecutor(job, task_limits)
        from tuner.execution.ray import RayExecutor  # noqa: PLC0415 - Ray takes a second to import

        return RayExecutor(job, task_limits, workers=session.workers, address=self._ray_address)

    def _score_fronts(self, context: Context, test: tuple[str, ...]) -> None:
        """Score the members of all fronts once on the locked test split."""
        trials = self._history.trials
        members = {
            trial.number: trial
            for device in self._devices
            for trial in device_front(trials, device, self._resources)
            if trial.test is None
        }
        with FrontScorer(context, test) as scorer:
            for number, trial in sorted(members.items()):
                assert trial.training is not None
                model = self._artifacts.get(number, trial.training.artifact)
                self._record(tested(number, scorer.score(trial.candidate, trial.training, model)))
                self._watch(self._history)
