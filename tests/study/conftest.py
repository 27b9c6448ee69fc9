import random
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tuner import Study
from tuner.execution.executor import Limits
from tuner.execution.simulated import SimulatedExecutor
from tuner.record import TrainingResult
from tuner.store.event import Event, Kind
from tuner.study.cost_model import CostModel
from tuner.study.creation import open_study_dataset, targets_of
from tuner.study.history import Creation, History, Session, started
from tuner.study.loop import SearchLoop, Tools
from tuner.study.replay import chooser
from tuner.study.stopping import End
from tuner.tasks import task_named
from tuner.trial.appraise import Appraiser
from tuner.trial.task import Product, TrialTask


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
        part = slice(None) if task.leg is None else slice(task.leg.after, task.leg.until)
        return Product(replace(self._like, converted=converted, curve=self._like.curve[part]), b"")


@pytest.fixture(scope="session")
def creation(toy_spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Creation:
    """A study long enough for the sampler to learn, some of whose candidates fit no device."""
    spec = toy_spec | {
        "budgets": {device: {"ram": "5 KiB"} for device in toy_spec["devices"]},
        "sampler": {"type": "tpe", "options": {"startup": 5}},
    }
    return Study.create(spec, studies=tmp_path_factory.mktemp("studies")).history.creation


@pytest.fixture(scope="session")
def costs(creation: Creation) -> CostModel:
    dataset, task = open_study_dataset(creation.study.dataset), task_named(creation.study.task)
    return CostModel(Appraiser(dataset, task, targets_of(creation)))


@pytest.fixture
def search(creation: Creation, costs: CostModel, toy_study: Study) -> Any:
    """Searches until so many candidates are trained; tasks take random times, so that threads and workers race."""
    like = toy_study.trials[0].training
    assert like is not None

    def run(history: History, trials: int, *, workers: int = 1, seed: int = 0, **limits: Any) -> End:
        rng = random.Random(seed)
        executor = SimulatedExecutor(
            Pretend(like), Limits(1, 1), workers=workers, seconds=lambda _: rng.random(), lookahead=(workers + 1) // 2
        )

        def record(what: tuple[Kind, dict[str, Any]]) -> None:
            history.apply(Event(*what, at=0.0))

        session = Session(trials, None, workers, **limits)
        record(started(session))
        with closing(executor):
            tools = Tools(
                chooser=chooser(creation, costs, history.trials),
                executor=executor,
                record=record,
                keep=lambda *_: None,
                weights=lambda _: b"",
                keep_weights=lambda *_: None,
                elapsed_s=lambda: 0.0,
                watch=lambda _: None,
            )
            return SearchLoop(history, session, tools).run()

    return run
