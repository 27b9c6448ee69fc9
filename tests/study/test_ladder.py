from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.study.test_study import truncate
from tuner import State, Study
from tuner.study.cost_model import CostModel
from tuner.study.history import Creation, History
from tuner.study.replay import chooser, decisions
from tuner.study.spec import StudySpec

IN_PARTS = {"scheduler": {"type": "halving", "rungs": 2, "reduction": 2}}


@pytest.fixture(scope="session")
def spec(toy_spec: dict[str, Any], toy_space: dict[str, Any]) -> dict[str, Any]:
    training = toy_space["training"] | {"epochs": 6, "patience": 6}
    limits = toy_spec["limits"] | {"trials": 5}
    return toy_spec | {"search_space": toy_space | {"training": training}, "limits": limits} | IN_PARTS


@pytest.fixture(scope="session")
def staged(spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study.create(spec, studies=tmp_path_factory.mktemp("staged"))
    study.run()
    return study


def test_all_are_trained_a_little_and_half_of_them_to_the_end(staged: Study) -> None:
    rungs = sorted(len(trial.rungs) for trial in staged.trials if trial.state is State.TRAINED)

    assert rungs == [1, 1, 1, 2, 2]
    for trial in staged.trials:
        if trial.training is not None:
            assert len(trial.training.curve) == trial.rungs[-1].epochs == (3 if len(trial.rungs) == 1 else 6)
            assert trial.rungs[-1].error == pytest.approx(1 - (trial.score or 0))


def test_a_training_goes_on_where_it_stood(staged: Study) -> None:
    further = [trial.training for trial in staged.trials if len(trial.rungs) == 2]

    for training in further:
        assert training is not None
        assert training.curve[3].val_loss < 1.2 * training.curve[2].val_loss
        assert training.best_epoch > 2


def test_weights_are_kept_only_while_a_training_may_go_on(staged: Study) -> None:
    kept = {path.name for path in (staged.folder / "artifacts").glob("*.npz")}

    assert kept == {f"trial-{trial.number:05d}.weights.npz" for trial in staged.trials if len(trial.rungs) == 1}


def test_a_study_in_parts_that_was_killed_comes_to_its_end(spec: dict[str, Any], tmp_path: Path) -> None:
    Study.create(spec, studies=tmp_path).run()
    truncate(tmp_path / "toy" / "study.db", 9)
    killed = Study.open("toy", studies=tmp_path)
    done = {trial.number: trial.rungs for trial in killed.trials}

    killed.run()

    # Weights of trainings that ended after the kill are gone, so these begin again: not to the bit as before.
    assert sorted(len(trial.rungs) for trial in killed.trials if trial.state is State.TRAINED) == [1, 1, 1, 2, 2]
    assert all(killed.trial(number).rungs[: len(rungs)] == rungs for number, rungs in done.items())


def test_lost_weights_cost_only_time(spec: dict[str, Any], tmp_path: Path) -> None:
    study = Study.create(spec, studies=tmp_path)
    study.run(trials=3)
    for path in (study.folder / "artifacts").glob("*.npz"):
        path.unlink()

    study.run(trials=5)

    twice = [trial.training for trial in study.trials if len(trial.rungs) == 2]
    assert len(twice) == 2
    assert all(training is not None and len(training.curve) == 6 for training in twice)


@pytest.fixture(scope="session")
def divided(creation: Creation) -> Creation:
    return replace(creation, spec=creation.spec | IN_PARTS)


def scored(history: History) -> list[Any]:
    return [(trial.parameters, trial.score, len(trial.rungs), trial.climbed) for trial in history.trials]


def test_one_worker_gives_the_same_study_in_parts_whenever_it_was_interrupted(divided: Creation, search: Any) -> None:
    through, interrupted = History(divided), History(divided)

    search(through, 14)
    for seed, trials in enumerate((5, 14)):
        search(interrupted, trials, seed=seed)

    assert scored(interrupted) == scored(through)
    assert max(len(trial.rungs) for trial in through.trials) == 2


def test_decisions_of_a_study_in_parts_can_be_made_again(divided: Creation, search: Any, costs: CostModel) -> None:
    history = History(divided)

    search(history, 20, workers=4)

    made = list(decisions(history, chooser(divided, costs)))
    assert all(decision.same for decision in made)
    assert any(decision.trial.climbed for decision in made)


def test_candidates_whose_compression_trains_are_trained_at_once(spec: dict[str, Any], tmp_path: Path) -> None:
    aware = spec | {"search_space": spec["search_space"] | {"compression": ["int8-qat"]}}
    study = Study.create(aware, studies=tmp_path)

    study.run(trials=1)

    assert study.trials[-1].rungs == ()


def test_the_scheduler_is_checked_with_the_study_file(toy_spec: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"scheduler\.rungs"):
        StudySpec.model_validate(toy_spec | {"scheduler": {"type": "halving", "rungs": 1}})
