import random
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tuner import State, Study
from tuner.execution.executor import Limits
from tuner.execution.simulated import SimulatedExecutor
from tuner.record import TrainingResult
from tuner.store.event import Event, Kind
from tuner.study.cost_model import CostModel
from tuner.study.creation import open_study_dataset, targets_of
from tuner.study.history import Creation, History, Session, started
from tuner.study.loop import SearchLoop, Tools
from tuner.study.replay import Decision, chooser, decisions
from tuner.trial.appraise import Appraiser
from tuner.trial.task import Product, TrialTask

Choices = list[tuple[Mapping[str, Any], State, float | None, tuple[int, ...] | None]]


def choices(history: History) -> Choices:
    return [(trial.parameters, trial.state, trial.score, trial.unseen) for trial in history.trials]


class Pretend:
    """A trainer that gives every candidate an accuracy by its id."""

    def __init__(self, like: TrainingResult) -> None:
        self._like = like

    def key(self, _: TrialTask) -> str:
        return ""

    def prepare(self, _: TrialTask) -> None:
        return None

    def work(self, task: TrialTask, _: None) -> Product:
        accuracy = 0.4 + 0.5 * int(task.candidate.id, 16) / 16**12
        converted = replace(self._like.converted, accuracy=accuracy)
        return Product(replace(self._like, converted=converted), b"")


@pytest.fixture(scope="module")
def creation(toy_spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Creation:
    """A study long enough for the sampler to learn, some of whose candidates fit no device."""
    spec = toy_spec | {
        "budgets": {device: {"ram": "5 KiB"} for device in toy_spec["devices"]},
        "sampler": {"type": "tpe", "options": {"startup": 5}},
    }
    return Study.create(spec, studies=tmp_path_factory.mktemp("studies")).history.creation


@pytest.fixture(scope="module")
def costs(creation: Creation) -> CostModel:
    return CostModel(Appraiser(open_study_dataset(creation.study.dataset), targets_of(creation)))


@pytest.fixture
def search(creation: Creation, costs: CostModel, toy_study: Study) -> Any:
    """Searches until so many candidates are trained; tasks take random times, so that threads and workers race."""
    like = toy_study.trials[0].training
    assert like is not None

    def run(history: History, trials: int, *, workers: int = 1, seed: int = 0) -> SimulatedExecutor[Any, Any, Any]:
        rng = random.Random(seed)
        executor = SimulatedExecutor(
            Pretend(like), Limits(1, 1), workers=workers, seconds=lambda _: rng.random(), lookahead=(workers + 1) // 2
        )

        def record(what: tuple[Kind, dict[str, Any]]) -> None:
            history.apply(Event(*what, at=0.0))

        session = Session(trials, None, workers)
        record(started(session))
        with closing(executor):
            tools = Tools(
                chooser=chooser(creation, costs, history.trials),
                executor=executor,
                record=record,
                keep=lambda *_: None,
                elapsed_s=lambda: 0.0,
                watch=lambda _: None,
            )
            SearchLoop(history, session, tools, most_samples=1000).run()
        return executor

    return run


def made_again(history: History, costs: CostModel) -> list[Decision]:
    return list(decisions(history, chooser(history.creation, costs)))


def test_every_decision_of_a_study_can_be_made_again(toy_study: Study) -> None:
    made = toy_study.replay()

    assert [decision.trial.number for decision in made] == [trial.number for trial in toy_study.trials]
    assert all(decision.same for decision in made)


def test_a_trial_that_was_not_chosen_so_is_found(toy_study: Study) -> None:
    first, *_ = toy_study.replay()

    changed = replace(first, trial=replace(first.trial, seed=first.trial.seed + 1))

    assert not changed.same


def test_one_worker_gives_the_same_study_whenever_it_was_interrupted(creation: Creation, search: Any) -> None:
    through = History(creation)
    search(through, 14)

    for stops in ((1, 14), (4, 9, 14)):
        interrupted = History(creation)
        for seed, trials in enumerate(stops):
            search(interrupted, trials, seed=seed)
        assert choices(interrupted) == choices(through)
    assert through.counts.rejected > 0


def test_one_workers_next_trial_is_chosen_while_the_latest_trains(creation: Creation, search: Any) -> None:
    history = History(creation)

    search(history, 10)

    handed_out = [trial.number for trial in history.trials if trial.state is not State.REJECTED]
    for latest, following in pairwise(handed_out):
        assert history.trial(following).unseen == (latest,)


def test_the_decisions_for_several_workers_can_be_made_again(creation: Creation, search: Any, costs: CostModel) -> None:
    history = History(creation)

    search(history, 20, workers=4)

    made = made_again(history, costs)
    assert len(made) == history.counts.sampled
    assert all(decision.same for decision in made)
    assert max(len(decision.trial.unseen or ()) for decision in made) > 1


def test_records_that_do_not_say_what_was_pending_have_no_decision_to_make_again(
    creation: Creation, search: Any, costs: CostModel
) -> None:
    history = History(creation)
    search(history, 2)
    old = History(creation)
    for trial in history.trials:
        old.apply(Event(*_told(replace(trial, unseen=None)), at=0.0))

    assert made_again(old, costs) == []


def _told(trial: Any) -> tuple[Kind, dict[str, Any]]:
    from tuner.study.history import told

    return told(trial)
