"""The report as one HTML file that needs nothing else: no network, no server."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from tuner.record import RESOURCES, StudySummary, Trial
from tuner.report import sections, words
from tuner.report.markup import Markup, join
from tuner.report.page import Page
from tuner.report.theme import template


def render(summary: StudySummary, trials: tuple[Trial, ...]) -> str:
    """Return the report of a study as it stands."""
    page = Page(summary, trials)
    body = sections.body(page)
    data = [_json_script("page", json.dumps(_page_data(page), allow_nan=False, separators=(",", ":")))]
    data += [_json_script(f"figure-{name}", _without_template(figure)) for name, figure in page.figures.items()]
    parts = {
        "title": html.escape(f"{summary.name} – Edge Tuner"),
        "style": _file("style.css"),
        "body": join([body, *data]),
        "plotly": get_plotlyjs(),
        "script": _file("script.js"),
    }
    # In one pass: what is filled in is never looked at again, whatever it holds.
    return re.sub(r"%([a-z]+)%", lambda found: parts[found[1]], _file("template.html"))


def _page_data(page: Page) -> Mapping[str, Any]:
    """Return what the script works with: the devices, the candidates' rows and the looks of figures."""
    members = {device: {trial.number for trial in front} for device, front in page.fronts.items()}
    return {
        "devices": [budget.device for budget in page.budgets],
        "resources": list(RESOURCES),
        "templates": {mode: template(mode).to_plotly_json() for mode in ("light", "dark")},
        "trials": [_row(trial, members) for trial in page.trials],
    }


def _row(trial: Trial, members: Mapping[str, set[int]]) -> Mapping[str, Any]:
    training, appraisal = trial.training, trial.appraisal
    here: dict[str, list[float | bool]] = {}
    for device in members if appraisal is not None else ():
        assert appraisal is not None
        cost = appraisal.cost(device)
        needs = [cost.ram.total.value, cost.flash.total.value, float(f"{cost.latency.total.value:.5g}")]
        here[device] = [*needs, trial.fits(device), trial.number in members[device]]
    return {
        "number": trial.number,
        "state": trial.state.value,
        "accuracy": _rounded(trial.score),
        "f1": None if training is None else _rounded(training.converted.macro_f1),
        "float32": None if training is None else _rounded(training.float32.accuracy),
        "test": None if trial.test is None else _rounded(trial.test.accuracy),
        "candidate": words.candidate(trial.candidate),
        "detail": words.detail(trial.candidate),
        "reason": trial.reason,
        "on": here,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


def _without_template(figure: go.Figure) -> str:
    """Return a figure as JSON; the page lends its own template, in light and in dark."""
    bare = go.Figure(figure)
    bare.layout.template = None
    return str(plotly.io.to_json(bare, engine="json"))


def _json_script(name: str, text: str) -> Markup:
    """Return JSON as an element that no text in it can end."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(f'<script type="application/json" id="{html.escape(name)}">{safe}</script>\n')


def _file(name: str) -> str:
    return files("tuner.report").joinpath(name).read_text(encoding="utf-8")
