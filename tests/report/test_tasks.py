import json

import numpy as np
import pytest

from tuner.metrics import regression_score
from tuner.report.answers import answers


def test_the_report_of_a_regression_shows_predictions_against_the_truth(loads_study, tmp_path):
    page = loads_study.report(tmp_path / "report.html").read_text(encoding="utf-8")

    assert "How close predictions come" in page
    assert "What is taken for what" not in page
    assert "What the R² hangs on" in page
    assert f"{loads_study.trials[0].score:.3f}" in page
    assert '"shares":[false,false]' in page


def test_the_report_of_several_labels_shows_each(mixtures_study, tmp_path):
    page = mixtures_study.report(tmp_path / "report.html").read_text(encoding="utf-8")

    assert "How well each label is found" in page
    assert "Macro F1" in page
    rows = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["trials"]
    assert rows[0]["score"] == rows[0]["macro_f1"] == mixtures_study.trials[0].score
    assert {"map", "exact", "float32_map", "test_macro_f1"} <= set(rows[0])


def test_residuals_are_predictions_less_the_truth():
    figure = answers(regression_score(np.array([1.0, 5.0]), np.array([1.0, 3.0]))).figure

    assert list(figure.data[2].x) == [0.0, 2.0]


def test_a_score_that_nothing_is_known_of_is_no_section():
    with pytest.raises(TypeError, match="nothing is known of a dict"):
        answers({})
