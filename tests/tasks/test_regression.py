import numpy as np
import pytest

from tuner.candidate import Candidate
from tuner.errors import DataError
from tuner.models import build
from tuner.tasks import Reading, Task, task_named


@pytest.fixture
def regression() -> Task:
    return task_named("regression")


def reading_of(candidate: Candidate, task: Task, truth: np.ndarray) -> Reading:
    network = build(candidate.architecture, (4,), task.output(0))
    return Reading((), candidate, network, task.fit(truth))


def test_a_network_learns_standardised_numbers(regression: Task, candidate: Candidate) -> None:
    truth = np.array([420.0, 450.0, 496.0], np.float32)

    targets = regression.targets(truth, reading_of(candidate, regression, truth))

    assert targets.shape == (3, 1)
    assert targets.mean() == pytest.approx(0, abs=1e-6)
    assert targets.std() == pytest.approx(1)


def test_answers_are_scored_in_the_unit_of_the_truth(regression: Task, candidate: Candidate) -> None:
    truth = np.array([420.0, 450.0, 496.0], np.float32)
    reading = reading_of(candidate, regression, truth)
    off_by_two = regression.targets(truth + 2, reading)

    score = regression.score(off_by_two, truth, reading)

    assert [figure.value for figure in score.figures()[1:]] == pytest.approx([2.0, 2.0], abs=1e-4)
    assert score.quality < 1


def test_always_answering_the_mean_is_chance(regression: Task, candidate: Candidate) -> None:
    truth = np.array([1.0, 2.0, 6.0], np.float32)

    score = regression.score(np.zeros((3, 1), np.float32), truth, reading_of(candidate, regression, truth))

    assert score.quality == pytest.approx(0.0, abs=1e-6)


def test_targets_that_are_all_alike_do_not_divide_by_zero(regression: Task) -> None:
    assert regression.fit(np.ones(4, np.float32))["target_deviation"] == (1.0,)


def test_a_data_set_of_classes_is_refused(regression: Task, toy_motion) -> None:
    from tuner.data import open_dataset
    from tuner.data.splits import split

    dataset = open_dataset(toy_motion)

    with pytest.raises(DataError, match="its labels make a classification, not a regression"):
        regression.check(dataset, split(dataset))


def test_a_study_of_numbers_predicts_them_and_tells_errors_in_their_unit(loads_study) -> None:
    (trial,) = loads_study.trials

    assert loads_study.summary.metric == "R²"
    assert trial.score > 0.8
    assert 0 < trial.training.converted.mae < 20
    assert trial.training.curve[0].measure > trial.training.curve[-1].measure > 0.3  # watts, not deviations
    assert trial.test is not None
