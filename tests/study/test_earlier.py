from pathlib import Path
from typing import Any

import pytest

from tuner import InputError, Study
from tuner.errors import ConfigError


def test_a_study_begins_with_what_an_earlier_one_learnt(
    toy_study: Study, toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    study = Study.create(toy_spec | {"name": "second", "warm_start": [str(toy_study.folder)]}, studies=tmp_path)

    study.run(trials=1)

    prior = study.history.creation.prior
    assert {one.source for one in prior} == {"toy"}
    assert [dict(one.parameters) for one in prior] == [
        dict(trial.parameters) for trial in sorted(toy_study.trials, key=lambda trial: -(trial.score or 0))
    ]
    assert study.counts.trained == 1
    assert all(decision.same for decision in study.replay())


def test_a_study_that_is_not_there_cannot_be_begun_with(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no study 'nowhere'"):
        Study.create(toy_spec | {"warm_start": ["nowhere"]}, studies=tmp_path)


def test_a_study_of_another_space_cannot_be_begun_with(
    toy_study: Study, toy_spec: dict[str, Any], toy_space: dict[str, Any], tmp_path: Path
) -> None:
    other = toy_space | {"window": {"size_ms": [500, 700], "stride": [0.5]}}

    with pytest.raises(ConfigError, match="study 'toy' has no trained candidate that this search space knows"):
        Study.create(toy_spec | {"search_space": other, "warm_start": [str(toy_study.folder)]}, studies=tmp_path)


def test_an_enqueued_candidate_is_the_first_trial(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    wanted = {"window.size_ms": 2000}
    study = Study.create(toy_spec | {"enqueue": [wanted]}, studies=tmp_path)

    study.run(trials=1)

    assert study.trials[0].parameters["window.size_ms"] == 2000
