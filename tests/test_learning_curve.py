from dataclasses import dataclass

import pytest

from tuner.learning_curve import Fitting, Yardstick, diagnose


@dataclass(frozen=True)
class Figures:
    measure: float
    val_measure: float


@pytest.mark.parametrize(
    ("accuracy", "val_accuracy", "best", "fitting"),
    [
        (0.99, 0.70, 5, Fitting.OVER),
        (0.95, 0.94, 5, Fitting.WELL),
        (0.90, 0.93, 5, Fitting.WELL),
        (0.30, 0.28, 5, Fitting.UNDER),
        (0.80, 0.79, 19, Fitting.UNFINISHED),
    ],
)
def test_a_training_is_judged_by_its_best_epoch(accuracy, val_accuracy, best, fitting):
    curve = [Figures(0.2, 0.2)] * 20
    curve[best] = Figures(accuracy, val_accuracy)

    assert diagnose(curve, best, Yardstick.of_classes(4), epochs=20).fitting == fitting


def test_the_sentence_gives_both_figures_and_a_remedy():
    diagnosis = diagnose([Figures(0.99, 0.70)], 0, Yardstick.of_classes(2), epochs=20)

    assert diagnosis.sentence.startswith("99% right on training examples, 70% on validation: more data")
