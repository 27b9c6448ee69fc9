"""Colours and type of all figures: the dashboard and the report look alike, in light and in dark."""

from __future__ import annotations

from collections.abc import Mapping
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

TOKENS: Mapping[Mode, Mapping[str, str]] = {
    "light": {
        "ink": "#1c2430", "soft": "#5b6675", "line": "#dfe4ea", "page": "#f4f6f8", "surface": "#ffffff",
        "accent": "#1a66bb", "accent-soft": "#e4effb", "warning": "#a85c10", "good": "#1d7a5c",
    },
    "dark": {
        "ink": "#e4e8ee", "soft": "#9aa6b5", "line": "#2c3542", "page": "#12171e", "surface": "#1a212b",
        "accent": "#6db0f5", "accent-soft": "#1d3149", "warning": "#e5a058", "good": "#5cc4a0",
    },
}  # fmt: skip
"""Colours of pages by what they are for; text on its ground has a contrast of at least 4.5 to 1."""


def css_variables(dark: str) -> str:
    """Return the tokens as CSS variables: those of light for the root, those of dark for the selector given."""
    rules = []
    for (mode, tokens), selector in zip(TOKENS.items(), (":root", dark), strict=True):
        variables = " ".join(f"--{name}: {color};" for name, color in tokens.items())
        rules.append(f"{selector} {{ {variables} color-scheme: {mode}; }}")
    return "\n".join(rules) + "\n"


def template(mode: Mode) -> go.layout.Template:
    """Return the plotly template of a mode; surfaces are left transparent, for the page gives them."""
    axis = {
        "gridcolor": TOKENS[mode]["line"],
        "linecolor": TOKENS[mode]["line"],
        "zerolinecolor": TOKENS[mode]["line"],
        "ticks": "",
        "title": {"standoff": 12, "font": {"size": 13}},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": TOKENS[mode]["ink"]},
            "colorway": SERIES,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
            "hoverlabel": {
                "font": {"family": FONT, "size": 13, "color": TOKENS[mode]["ink"]},
                "bgcolor": TOKENS[mode]["surface"],
                "bordercolor": TOKENS[mode]["line"],
                "align": "left",
            },
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        }
    )
