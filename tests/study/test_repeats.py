from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

from tuner import State, Study
from tuner.errors import ConfigError, TrainingError
from tuner.execution.executor import Limits
from tuner.execution.simulated import SimulatedExecutor
from tuner.record import Run
from tuner.store.codec import encode
from tuner.store.event import Event, Kind
from tuner.study.fronts import device_front
from tuner.study.history import Creation, History
from tuner.study.observation import observation
from tuner.study.repeats import Repeats
from tuner.trial.task import Product, TrialTask


def repeat(history: History, job: Any) -> None:
    executor: SimulatedExecutor[Any, Any, Any] = SimulatedExecutor(
        job, Limits(1, 1), workers=3, seconds=lambda task: 1.0 + task.run
    )

    def record(what: tuple[Kind, dict[str, Any]]) -> None:
        history.apply(Event(*what, at=0.0))

    Repeats(history, executor, record=record, watch=lambda _: None).run()


@pytest.fixture
def searched(creation: Creation, search: Any) -> History:
    """A search that is over, in a study whose file asks for three runs."""
    history = History(replace(creation, spec=creation.spec | {"repeats": 3}))
    search(history, 12)
    return history


class Same:
    """Gives every run the result of the trial's own, or of what `change` makes of it."""

    def __init__(self, history: History, change: Any = lambda _, converted: converted) -> None:
        self._history = history
        self._change = change
        self.tasks: list[TrialTask] = []

    def key(self, _: TrialTask) -> str:
        return ""

    def prepare(self, _: TrialTask) -> None:
        return None

    def work(self, task: TrialTask, _: None) -> Product:
        self.tasks.append(task)
        training = self._history.trial(task.number).training
        assert training is not None
        return Product(replace(training, converted=self._change(task, training.converted)), b"")


def members(history: History) -> set[int]:
    return {
        trial.number
        for budget in history.creation.budgets
        for trial in device_front(history.trials, budget.device, history.spec.resources)
    }


def test_members_of_the_fronts_alone_get_all_their_runs(searched: History) -> None:
    on_fronts = members(searched)

    repeat(searched, Same(searched))

    assert {trial.number: len(trial.runs) for trial in searched.trials if trial.runs} == dict.fromkeys(on_fronts, 2)


def test_every_run_has_a_seed_of_its_own(searched: History) -> None:
    repeat(searched, Same(searched))

    trial = searched.trial(next(iter(members(searched))))
    assert len({trial.seed, *(run.seed for run in trial.runs)}) == 3


def test_a_lucky_run_does_not_win(searched: History) -> None:
    lucky = max((trial for trial in searched.trials if trial.score is not None), key=lambda trial: trial.score or 0.0)

    def unlucky(task: TrialTask, converted: Any) -> Any:
        return replace(converted, accuracy=0.2) if task.number == lucky.number else converted

    repeat(searched, Same(searched, unlucky))

    again = searched.trial(lucky.number)
    best = max((trial for trial in searched.trials if trial.score is not None), key=lambda trial: trial.score or 0.0)
    assert best.number != lucky.number
    assert again.score == mean([lucky.score, 0.2, 0.2])
    assert again.spread == stdev([lucky.score, 0.2, 0.2])
    # Whoever takes its place has all its runs too.
    assert all(len(searched.trial(number).runs) == 2 for number in members(searched))


def test_what_the_sampler_learnt_from_does_not_change(searched: History) -> None:
    before = [observation(trial) for trial in searched.trials]

    repeat(searched, Same(searched, lambda _, converted: replace(converted, accuracy=0.5)))

    assert [observation(trial) for trial in searched.trials] == before


def test_a_run_that_fails_says_why_and_is_not_tried_again(searched: History) -> None:
    def fail(task: TrialTask, converted: Any) -> Any:
        if task.run == 1:
            raise TrainingError("loss became NaN")
        return converted

    job = Same(searched, fail)
    repeat(searched, job)
    begun = len(job.tasks)
    repeat(searched, job)

    trial = searched.trial(next(iter(members(searched))))
    assert [run.reason for run in trial.runs] == ["loss became NaN", ""]
    assert len(trial.scores) == 2
    assert len(job.tasks) == begun


def test_runs_done_before_an_interruption_are_not_done_again(searched: History) -> None:
    number = min(members(searched))
    searched.apply(Event(Kind.REPEATED, {"number": number, "run": _json(Run(1, 7, 0, None, "lost"))}, at=0.0))
    job = Same(searched)

    repeat(searched, job)

    assert [task.run for task in job.tasks if task.number == number] == [2]


def _json(run: Run) -> dict[str, Any]:
    return encode(run)


def test_folds_cannot_go_by_time(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    split = {"by": "time", "folds": 3}

    with pytest.raises(ConfigError, match="only the latest data may validate"):
        Study.create(toy_spec | {"dataset": toy_spec["dataset"] | {"split": split}}, studies=tmp_path)


def test_a_cross_validation_trains_the_fronts_on_every_fold(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    split = {"by": "group", "folds": 3, "test": 0.17}
    spec = toy_spec | {"dataset": toy_spec["dataset"] | {"split": split}, "limits": {"trials": 2}}
    study = Study.create(spec, studies=tmp_path)

    study.run()

    folds = study.history.creation.folds
    assert len(folds) == 3
    assert len(set().union(*folds)) == sum(len(fold) for fold in folds)
    reopened = Study.open(study.folder)
    for device in study.devices:
        for trial in reopened.front(device):
            assert [run.fold for run in trial.runs] == [1, 2]
            assert all(run.seed == trial.seed and run.converted is not None for run in trial.runs)
            supports = [sum(map(sum, run.converted.confusion)) for run in trial.runs if run.converted]
            assert all(support > 0 for support in supports)
            assert trial.test is not None
    kept = {int(path.stem.removeprefix("trial-")) for path in (study.folder / "artifacts").iterdir()}
    assert {trial.number for device in study.devices for trial in reopened.front(device)} <= kept
    assert reopened.counts.trained == 2
    assert all(trial.state is State.TRAINED for trial in reopened.trials)
