import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tuner.metrics import anomaly_score


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=60), st.integers(-1, 9))
def test_the_area_is_that_of_scikit_learn_and_the_curve_rises(windows, threshold):
    scores, truth = (np.array(values) for values in zip(*windows, strict=True))
    if truth.all() or not truth.any():
        return

    score = anomaly_score(scores, truth, threshold)

    assert score.auc == pytest.approx(roc_auc_score(truth, scores))
    assert list(score.curve) == sorted(score.curve)
    assert score.curve[-1] == (1.0, 1.0)
    assert score.detected == pytest.approx((scores[truth] > threshold).mean())
    assert score.false_alarms == pytest.approx((scores[~truth] > threshold).mean())


def test_anomalies_that_all_stand_out_are_perfect():
    score = anomaly_score(np.array([0.1, 0.2, 0.9]), np.array([0, 0, 1]), threshold=0.5)

    assert (score.quality, score.detected, score.false_alarms) == (1.0, 1.0, 0.0)
    assert [figure.key for figure in score.figures()] == ["auc", "detected", "false_alarms"]


def test_without_anomalies_there_is_no_score():
    with pytest.raises(ValueError, match="an AUC needs normal windows and anomalies"):
        anomaly_score(np.zeros(3), np.zeros(3), 0.5)
