import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tuner.metrics import Score, classification_score, quality_text, regression_score
from tuner.record import Epoch
from tuner.store.codec import decode, encode
from tuner.study.history import FinalScore

NUMBERS = arrays(np.float64, 12, elements=st.integers(-1000, 1000).map(float))


def scores() -> list[Score]:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], np.float32)
    return [
        classification_score(probabilities, np.array([0, 1, 1]), ("a", "b")),
        regression_score(np.array([1.0, 2.5]), np.array([1.0, 3.0])),
    ]


@pytest.mark.parametrize("score", scores(), ids=lambda score: score.kind)
def test_what_is_stored_of_a_score_reads_back_equal(score) -> None:
    assert decode(FinalScore, encode(FinalScore(3, score))) == FinalScore(3, score)


def test_a_score_stored_before_there_were_tasks_is_that_of_a_classifier() -> None:
    stored = encode(FinalScore(3, scores()[0]))
    del stored["score"]["kind"]

    assert decode(FinalScore, stored).score == scores()[0]


def test_an_epoch_stored_before_there_were_tasks_calls_its_measure_accuracy() -> None:
    stored = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.1, "val_accuracy": 0.4}

    assert decode(Epoch, stored) == Epoch(1.0, 0.5, 1.1, 0.4)


@pytest.mark.parametrize("score", scores(), ids=lambda score: score.kind)
def test_the_quality_is_the_first_of_the_figures_and_at_most_one(score) -> None:
    assert score.figures()[0].value == score.quality <= 1


@given(NUMBERS, NUMBERS)
def test_the_root_mean_square_is_at_least_the_mean_absolute_error(predicted, truth) -> None:
    score = regression_score(predicted, truth)

    assert score.rmse >= score.mae * (1 - 1e-9) - 1e-150  # squares of smaller errors underflow


@given(NUMBERS)
def test_a_regression_that_hits_every_target_is_perfect(truth) -> None:
    score = regression_score(truth, truth)

    assert (score.quality, score.mae, score.rmse) == (1.0, 0.0, 0.0)


def test_qualities_are_written_as_their_metric_is() -> None:
    assert quality_text(0.9512, "accuracy") == "95.1%"
    assert quality_text(-0.5, "R²") == "-0.500"
    assert quality_text(None, "accuracy") == "–"
