from pathlib import Path
from typing import Any

import pytest

from tuner import Study
from tuner.errors import ConfigError
from tuner.store.event import Event
from tuner.study.history import Creation, History, Session, Stop, Target, started, stopped
from tuner.study.limits import Asked, first_session, next_session
from tuner.study.observation import goals_of
from tuner.study.stopping import Rule, StopRules


def test_a_target_is_reached_once_every_device_has_a_model_that_good(creation: Creation, search: Any) -> None:
    history = History(creation)

    end = search(history, 200, target=Target(accuracy=0.75))

    assert end.rule is Rule.TARGET
    assert end.sentence == "the target was reached: accuracy ≥ 75.0% on every device"
    *before, last = [trial.score for trial in history.trials if trial.score is not None]
    assert max(before, default=0.0) < 0.75 <= max(last, *before[-1:])


def test_a_target_may_be_the_hypervolume_of_one_device(creation: Creation, search: Any) -> None:
    history = History(creation)
    device = creation.budgets[0].device

    end = search(history, 200, target=Target(hypervolume=0.2, devices=(device,)))

    assert end.sentence == f"the target was reached: hypervolume ≥ 0.2 on {device}"
    assert history.counts.trained < 200


def test_a_search_without_gain_for_long_enough_stops(creation: Creation, search: Any) -> None:
    history = History(creation)

    end = search(history, 300, patience=10)

    assert end.rule is Rule.PATIENCE
    assert end.sentence == ("the last 10 candidates trained enlarged the hypervolume of the fronts by less than 0.1%")
    assert 10 < history.counts.trained < 300
    # Two fewer, and the last gain was too near.
    rules = StopRules(Session(300, None, 1, patience=10), goals_of(creation), most_samples=1000)
    for trial in [trial for trial in history.trials if trial.score is not None][:-2]:
        rules.tell(trial)
    assert rules.end(handed_out=0, sampled=0, elapsed_s=0.0) is None


def test_the_workers_time_is_limited_over_all_of_them(creation: Creation, search: Any) -> None:
    history = History(creation)

    end = search(history, 200, workers=2, compute_s=5.0)

    assert end.rule is Rule.COMPUTE
    assert end.sentence == "the workers' time limit of 5.0 s was reached"
    worked_s = sum(trial.worker_s for trial in history.trials)
    assert 5.0 <= worked_s < 5.0 + 2


def test_the_candidates_looked_at_are_limited(creation: Creation) -> None:
    rules = StopRules(Session(50, None, 1), goals_of(creation), most_samples=20)

    end = rules.end(handed_out=5, sampled=20, elapsed_s=0.0)

    assert end is not None
    assert (end.rule, end.sentence) == (Rule.SAMPLES, "20 candidates were looked at, the limit")


def test_working_time_is_limited(creation: Creation) -> None:
    rules = StopRules(Session(50, 60.0, 1), goals_of(creation), most_samples=20)

    assert rules.end(handed_out=5, sampled=5, elapsed_s=59.0) is None
    end = rules.end(handed_out=5, sampled=5, elapsed_s=60.0)
    assert end is not None
    assert end.sentence == "the time limit of 1 m 00 s was reached"


def test_an_extension_lifts_the_target_that_ended_the_search_and_a_resumption_does_not(creation: Creation) -> None:
    history = History(creation)
    target, patience = Target(accuracy=0.5), 20
    history.apply(Event(*started(Session(60, None, 2, target=target, patience=patience)), at=0.0))
    history.apply(Event(*stopped(Stop("the target was reached", finished=True, rule=Rule.TARGET)), at=1.0))

    resumed, extended = next_session(history, Asked()), next_session(history, Asked(trials=80))

    assert (resumed.target, resumed.trials) == (target, 60)
    assert (extended.target, extended.trials, extended.patience) == (None, 80, patience)


def test_limits_come_from_the_study_file_first(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    limits = {"trials": 7, "compute": "2 h", "target": {"accuracy": 0.9, "devices": ["raspberry-pi-pico"]}}
    creation = Study.create(toy_spec | {"limits": limits}, studies=tmp_path).history.creation

    session = first_session(creation)

    assert session == Session(7, None, 0, 7200.0, Target(0.9, None, ("raspberry-pi-pico",)))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"target": {}}, "a target needs `accuracy` or `hypervolume`"),
        ({"target": {"accuracy": 0.9, "devices": ["esp32"]}}, "limits.target.devices: no device 'esp32'"),
        ({"patience": 0}, "limits.patience"),
        ({"target": {"acuracy": 0.9}}, "unknown key 'limits.target.acuracy'"),
    ],
)
def test_a_wrong_stop_rule_is_refused(
    toy_spec: dict[str, Any], tmp_path: Path, limits: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Study.create(toy_spec | {"limits": limits}, studies=tmp_path)


def test_a_study_says_that_its_target_was_reached(toy_spec: dict[str, Any], tmp_path: Path) -> None:
    study = Study.create(toy_spec, studies=tmp_path)

    stop = study.run(trials=3, target_accuracy=0.01)

    assert stop.reason == "the target was reached: accuracy ≥ 1.0% on every device"
    assert study.counts.trained == 1
