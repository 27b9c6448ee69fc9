"""Candidates as points: two of quality, RAM, flash and latency on a device, with the front of the study marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from tuner.metrics import quality_text
from tuner.report import words
from tuner.report.theme import ACCENT, MUTED, WARNING, template

Group = Literal["front", "beaten", "over", "untrained"]


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate on a device."""

    trial: int
    quality: float
    """0 of what was not trained."""
    ram: float
    flash: float
    latency: float
    group: Group
    words: str
    latency_words: str = ""
    """The latency with its interval, where it is known."""


def scatter_figure(
    points: Sequence[Point],
    *,
    x: str,
    y: str = "quality",
    limits: Mapping[str, float | None],
    metric: str = "accuracy",
) -> go.Figure:
    """Return the points, the best of the front within each amount of x as a line, and the budgets.

    Args:
        points: of one device.
        x: what runs along the horizontal axis: "quality", "ram", "flash" or "latency".
        y: what runs along the vertical axis, of the same.
        limits: the budget of each resource; `None` or missing where there is none.
        metric: the name of the quality.
    """
    figure = go.Figure(layout={"template": template("light"), "height": 400})
    corners = stairs([point for point in points if point.group == "front"], x, y)
    figure.add_scatter(
        x=[across for across, _ in corners],
        y=[up for _, up in corners],
        mode="lines",
        line={"color": ACCENT, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    for group, (name, marker) in _GROUPS.items():
        shown = [point for point in points if point.group == group]
        if not shown and group == "untrained":
            continue
        figure.add_scatter(
            x=[getattr(point, x) for point in shown],
            y=[getattr(point, y) for point in shown],
            mode="markers",
            name=name,
            marker=marker,
            customdata=[_hover(point, metric) for point in shown],
            hovertemplate=_HOVER,
        )
    for axis, update in ((x, figure.update_xaxes), (y, figure.update_yaxes)):
        if axis == "quality":
            update(**words.quality_axis(metric))
        else:
            update(**resource_axis(axis, [getattr(point, axis) for point in points]))
    _budget_lines(figure, points, x, y, limits)
    return figure


def stairs(front: Iterable[Point], x: str, y: str = "quality") -> list[tuple[float, float]]:
    """Return the corners of the best y within each amount of x: the highest quality, or the least of a resource."""
    better = 1 if y == "quality" else -1
    start = -1 if x == "quality" else 1
    ordered = sorted((start * getattr(point, x), -better * getattr(point, y)) for point in front)
    corners: list[tuple[float, float]] = []
    for across, up in ordered:
        if not corners or up < corners[-1][1]:
            corners.append((across, up))
    return [(start * across, -better * up) for across, up in corners]


def resource_axis(resource: str, needs: Sequence[float]) -> dict[str, object]:
    """Return the settings of a logarithmic axis with ticks at round amounts."""
    ticks = _ticks(needs, resource)
    return {
        "type": "log",
        "title_text": f"{words.RESOURCE_TITLES[resource]} on the device",
        "tickvals": ticks,
        "ticktext": [words.amount(resource, tick).replace(".0 ", " ") for tick in ticks],
    }


_GROUPS: Mapping[Group, tuple[str, dict[str, object]]] = {
    "untrained": ("rejected untrained", {"symbol": "circle-open", "size": 5, "color": MUTED, "opacity": 0.35}),
    "over": ("exceeds a budget", {"symbol": "x-thin", "size": 7, "line": {"color": WARNING, "width": 1.5}}),
    "beaten": ("fits, beaten by the front", {"symbol": "circle", "size": 6, "color": MUTED, "opacity": 0.55}),
    "front": ("Pareto front", {"symbol": "circle", "size": 11, "color": ACCENT, "line": {"width": 0}}),
}

_HOVER = (
    "<b>trial %{customdata[0]}</b>  %{customdata[1]}<br>%{customdata[2]}<br>"
    "RAM %{customdata[3]} · flash %{customdata[4]} · %{customdata[5]}<extra></extra>"
)


def _hover(point: Point, metric: str) -> list[object]:
    return [
        point.trial,
        "" if point.group == "untrained" else quality_text(point.quality, metric),
        words.literal(point.words),
        words.amount("ram", point.ram),
        words.amount("flash", point.flash),
        point.latency_words or words.amount("latency", point.latency),
    ]


def _budget_lines(
    figure: go.Figure, points: Sequence[Point], x: str, y: str, limits: Mapping[str, float | None]
) -> None:
    """Draw the budgets that points come near: one far away would leave the points in a corner."""
    line = {"color": WARNING, "width": 1.5, "dash": "dot"}
    label = {"text": "budget", "showarrow": False, "xanchor": "right", "yanchor": "bottom"}
    label |= {"font": {"color": WARNING, "size": 12}}
    for axis in (x, y):
        limit = limits.get(axis)
        needs = [getattr(point, axis) for point in points]
        if limit is None or not needs or max(needs) <= 0.2 * limit:
            continue
        if axis == x:
            figure.add_vline(x=limit, line=line)
            figure.add_annotation(x=np.log10(limit), y=0, yref="paper", **label)
        else:
            figure.add_hline(y=limit, line=line)
            figure.add_annotation(y=np.log10(limit), x=1, xref="paper", **label)


def _ticks(values: Sequence[float], resource: str) -> list[float]:
    """Return round amounts that span the values: powers of two for bytes, 1–2–5 for milliseconds."""
    present = [value for value in values if value > 0]
    if not present:
        return []
    low, high = min(present), max(present)
    if resource == "latency":
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        steps = [mantissa * 10.0**decade for decade in decades for mantissa in (1, 2, 5)]
    else:
        steps = [2.0**power for power in range(int(np.floor(np.log2(low))), int(np.ceil(np.log2(high))) + 1)]
    near = [step for step in steps if low / 1.5 <= step <= high * 1.5]
    return near[:: max(1, round(len(near) / 7))]
