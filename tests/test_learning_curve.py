from dataclasses import dataclass

import pytest

from tuner.learning_curve import Fitting, Yardstick, diagnose, remaining


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


def test_a_curve_that_falls_by_a_power_law_is_followed_to_its_end():
    losses = [0.5 + 1.0 / epoch**0.5 for epoch in range(1, 21)]

    expected = (0.5 + 1.0 / 80**0.5) / losses[-1]

    assert remaining(losses, 80) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("losses", "why"),
    [([1.0, 0.5], "too short"), ([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], "rises"), ([0.5] * 9, "stands still")],
)
def test_a_curve_that_promises_nothing_stays_where_it_is(losses, why):
    assert remaining(losses, 100) == pytest.approx(1.0), why


def test_no_curve_is_believed_to_fall_below_half_of_what_it_reached():
    assert remaining([3.0, 2.0, 1.0, 0.1], 1000) == 0.5
