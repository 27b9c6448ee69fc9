"""What is at work: candidates handed to workers, and the learning curves of those that came back last."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import link
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import written
from tuner.dashboard.drawing import graph
from tuner.messages.trials import TrialDetail
from tuner.report.figures import curve_figure

_LAST = 6


def panel() -> Any:
    """Return the tab."""
    return html.Div(id="study-now")


def register(callbacks: Callbacks, client: Client) -> None:
    """Show what is at work, while it is looked at."""

    @callbacks.on(
        Output("study-now", "children"), Input("study-version", "data"), Input("study-tab", "value"),
        State("study-name", "data"),
    )  # fmt: skip
    def now(_: Any, tab: str, study: str) -> Any:
        if tab != "now":
            return no_update
        pending = client.trials(study, state=["pending"], sort="-number", limit=50)
        last = client.trials(study, state=["trained"], sort="-number", limit=_LAST)
        metric = client.study(study).entry.metric
        details = [client.trial(study, row.number) for row in last.rows]
        at_work = [
            html.Li([html.B(f"Trial {row.number}  ", className="number"), row.words]) for row in pending.rows
        ] or [html.Li("Nothing is at work.", className="note")]
        return [
            html.Section([html.H2("At work"), html.Ul(at_work, className="lines")], className="card"),
            html.Section(
                [
                    html.H2("Trained last"),
                    html.P("Loss on the training examples and on the validation split, by epoch; the weights of the "
                           "marked epoch were kept.", className="note"),
                    html.Div([_curve(study, detail, metric) for detail in details], className="cards spaced-top"),
                ]
                if details
                else failure.note("No candidate has been trained yet."),
            ),
        ]  # fmt: skip


def _curve(study: str, detail: TrialDetail, metric: str) -> Any:
    training = detail.trial.training
    assert training is not None
    figure = curve_figure(training)
    figure.update_layout(height=190, margin={"l": 44, "r": 8, "t": 8, "b": 32}, showlegend=False)
    title = dcc.Link(f"Trial {detail.row.number}", href=link("studies", study, "trials", detail.row.number))
    return html.Article(
        [
            html.Div(
                [html.H3(title), html.B(written(detail.row.quality, metric), className="number")], className="spread"
            ),
            html.P(detail.row.words, className="note small"),
            graph(f"study-curve-{detail.row.number}", f"Learning curve of trial {detail.row.number}", figure=figure),
        ],
        className="card candidate",
    )
