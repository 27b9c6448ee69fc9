import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tuner.record import Survey
from tuner.report.html import render
from tuner.report.write import write_report


class Outline(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.headings, self.resources, self.data, self.figures = [], [], [], [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.open.append((tag, found)) if tag not in {"meta", "input", "br"} else None
        self.ids += [found["id"]] if "id" in found else []
        self.figures += [found] if "data-figure" in found else []
        self.resources += [found[name] for name in ("src", "href") if name in found]

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if tag == "h2":
            self.headings.append(text)
        if attributes.get("type") == "application/json":
            self.data[attributes["id"]] = json.loads(text)


@pytest.fixture(scope="module")
def report(a_summary, some_trials):
    return render(a_summary, some_trials)


@pytest.fixture(scope="module")
def outline(report):
    return Outline(report)


def test_the_page_is_well_formed_and_every_id_is_one_element(outline):
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)


def test_the_page_loads_nothing(outline, report):
    without_plotly = re.sub(r"<script>.*?</script>", "", report, flags=re.DOTALL)

    assert outline.resources == []
    assert "http" not in without_plotly


def test_every_box_has_its_figure_and_says_what_it_shows(outline):
    for box in outline.figures:
        assert f"figure-{box['data-figure']}" in outline.data
        assert box["aria-label"]


def test_the_page_says_what_was_searched_what_became_of_it_and_why_it_ended(report, some_trials):
    rejected = sum(trial.state.value == "rejected" for trial in some_trials)

    assert "Searched the space “motion” on the data set “watch” for Small board &amp; co, Medium board" in report
    assert f"60 candidates sampled, {rejected} rejected before training because no device can run them" in report
    assert "It stopped because 60 candidates were trained, as many as asked for." in report


def test_the_page_has_a_section_for_every_question(outline):
    assert outline.headings == [
        "Pareto front",
        "Members of the front",
        "Where the resources go",
        "What is taken for what",
        "All candidates",
        "From parameters to results",
        "What the accuracy hangs on",
        "How the search went",
        "What was rejected, and why",
        "What conversion costs",
        "Data set",
        "How to get the same again",
    ]


def test_every_trial_is_in_the_table(outline, some_trials):
    rows = outline.data["page"]["trials"]

    assert [row["number"] for row in rows] == [trial.number for trial in some_trials]
    assert [row["score"] for row in rows] == pytest.approx([trial.score for trial in some_trials], abs=1e-5)


def test_names_from_outside_stay_text(outline, report):
    assert "<script>alert" not in report
    assert any("&lt;script&gt;alert" in text for text in json.dumps(outline.data).split('"'))


def test_a_name_cannot_end_the_data_it_stands_in(make_summary, some_trials):
    name = "</script><script>alert(1)</script>"

    outline = Outline(render(make_summary(name=name), some_trials))

    assert outline.open == []
    assert name not in render(make_summary(name=name), some_trials)


def test_a_study_without_any_trial_has_a_report(a_summary):
    outline = Outline(render(a_summary, ()))

    assert "Pareto front" not in outline.headings
    assert "All candidates" in outline.headings


def test_a_study_whose_every_trial_was_rejected_says_why(a_summary, make_trials):
    rejected = tuple(trial for trial in make_trials(150) if trial.state.value == "rejected")

    report = render(a_summary, rejected)

    assert rejected
    assert rejected[-1].reason.split(";")[0] in report


def test_a_study_of_few_trained_trials_has_a_report(a_summary, some_trials):
    report = render(a_summary, some_trials[:3])

    assert "it takes 12 trained trials" in report


def test_two_thousand_trials_make_less_than_eight_megabytes(a_summary, make_trials):
    report = render(a_summary, make_trials(2000))

    assert len(report.encode()) < 8e6


def test_a_browser_draws_the_page_without_an_error(a_summary, some_trials, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine")
    path = write_report(a_summary, some_trials, tmp_path / "report.html")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run"]
    options += ["--disable-background-networking", "--enable-logging=stderr", "--virtual-time-budget=20000"]

    shown = subprocess.run(
        [browser, *options, "--window-size=1280,9000", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert "Uncaught" not in shown.stderr
    drawn = re.findall(
        r'data-figure="([a-z]+)[^>]*js-plotly-plot|js-plotly-plot[^>]*data-figure="([a-z]+)', shown.stdout
    )
    names = {first or second for first, second in drawn}
    assert names >= {"front", "parts", "answers", "parallel", "importance", "course", "rejections", "quantization"}


def test_the_candidates_passed_over_are_counted_by_the_budget_they_exceed(a_summary, some_trials):
    device = a_summary.budgets[0].device
    looked_at = Survey(costed=200, unfit=30, exceeded={f"{device}/ram": 50})

    page = render(replace(a_summary, survey=looked_at), some_trials)

    assert "the sampler costed 200 candidates, of which 30 fit no board" in page
    assert "<td>25.0%</td>" in page
