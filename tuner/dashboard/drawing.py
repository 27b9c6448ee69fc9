"""Figures on a page."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from tuner.dashboard.attributes import aria


def graph(name: str, told: str, *, height: int = 400, brush: bool = False, figure: go.Figure | None = None) -> Any:
    """Return the place of a figure.

    Args:
        name: the id.
        told: what it shows, for those who cannot see it.
        height: in pixels.
        brush: offer to select points by a box or a lasso.
        figure: what is drawn at first; else an empty one until a callback draws.
    """
    config: Any = {"displayModeBar": brush, "displaylogo": False, "responsive": True}
    if brush:
        config["modeBarButtons"] = [["select2d", "lasso2d", "pan2d", "resetScale2d"]]
    shown = figure or _NOTHING
    drawn = dcc.Graph(id=name, figure=shown, config=config, style={"height": f"{shown.layout.height or height}px"})
    return html.Div(drawn, className="figure", role="group", **aria(label=told))


_NOTHING = go.Figure(
    layout={
        "xaxis": {"visible": False}, "yaxis": {"visible": False}, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
)  # fmt: skip
