import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, f1_score

from tuner.data import open_dataset
from tuner.data.splits import split
from tuner.errors import DataError
from tuner.metrics import multi_label_score
from tuner.record import DatasetSummary
from tuner.tasks import task_named, task_of

LABELS = ("a", "b", "c")
TRUTH = arrays(np.uint8, (20, 3), elements=st.integers(0, 1))
PROBABILITIES = arrays(np.float32, (20, 3), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


@given(PROBABILITIES, TRUTH)
def test_f1_and_average_precision_are_those_of_scikit_learn(probabilities, truth) -> None:
    score = multi_label_score(probabilities, truth, LABELS)

    assert score.quality == pytest.approx(f1_score(truth, probabilities >= 0.5, average="macro", zero_division=0))
    for index, label in enumerate(score.labels):
        if label.support:
            wanted = average_precision_score(truth[:, index], probabilities[:, index])
            assert label.average_precision == pytest.approx(wanted)


@given(TRUTH.filter(lambda truth: truth.any(axis=0).all()))
def test_chance_is_the_score_of_naming_every_label(truth) -> None:
    counts = {label: int(truth[:, index].sum()) for index, label in enumerate(LABELS)}
    summary = DatasetSummary(
        "d", "d", "0", LABELS, ("x",), 1.0, {"validation": counts}, "", recordings={"validation": len(truth)}
    )

    chance = task_named("multi-label").chance(summary)

    assert chance == pytest.approx(multi_label_score(np.ones((20, 3), np.float32), truth, LABELS).quality)


def test_labels_are_taken_apart_where_the_description_says_how(toy_mixtures) -> None:
    dataset = open_dataset(toy_mixtures)

    assert dataset.labels == ("fast", "slow")
    assert task_of(dataset).name == "multi-label"
    assert {recording.classes for recording in dataset.recordings} == {(), ("fast",), ("slow",), ("slow", "fast")}


def test_every_split_needs_every_label(toy_mixtures) -> None:
    dataset = open_dataset(toy_mixtures)
    splits = split(dataset)
    without = tuple(name for name in splits.test if "fast" not in dataset.recording(name).classes)

    task_named("multi-label").check(dataset, splits)

    with pytest.raises(DataError, match="the test split has no recording with fast"):
        task_named("multi-label").check(dataset, type(splits)(splits.train, splits.validation, without, ""))


def test_a_study_of_several_labels_learns_each(mixtures_study) -> None:
    assert mixtures_study.summary.metric == "macro F1"
    assert mixtures_study.trials[0].score > 0.9
