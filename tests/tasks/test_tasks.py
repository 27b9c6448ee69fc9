from dataclasses import replace

import pytest

from tuner.candidate import Candidate, Settings
from tuner.errors import BuildError, ConfigError
from tuner.tasks import TASKS, resolved, task_named


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_standard_loss_takes_the_place_of_auto(task, candidate: Candidate) -> None:
    assert resolved(task, candidate.training).loss == Settings(task.losses[0])


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_every_loss_of_a_task_is_one_that_training_knows(task) -> None:
    from tuner.training.losses import build_objective

    for loss in task.losses:
        build_objective(Settings(loss), task.output(3).activation)


def test_a_loss_of_another_task_is_refused_before_training(candidate: Candidate) -> None:
    training = replace(candidate.training, loss=Settings("huber"))

    with pytest.raises(BuildError, match="the loss 'huber' does not go with classification"):
        resolved(task_named("classification"), training)


def test_classes_are_weighed_only_where_there_are_some(candidate: Candidate) -> None:
    assert resolved(task_named("classification"), candidate.training).class_weights
    assert not resolved(task_named("regression"), candidate.training).class_weights


def test_an_unknown_task_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no 'regresion'") as refusal:
        task_named("regresion")

    assert "regression" in str(refusal.value)
