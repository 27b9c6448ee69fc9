from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from tuner import State, Study
from tuner.store.event import Event, Kind
from tuner.study.cost_model import CostModel
from tuner.study.history import Creation, History
from tuner.study.replay import Decision, chooser, decisions

Choices = list[tuple[Mapping[str, Any], State, float | None, tuple[int, ...] | None]]


def choices(history: History) -> Choices:
    return [(trial.parameters, trial.state, trial.score, trial.unseen) for trial in history.trials]


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
