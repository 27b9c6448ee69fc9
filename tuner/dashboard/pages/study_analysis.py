"""What a study teaches: what the quality hangs on, how the search went, what was rejected and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, State, html, no_update

from tuner.client import Client
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.drawing import graph
from tuner.messages.fronts import Importance, Reason, Rejections
from tuner.report import words
from tuner.report.figures import Course, course_figure, importance_figure, rejection_figure
from tuner.report.importance import LEAST_TRIALS


def panel() -> Any:
    """Return the tab."""
    return html.Div(
        [
            html.Div(
                [
                    html.Section(
                        [
                            html.H2("What the quality hangs on"),
                            html.P(id="study-importance-told", className="note"),
                            html.Div(
                                graph("study-importance", "Importance of the parameters"), id="study-importance-box"
                            ),
                        ],
                        className="card",
                    ),
                    html.Section(
                        [
                            html.H2("How the search went"),
                            html.P(
                                "The hypervolume of each board's front: the chance that a wish drawn at random can be "
                                "fulfilled, a quality better than guessing within a limit on each resource.",
                                className="note",
                            ),
                            graph("study-course", "Hypervolume after each trial"),
                        ],
                        className="card",
                    ),
                ],
                className="two",
            ),
            html.Section(
                [
                    html.H2("What was rejected, and why"),
                    html.P(id="study-rejections-told", className="note"),
                    graph("study-rejections", "Candidates by the budget they exceed most"),
                    html.Div(id="study-reasons"),
                ],
                className="card",
            ),
        ]
    )


def register(callbacks: Callbacks, client: Client) -> None:
    """Draw what the tab shows, while it is shown."""
    wiring = (Input("study-version", "data"), Input("study-tab", "value"), State("study-name", "data"))

    @callbacks.on(
        Output("study-importance", "figure"), Output("study-importance", "style"),
        Output("study-importance-told", "children"), Output("study-importance-box", "hidden"), *wiring,
    )  # fmt: skip
    def importance(_: Any, tab: str, study: str) -> Any:
        if tab != "analysis":
            return (no_update,) * 4
        found = client.importance(study)
        if not found.trials:
            return no_update, no_update, _too_few(), True
        figure = importance_figure(found.parameters)
        return figure, {"height": f"{figure.layout.height}px"}, _trust(found), False

    @callbacks.on(Output("study-course", "figure"), *wiring)
    def course(_: Any, tab: str, study: str) -> Any:
        if tab != "analysis":
            return no_update
        history = client.hypervolume(study)
        return course_figure([Course(one.title, one.ended, one.hypervolume) for one in history.courses])

    @callbacks.on(
        Output("study-rejections", "figure"), Output("study-rejections", "style"),
        Output("study-rejections-told", "children"), Output("study-reasons", "children"), *wiring,
    )  # fmt: skip
    def rejections(_: Any, tab: str, study: str) -> Any:
        if tab != "analysis":
            return (no_update,) * 4
        found = client.rejections(study)
        figure = rejection_figure({one.title: one.causes for one in found.devices})
        reasons = [*_reasons("Cannot be built", found.unbuildable), *_reasons("Failed", found.failed)]
        return figure, {"height": f"{figure.layout.height}px"}, _rejected(found), reasons


def _too_few() -> str:
    return f"Too little to tell: it takes {LEAST_TRIALS} trained candidates that differ in quality."


def _trust(found: Importance) -> str:
    explained = max(0.0, found.explained)
    doubt = "" if found.trusted else ": too little to build on"
    return (
        "By how much a prediction of the quality gets worse when the parameter is shuffled. The model behind it "
        f"explains {explained:.0%} of the variance of candidates it did not see{doubt} "
        f"({words.count(found.trials, 'candidate')})."
    )


def _rejected(found: Rejections) -> str:
    told = "Of all candidates sampled: whether they fit each board, or else the budget they exceed most. "
    if found.costed:
        told += f"To choose them the sampler costed {words.count(found.costed, 'candidate')} without training."
    return told


def _reasons(title: str, reasons: Sequence[Reason]) -> list[Any]:
    if not reasons:
        return []
    lines = [html.Li(f"{reason.count} × {reason.reason} (last: trial {reason.last_trial})") for reason in reasons]
    return [html.H3(title, style={"marginTop": 12}), html.Ul(lines, className="lines")]
