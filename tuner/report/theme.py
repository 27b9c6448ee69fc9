"""Colours and type of all figures: the dashboard and the report look alike, in light and in dark."""

from __future__ import annotations

from typing import Literal

import plotly.graph_objects as go

Mode = Literal["light", "dark"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

ACCENT = "#2f7ed8"
MUTED = "#8b96a5"
WARNING = "#d9822b"
SERIES = ("#2f7ed8", "#e07a2f", "#2a9d78", "#b05cc6", "#c9a227", "#d1495b", "#4aa8b8", "#7d8597")
"""Told apart in light and dark, and by the colour-blind (after Okabe and Ito)."""
SCALE = ((0.0, "#3b4cc0"), (0.35, "#4aa8b8"), (0.7, "#c9a227"), (1.0, "#d1495b"))
"""From the lowest accuracy to the highest."""
CONFUSION = ((0.0, "#e6eef7"), (1.0, "#1f5fae"))
"""From none of the class to all of it; opaque, so that plotly finds a readable colour for the numbers."""

_INK = {"light": "#1c2430", "dark": "#e4e8ee"}
_GRID = {"light": "#e3e7ec", "dark": "#2c3542"}
_SURFACE = {"light": "#ffffff", "dark": "#1a212b"}


def template(mode: Mode) -> go.layout.Template:
    """Return the plotly template of a mode; surfaces are left transparent, for the page gives them."""
    axis = {
        "gridcolor": _GRID[mode],
        "linecolor": _GRID[mode],
        "zerolinecolor": _GRID[mode],
        "ticks": "",
        "title": {"standoff": 12, "font": {"size": 13}},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": _INK[mode]},
            "colorway": SERIES,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
            "hoverlabel": {
                "font": {"family": FONT, "size": 13, "color": _INK[mode]},
                "bgcolor": _SURFACE[mode],
                "bordercolor": _GRID[mode],
                "align": "left",
            },
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        }
    )
