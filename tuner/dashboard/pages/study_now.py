"""What is at work: candidates handed to workers as they learn, and the learning curves of those that came back last."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import link
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import written
from tuner.dashboard.drawing import graph
from tuner.messages.trials import TrialDetail
from tuner.report.figures import curve_figure

_DRAWN = 6
"""Curves of those at work, and of those that came back last."""


def panel() -> Any:
    """Return the tab."""
    return [html.Div(id="study-at-work"), html.Div(id="study-now")]


def register(callbacks: Callbacks, client: Client) -> None:
    """Show what is at work, while it is looked at."""

    @callbacks.on(
        Output("study-at-work", "children"), Input("study-tick", "n_intervals"), Input("study-version", "data"),
        Input("study-tab", "value"), State("study-name", "data"),
    )  # fmt: skip
    def at_work(_: int, __: Any, tab: str, study: str) -> Any:
        if tab != "now":
            return no_update
        pending = client.trials(study, state=["pending"], sort="-number", limit=50)
        details = [client.trial(study, row.number) for row in pending.rows[:_DRAWN]]
        lines = [html.Li([html.B(f"Trial {row.number}  ", className="number"), row.words]) for row in pending.rows] or [
            html.Li("Nothing is at work.", className="note")
        ]
        curves = [_so_far(study, detail) for detail in details if detail.so_far]
        return html.Section(
            [
                html.H2("At work"),
                html.Ul(lines, className="lines"),
                html.Div(curves, className="cards spaced-top", hidden=not curves),
            ],
            className="card",
        )

    @callbacks.on(
        Output("study-now", "children"), Input("study-version", "data"), Input("study-tab", "value"),
        State("study-name", "data"),
    )  # fmt: skip
    def last(_: Any, tab: str, study: str) -> Any:
        if tab != "now":
            return no_update
        trained = client.trials(study, state=["trained"], sort="-number", limit=_DRAWN)
        metric = client.study(study).entry.metric
        details = [client.trial(study, row.number) for row in trained.rows]
        return html.Section(
            [
                html.H2("Trained last"),
                html.P("Loss on the training examples and on the validation split, by epoch; the weights of the "
                       "marked epoch were kept.", className="note"),
                html.Div([_whole(study, detail, metric) for detail in details], className="cards spaced-top"),
            ]
            if details
            else failure.note("No candidate has been trained yet."),
        )  # fmt: skip


def _so_far(study: str, detail: TrialDetail) -> Any:
    return _card("so-far", study, detail, f"epoch {len(detail.so_far):,}", curve_figure(detail.so_far))


def _whole(study: str, detail: TrialDetail, metric: str) -> Any:
    training = detail.trial.training
    assert training is not None
    figure = curve_figure(training.curve, training.best_epoch)
    return _card("whole", study, detail, written(detail.row.quality, metric), figure)


def _card(kind: str, study: str, detail: TrialDetail, standing: str, figure: go.Figure) -> Any:
    number = detail.row.number
    figure.update_layout(height=190, margin={"l": 44, "r": 8, "t": 8, "b": 32}, showlegend=False)
    title = dcc.Link(f"Trial {number}", href=link("studies", study, "trials", number))
    return html.Article(
        [
            html.Div([html.H3(title), html.B(standing, className="number")], className="spread"),
            html.P(detail.row.words, className="note small"),
            graph(f"study-{kind}-{number}", f"Learning curve of trial {number}", figure=figure),
        ],
        className="card candidate",
    )
