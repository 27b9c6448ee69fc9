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

from tuner.record import RESOURCES, State, StudySummary, Trial
from tuner.report import sections, words
from tuner.report.markup import Markup, join
from tuner.report.page import Page
from tuner.report.theme import TOKENS, css_variables, template


def render(summary: StudySummary, trials: tuple[Trial, ...]) -> str:
    """Return the report of a study as it stands."""
    page = Page(summary, trials)
    return document(f"{summary.name} – Edge Tuner", sections.body(page), page.figures, _page_data(page))


def document(title: str, body: Markup, figures: Mapping[str, go.Figure], data: Mapping[str, Any]) -> str:
    """Return a page that needs nothing else.

    Args:
        title: of the window.
        body: what is read.
        figures: by the names of the boxes in which they are drawn.
        data: what the script works with: "devices", "resources" and "trials", the rows of the table of candidates.
    """
    pool = _Pool()
    scripts = [_json_script(f"figure-{name}", pool.shared(_bare(figure))) for name, figure in figures.items()]
    templates = {mode: template(mode).to_plotly_json() for mode in TOKENS}
    scripts += [_json_script("pool", pool.arrays), _json_script("page", {**data, "templates": templates})]
    parts = {
        "title": html.escape(title),
        "style": css_variables(':root[data-mode="dark"]') + _file("style.css"),
        "body": join([body, *scripts]),
        "plotly": get_plotlyjs(),
        "script": _file("script.js"),
    }
    # In one pass: what is filled in is never looked at again, whatever it holds.
    return re.sub(r"%([a-z]+)%", lambda found: parts[found[1]], _file("template.html"))


def _page_data(page: Page) -> Mapping[str, Any]:
    """Return what the script works with: the devices and the candidates' rows."""
    members = {device: {trial.number for trial in front} for device, front in page.fronts.items()}
    return {
        "devices": [budget.device for budget in page.budgets],
        "resources": list(RESOURCES),
        "shares": page.shares,
        "trials": [_row(trial, members) for trial in page.trials],
    }


def _row(trial: Trial, members: Mapping[str, set[int]]) -> Mapping[str, Any]:
    training, appraisal = trial.training, trial.appraisal
    second = words.second_figure(trial)
    here: dict[str, list[float | bool | str]] = {}
    for device in members if appraisal is not None else ():
        assert appraisal is not None
        cost = appraisal.cost(device)
        needs = [cost.ram.total.value, cost.flash.total.value, float(f"{cost.latency.total.value:.5g}")]
        verdict = appraisal.verdict(device)
        here[device] = [*needs, verdict.fits, trial.number in members[device], "; ".join(verdict.reasons)]
    return {
        "number": trial.number,
        "state": trial.state.value,
        "score": _rounded(trial.score),
        "second": None if second is None else _rounded(second.value),
        "float32": None if training is None else _rounded(training.float32.quality),
        "candidate": words.candidate(trial.candidate),
        "detail": words.detail(trial.candidate),
        "reason": trial.reason if trial.state is State.FAILED or trial.appraisal is None else "",
        "on": here,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


class _Pool:
    """Long arrays that figures share, each once: a board's three figures differ in one axis alone."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self._places: dict[str, int] = {}

    def shared(self, data: Any) -> Any:
        """Return data with its long arrays replaced by their places in the pool."""
        if isinstance(data, dict):
            return {key: self.shared(value) for key, value in data.items()}
        if not isinstance(data, list):
            return data
        if len(data) < _LONG:
            return [self.shared(value) for value in data]
        text = json.dumps(data)
        if text not in self._places:
            self._places[text] = len(self.arrays)
            self.arrays.append(data)
        return {"pool": self._places[text]}


_LONG = 30


def _bare(figure: go.Figure) -> Any:
    """Return a figure's data and layout without a template; the page lends its own, in light and in dark."""
    bare = go.Figure(figure)
    bare.layout.template = None
    return json.loads(plotly.io.to_json(bare, engine="json"))


def _json_script(name: str, data: Any) -> Markup:
    """Return data as an element that no text in it can end."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(f'<script type="application/json" id="{html.escape(name)}">{safe}</script>\n')


def _file(name: str) -> str:
    return files("tuner.report").joinpath(name).read_text(encoding="utf-8")
