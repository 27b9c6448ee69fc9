"""A text to edit, with numbered lines, and what is wrong with it at which line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html

from tuner.dashboard.attributes import aria
from tuner.dashboard.callbacks import Callbacks
from tuner.messages.validation import TextProblem


def editor(name: str, label: str, text: str = "") -> Any:
    """Return an editor; its text is the value of "NAME-text", the lines at fault are the data of "NAME-wrong"."""
    return html.Div(
        [
            html.Pre(id=f"{name}-lines", **aria(hidden="true")),
            dmc.Textarea(
                id=f"{name}-text", value=text, autosize=True, minRows=12, debounce=400, variant="unstyled",
                spellCheck=False, **aria(label=label),
            ),
            dcc.Store(id=f"{name}-wrong", data=[]),
        ],
        className="editor",
    )  # fmt: skip


def number_lines(callbacks: Callbacks, name: str) -> None:
    """Number the lines of an editor as its text changes."""
    callbacks.in_browser(
        "lineNumbers",
        Output(f"{name}-lines", "children"),
        Input(f"{name}-text", "value"),
        Input(f"{name}-wrong", "data"),
    )


def problem_list(problems: Sequence[TextProblem], good: str) -> Any:
    """Return what is wrong, line by line, or that nothing is."""
    if not problems:
        return html.P(good, className="note", role="status")
    lines = [
        html.Li([html.B(f"Line {problem.line}: ", className="number"), problem.message,
                 html.Span(f" {problem.hint}", className="note") if problem.hint else None], className="problem")
        for problem in problems
    ]  # fmt: skip
    return html.Ul(lines, className="lines", role="alert")
