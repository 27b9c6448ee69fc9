"""Candidates put aside to be compared: kept in the browser from page to page, across studies."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, State, dcc, html

from tuner.dashboard.attributes import aria
from tuner.dashboard.callbacks import Callbacks

MOST = 6


def store() -> Any:
    """Return where the choice is kept, as "study:trial"."""
    return dcc.Store(id="tray", storage_type="session", data=[])


def layout() -> Any:
    """Return the strip that shows the choice, hidden while there is none."""
    return html.Aside(
        [
            html.Span(id="tray-count"),
            html.Span(id="tray-names", className="note"),
            dcc.Link("Compare", href="/compare", id="tray-go", className="button"),
            html.Button("Clear", id="tray-clear", className="quiet", n_clicks=0),
        ],
        id="tray-strip",
        className="tray",
        hidden=True,
        **aria(label="Candidates to compare"),
    )


def button(study: str, trial: int) -> Any:
    """Return the button by which a candidate is put aside, or taken back."""
    return html.Button(
        "Compare",
        id={"type": "put-aside", "trial": f"{study}:{trial}"},
        className="quiet put-aside",
        n_clicks=0,
        **aria(label=f"Put trial {trial} of {study} aside to compare"),
    )


def register(callbacks: Callbacks) -> None:
    """Keep the choice, and show it."""
    callbacks.in_browser(
        "putAside",
        Output("tray", "data"),
        Input({"type": "put-aside", "trial": ALL}, "n_clicks"),
        Input("tray-clear", "n_clicks"),
        State("tray", "data"),
        prevent_initial_call=True,
    )
    callbacks.in_browser(
        "showTray",
        Output("tray-strip", "hidden"),
        Output("tray-count", "children"),
        Output("tray-names", "children"),
        Output("tray-go", "href"),
        Input("tray", "data"),
        Input("address", "pathname"),
        Input("page", "children"),
    )
