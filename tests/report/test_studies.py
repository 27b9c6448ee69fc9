from dataclasses import replace

import pytest

from tuner.report.studies import all_budgets, courses_figure, fronts_figure, render_studies
from tuner.report.write import write_studies_report
from tuner.study.fronts import device_front, resource_value


@pytest.fixture(scope="module")
def two_studies(a_summary, make_summary, make_trials):
    longer = make_summary(name="longer <b>")
    return [
        (a_summary, make_trials(40)),
        (replace(longer, budgets=longer.budgets[:2], seed=8), make_trials(60, seed=5)),
    ]


def test_every_study_has_its_front_in_its_own_colour(two_studies):
    figure = fronts_figure(two_studies, "small", "ram")

    points = [trace for trace in figure.data if trace.mode == "markers"]
    assert [trace.name for trace in points] == ["exercises", "longer &lt;b&gt;"]
    assert len({trace.marker.color for trace in points}) == 2
    for trace, (_, trials) in zip(points, two_studies, strict=True):
        front = device_front(trials, "small", ("ram", "flash", "latency"))
        assert list(trace.x) == [resource_value(trial, "small", "ram") for trial in front]


def test_a_study_without_the_device_has_no_course_on_it(two_studies):
    assert [trace.name for trace in courses_figure(two_studies, "large").data] == ["exercises"]
    assert len(courses_figure(two_studies, "small").data) == 2


def test_devices_of_all_studies_are_shown_those_they_share_first(two_studies):
    summary, trials = two_studies[0]
    budgets = all_budgets([(replace(summary, budgets=summary.budgets[::-1]), trials), two_studies[1]])

    assert [budget.device for budget in budgets] == ["medium", "small", "large"]


def test_settings_that_differ_are_in_bold(two_studies):
    page = render_studies(two_studies)

    assert "<b>7</b>" in page
    assert "<b>8</b>" in page
    assert "<b>surrogate</b>" not in page
    assert "longer <b>" not in page


def test_studies_on_different_data_are_told_apart(two_studies):
    (summary, trials), second = two_studies
    other = replace(summary, dataset=replace(summary.dataset, fingerprint="0" * 64))

    assert "on the same data" in render_studies(two_studies)
    assert "their scores do not compare" in render_studies([(other, trials), second])


def test_a_study_without_trials_stands_beside_others(two_studies, make_summary):
    assert "begun" in render_studies([(make_summary(name="begun"), ()), two_studies[0]])


def test_a_browser_draws_the_page_of_several_studies_without_an_error(two_studies, browser, tmp_path):
    path = write_studies_report(two_studies, tmp_path / "comparison.html")
    errors = []
    page = browser.new_page(viewport={"width": 1280, "height": 4000})
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(path.as_uri())
    page.wait_for_selector('[data-figure="fronts-0-ram"] .main-svg')
    page.wait_for_selector('[data-figure="courses-0"] .main-svg')
    page.click("text=Medium board")
    page.wait_for_selector('[data-figure="fronts-1-ram"] .main-svg')

    assert errors == []
    assert path.with_suffix(".md").read_text(encoding="utf-8").startswith("# Fronts of exercises, longer")
    page.close()
