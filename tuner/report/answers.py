"""What a model answers, held against the truth: a figure for each kind of score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.metrics import AnomalyScore, ClassificationScore, DetectionScore, MultiLabelScore, RegressionScore
from tuner.report import figures, words
from tuner.report.theme import ACCENT, MUTED, SERIES, template


@dataclass(frozen=True, slots=True)
class Answers:
    """A section of the report."""

    title: str
    note: str
    figure: go.Figure


@singledispatch
def answers(score: Any) -> Answers:
    """Return what a model made of the validation split.

    Raises:
        TypeError: nothing is known of such a score.
    """
    raise TypeError(f"nothing is known of a {type(score).__name__}")


@answers.register
def _(score: ClassificationScore) -> Answers:
    note = "Windows of the validation split by true and predicted class."
    return Answers("What is taken for what", note, figures.confusion_figure(score))


@answers.register
def _(score: MultiLabelScore) -> Answers:
    note = (
        "Each label of the validation split by itself. Precision, recall and F1 are those of a probability of at least "
        "0.5; average precision is that of all thresholds."
    )
    return Answers("How well each label is found", note, _labels_figure(score))


@answers.register
def _(score: RegressionScore) -> Answers:
    note = (
        "Left: predicted against true values of the validation split; on the dotted line they agree. Right: how far "
        "predictions are off."
    )
    return Answers("How close predictions come", note, _numbers_figure(score))


@answers.register
def _(score: DetectionScore) -> Answers:
    right = "lies within it, or within a cell of it" if score.metric == "F1" else "overlaps it by at least a half"
    note = (
        f"Objects of the validation split; one is found if something of its class {right}. Each point is a threshold, "
        "the mark the one in use; the average precision is the area under the curve."
    )
    return Answers("How well objects are found", note, _curves_figure(score))


def _curves_figure(score: DetectionScore) -> go.Figure:
    figure = go.Figure(layout={"template": template("light")})
    for place, found in enumerate(score.classes):
        colour = SERIES[place % len(SERIES)]
        name = words.literal(f"{found.label} ({found.support})")
        recall, precision = ([point[axis] for point in found.curve] for axis in (0, 1))
        figure.add_scatter(
            x=recall,
            y=precision,
            mode="lines",
            line={"color": colour, "width": 2},
            name=f"{name}: {found.average_precision:.1%}",
            legendgroup=found.label,
            hovertemplate=f"{name}<br>recall %{{x:.1%}}<br>precision %{{y:.1%}}<extra></extra>",
        )
        figure.add_scatter(
            x=[found.recall],
            y=[found.precision],
            mode="markers",
            marker={"color": colour, "size": 9},
            showlegend=False,
            legendgroup=found.label,
            hovertemplate=f"{name}, F1 {found.f1:.1%}<br>recall %{{x:.1%}}<br>precision %{{y:.1%}}<extra></extra>",
        )
    figure.update_layout(height=400, legend={"title": {"text": "average precision"}})
    figure.update_xaxes(title_text="recall", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title_text="precision", range=[0, 1.02], tickformat=".0%")
    return figure


@answers.register
def _(score: AnomalyScore) -> Answers:
    note = (
        "Anomalies found against false alarms on the validation split, as the threshold falls; the cross is that "
        f"taken from the training windows: {score.detected:.1%} found at {score.false_alarms:.1%} false alarms."
    )
    return Answers("How well anomalies stand out", note, _curve_figure(score))


def _curve_figure(score: AnomalyScore) -> go.Figure:
    figure = go.Figure(layout={"template": template("light"), "showlegend": False, "height": 380})
    alarms, found = zip(*score.curve, strict=True)
    told = "false alarms %{x:.1%}<br>found %{y:.1%}<extra></extra>"
    figure.add_scatter(x=alarms, y=found, mode="lines", line={"color": ACCENT, "width": 2}, hovertemplate=told)
    line = {"color": MUTED, "width": 1, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=[score.false_alarms],
        y=[score.detected],
        mode="markers",
        marker={"color": ACCENT, "size": 11, "symbol": "x"},
        hovertemplate=told,
    )
    figure.update_xaxes(title_text="false alarms", range=[-0.01, 1.01], tickformat=".0%")
    figure.update_yaxes(title_text="anomalies found", range=[-0.01, 1.02], tickformat=".0%")
    return figure


def _labels_figure(score: MultiLabelScore) -> go.Figure:
    figure = go.Figure(layout={"template": template("light")})
    names = [words.literal(f"{label.label} ({label.support})") for label in score.labels]
    shown = (("precision", "precision"), ("recall", "recall"), ("F1", "f1"), ("average precision", "average_precision"))
    for place, (title, key) in enumerate(shown):
        figure.add_bar(
            x=[getattr(label, key) for label in score.labels],
            y=names,
            orientation="h",
            name=title,
            marker={"color": SERIES[place], "line": {"width": 0}},
            hovertemplate=f"%{{y}}: {title} %{{x:.1%}}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25, height=140 + 72 * len(names), legend={"traceorder": "normal"})
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return figure


def _numbers_figure(score: RegressionScore) -> go.Figure:
    figure = make_subplots(rows=1, cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.12)
    truth, predicted = (np.array(values) for values in zip(*score.points, strict=True))
    figure.add_scatter(
        x=truth,
        y=predicted,
        mode="markers",
        marker={"color": ACCENT, "size": 6, "opacity": 0.6},
        hovertemplate="true %{x}<br>predicted %{y}<extra></extra>",
        row=1,
        col=1,
    )
    ends = [float(min(truth.min(), predicted.min())), float(max(truth.max(), predicted.max()))]
    line = {"color": MUTED, "width": 1, "dash": "dot"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", row=1, col=1)
    figure.add_histogram(
        x=predicted - truth,
        marker={"color": ACCENT},
        nbinsx=30,
        hovertemplate="%{x}: %{y}<extra></extra>",
        row=1,
        col=2,
    )
    figure.update_layout(template=template("light"), showlegend=False, height=380, bargap=0.05)
    figure.update_xaxes(title_text="true", row=1, col=1)
    figure.update_yaxes(title_text="predicted", row=1, col=1)
    figure.update_xaxes(title_text="predicted − true", row=1, col=2)
    figure.update_yaxes(title_text="windows", row=1, col=2)
    return figure
