import numpy as np
import pytest

from tuner.report import figures
from tuner.report.parallel import parallel_figure
from tuner.report.scatter import Point, stairs
from tuner.study.fronts import device_front, resource_value

RESOURCES = ("ram", "flash", "latency")


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_trained_trial_is_on_the_front_or_beaten_or_over_a_budget(resource, a_summary, some_trials):
    figure = figures.front_figure(a_summary, some_trials, "small", resource)

    shown = [data[0] for trace in figure.data if trace.customdata is not None for data in trace.customdata]
    assert sorted(shown) == [trial.number for trial in some_trials if trial.score is not None]


def test_the_front_is_that_of_the_study(a_summary, some_trials):
    figure = figures.front_figure(a_summary, some_trials, "small", "ram")
    front = device_front(some_trials, "small", RESOURCES)

    points = trace(figure, "Pareto front")

    assert sorted(zip(points.x, points.y, strict=True)) == sorted(
        (resource_value(trial, "small", "ram"), trial.score) for trial in front
    )


def test_the_stairs_never_fall(a_summary, some_trials):
    stairs = figures.front_figure(a_summary, some_trials, "medium", "latency").data[0]

    assert np.all(np.diff(stairs.x) > 0)
    assert np.all(np.diff(stairs.y) > 0)


def test_the_best_of_two_resources_never_costs_more_of_either():
    points = [
        Point(n, 0.9, ram, flash, 1.0, "front", "") for n, (ram, flash) in enumerate([(1, 9), (2, 5), (3, 6), (4, 1)])
    ]

    assert stairs(points, "ram", "flash") == [(1, 9), (2, 5), (4, 1)]
    assert stairs(points, "flash", "ram") == [(1, 4), (5, 2), (9, 1)]


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_parts_of_a_bar_add_up_to_the_need(resource, some_trials):
    front = device_front(some_trials, "small", RESOURCES)
    figure = figures.parts_figure(front, "small")
    axis = ["x", "x2", "x3"][RESOURCES.index(resource)]

    total = np.sum([trace.x for trace in figure.data if trace.xaxis == axis], axis=0)

    scale = 1 if resource == "latency" else 1024
    np.testing.assert_allclose(total * scale, [resource_value(trial, "small", resource) for trial in front])


def test_the_confusion_matrix_shows_counts_coloured_by_share_of_the_true_class(some_trials):
    score = next(trial.training.converted for trial in some_trials if trial.training is not None)

    heatmap = figures.confusion_figure(score).data[0]

    np.testing.assert_array_equal(heatmap.text, score.confusion)
    np.testing.assert_allclose(np.sum(heatmap.z, axis=1), 1)


def test_the_course_ends_at_the_hypervolume_of_the_front(a_summary, some_trials):
    figure = figures.course_figure(figures.courses(a_summary, some_trials))

    assert [line.name for line in figure.data] == ["Small board &amp; co", "Medium board", "Large board"]
    assert all(np.all(np.diff(line.y) >= 0) for line in figure.data)


def test_every_candidate_is_counted_once_on_each_device(a_summary, some_trials):
    causes = {budget.title: figures.rejection_causes(some_trials, budget.device) for budget in a_summary.budgets}

    figure = figures.rejection_figure(causes)

    assert list(np.sum([bar.x for bar in figure.data], axis=0)) == [len(some_trials)] * 3


def test_the_cause_is_the_budget_exceeded_most(some_trials):
    causes = figures.rejection_causes(some_trials, "small")

    assert causes["fits"] == sum(trial.fits("small") for trial in some_trials)
    assert causes.total() == len(some_trials)
    assert set(causes) <= {"fits", *RESOURCES}


def test_coordinates_of_absent_parameters_lie_below_the_axis_and_say_so(some_trials):
    trained = [trial for trial in some_trials if trial.score is not None]
    figure = parallel_figure(trained, "small", ["fft_length", "learning_rate", "window_ms", "family"])

    fft = figure.data[0].dimensions[0]

    absent = [value for value, trial in zip(fft.values, trained, strict=True) if "fft_length" not in trial.parameters]
    assert absent
    assert set(absent) == {fft.tickvals[0]}
    assert fft.ticktext[0] == "–"
    assert all(value > fft.tickvals[0] for value in fft.values if value not in set(absent))
