"""What people are told when something goes wrong, or there is nothing to show."""

from __future__ import annotations

import logging
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html, set_props
from dash.exceptions import PreventUpdate

from tuner.errors import TunerError

_log = logging.getLogger(__name__)


def show(error: Exception) -> None:
    """Tell of a failed callback in a corner, and leave the page as it was; defects go to the server's log.

    Raises:
        PreventUpdate: always.
    """
    if isinstance(error, PreventUpdate):
        raise error
    if isinstance(error, TunerError):
        notify(error.message, error.hint, color="orange")
    else:
        _log.error("the dashboard failed", exc_info=error)
        notify("Something went wrong here", "The server's log says more. Studies go on.", color="orange")
    raise PreventUpdate from error


def notify(title: str, text: str = "", color: str = "blue") -> None:
    """Tell something in a corner, for some seconds."""
    note = {"action": "show", "title": title, "message": text, "color": color, "autoClose": 9000}
    set_props("notifications", {"sendNotifications": [note]})


def instead_of_page(error: TunerError) -> Any:
    """Return what stands in place of a page that cannot be shown."""
    return empty(error.message, error.hint, ("Studies", "/"))


def broken(error: Exception) -> Any:
    """Return what stands in place of a page that a defect keeps from being shown; the log has the rest."""
    _log.error("a page cannot be shown", exc_info=error)
    text = "This is a defect of Edge Tuner; the server's log says more. Studies go on."
    return empty("This page cannot be shown", text, ("Studies", "/"))


def nothing_here(path: str) -> Any:
    """Return the page of an address that leads nowhere."""
    return empty(f"There is no page at {path}", "The link may be of a study that was deleted.", ("Studies", "/"))


def empty(title: str, text: str, *ways: tuple[str, str]) -> Any:
    """Return what stands where there is nothing yet: what is missing, and ways on by their titles."""
    links = [dcc.Link(name, href=href, className="button" if place == 0 else "quiet") for place, (name, href)
             in enumerate(ways)]  # fmt: skip
    return html.Div([html.H2(title), html.P(text), html.Div(links, className="row")], className="empty", role="status")


def note(text: str, kind: str = "note") -> Any:
    """Return a short remark; of kind "problem" it is announced to screen readers."""
    return html.P(text, className=kind, role="alert" if kind == "problem" else None)


def loading(children: Any) -> Any:
    """Return what shows that it is being worked on."""
    return dmc.Skeleton(children=children, visible=False)
