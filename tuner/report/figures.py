"""The figures, from values; the report and the dashboard show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.metrics import ClassificationScore, quality_text
from tuner.record import RESOURCES, Epoch, StudySummary, Trial
from tuner.report import words
from tuner.report.course import covered
from tuner.report.scatter import Point, resource_axis, scatter_figure
from tuner.report.table import resources_of
from tuner.report.theme import ACCENT, CONFUSION, MUTED, SERIES, WARNING, template
from tuner.study.fronts import device_front

_PARTS = ("network", "preprocessing", "input", "runtime")


def front_figure(summary: StudySummary, trials: Sequence[Trial], device: str, resource: str) -> go.Figure:
    """Quality against one resource of a device: the front, what it beats, and what exceeds the budget."""
    budget = next(budget for budget in summary.budgets if budget.device == device)
    limits = {"ram": budget.ram_bytes, "flash": budget.flash_bytes, "latency": budget.latency_ms}
    members = {trial.number for trial in device_front(trials, device, resources_of(summary))}
    points = [
        front_point(trial, device, on_front=trial.number in members) for trial in trials if trial.score is not None
    ]
    return scatter_figure(points, x=resource, limits=limits, metric=summary.metric)


def front_point(trial: Trial, device: str, *, on_front: bool) -> Point:
    """Return a trained trial as a point on a device."""
    assert trial.appraisal is not None
    assert trial.score is not None
    cost = trial.appraisal.cost(device)
    return Point(
        trial=trial.number,
        quality=trial.score,
        ram=cost.ram.total.value,
        flash=cost.flash.total.value,
        latency=cost.latency.total.value,
        group="front" if on_front else "beaten" if trial.fits(device) else "over",
        words=words.candidate(trial.candidate),
        latency_words=words.interval("latency", cost.latency.total),
    )


def parts_figure(trials: Sequence[Trial], device: str) -> go.Figure:
    """What each trial needs on a device by part: a column of bars for RAM, flash and latency each."""
    titles = ["RAM, KiB", "Flash, KiB", "Latency, ms"]
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, horizontal_spacing=0.05, subplot_titles=titles)
    names = [f"trial {trial.number}" for trial in trials]
    for column, resource in enumerate(RESOURCES, start=1):
        for place, part in enumerate(_PARTS):
            amounts = [_part(trial, device, resource, part) for trial in trials]
            if not any(amounts):
                continue
            scale = 1.0 if resource == "latency" else 1024.0
            figure.add_bar(
                x=[value / scale for value in amounts],
                y=names,
                orientation="h",
                name=part,
                legendgroup=part,
                showlegend=column == 1,
                marker={"color": SERIES[place], "line": {"width": 0}},
                customdata=[words.amount(resource, value) for value in amounts],
                hovertemplate=f"%{{y}}: {part} %{{customdata}}<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_layout(template=template("light"), barmode="stack", bargap=0.3, height=130 + 26 * len(trials))
    figure.update_layout(margin={"t": 32, "b": 72}, legend={"y": 0, "yanchor": "bottom", "yref": "container"})
    figure.update_annotations(font_size=13)
    figure.update_yaxes(autorange="reversed")
    return figure


def confusion_figure(score: ClassificationScore) -> go.Figure:
    """The confusion matrix, coloured by the share of the true class."""
    labels = [words.literal(shown.label) for shown in score.classes]
    counts = np.array(score.confusion)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    figure = _figure()
    figure.add_heatmap(
        z=shares,
        x=labels,
        y=labels,
        zmin=0,
        zmax=1,
        colorscale=CONFUSION,
        showscale=False,
        text=counts,
        texttemplate="%{text}" if len(labels) <= 15 else None,
        xgap=2,
        ygap=2,
        hovertemplate="true %{y}<br>predicted %{x}<br>%{text} windows, %{z:.1%} of the class<extra></extra>",
    )
    figure.update_xaxes(title_text="predicted", showgrid=False, side="bottom")
    figure.update_yaxes(title_text="true", autorange="reversed", showgrid=False)
    figure.update_layout(height=160 + 34 * len(labels))
    return figure


def curve_figure(curve: Sequence[Epoch], best_epoch: int = -1) -> go.Figure:
    """The learning curve: the loss by epoch, on the training examples and on the validation split.

    Args:
        curve: of a whole training, or as far as it has come.
        best_epoch: from 0, the one whose weights were kept; -1 if none was yet.
    """
    figure = _figure()
    epochs = list(range(1, len(curve) + 1))
    for name, losses, color in (
        ("training", [epoch.loss for epoch in curve], MUTED),
        ("validation", [epoch.val_loss for epoch in curve], ACCENT),
    ):
        figure.add_scatter(
            x=epochs, y=losses, mode="lines", name=name, line={"color": color, "width": 2},
            hovertemplate="epoch %{x}: %{y:.4g}",
        )  # fmt: skip
    kept = curve[best_epoch : best_epoch + 1] if best_epoch >= 0 else ()
    figure.add_scatter(
        x=[best_epoch + 1 for _ in kept], y=[epoch.val_loss for epoch in kept], mode="markers", name="kept",
        marker={"color": ACCENT, "size": 9}, hovertemplate="kept: epoch %{x}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="Epoch")
    figure.update_yaxes(title_text="Loss")
    return figure


class Step(Protocol):
    """The best quality to be had for so much of a resource."""

    @property
    def need(self) -> float: ...  # noqa: D102
    @property
    def quality(self) -> float: ...  # noqa: D102
    @property
    def trial(self) -> int: ...  # noqa: D102


class TradeOff(Protocol):
    """What one resource buys; `knee` is the place of the best compromise among the points."""

    @property
    def resource(self) -> str: ...  # noqa: D102
    @property
    def points(self) -> Sequence[Step]: ...  # noqa: D102
    @property
    def knee(self) -> int | None: ...  # noqa: D102


def trade_off_figure(trade: TradeOff, chosen: int, metric: str) -> go.Figure:
    """The best quality within each amount of a resource, with the chosen model and the knee marked."""
    figure = _figure()
    needs, qualities = [step.need for step in trade.points], [step.quality for step in trade.points]
    figure.add_scatter(
        x=needs, y=qualities, mode="lines+markers", line={"color": ACCENT, "width": 1.5, "shape": "hv"},
        marker={"size": 6},
        customdata=[
            [step.trial, words.amount(trade.resource, step.need), quality_text(step.quality, metric)]
            for step in trade.points
        ],
        hovertemplate="trial %{customdata[0]}: %{customdata[2]} for %{customdata[1]}<extra></extra>", showlegend=False,
    )  # fmt: skip
    marks = [("knee", trade.points[trade.knee])] if trade.knee is not None else []
    marks += [("chosen", step) for step in trade.points if step.trial == chosen]
    for name, step in marks:
        marker = {"size": 13, "color": ACCENT if name == "chosen" else WARNING, "symbol": "circle-open"}
        figure.add_scatter(x=[step.need], y=[step.quality], mode="markers", name=name, hoverinfo="skip",
                           marker=marker | {"line": {"width": 2.5}})  # fmt: skip
    figure.update_xaxes(**resource_axis(trade.resource, needs), title_standoff=6)
    figure.update_yaxes(title_text=words.capitalized(metric), tickformat=words.tick_format(metric))
    figure.update_layout(height=250, margin={"l": 48, "r": 12, "t": 28, "b": 44})
    return figure


class Weighed(Protocol):
    """A parameter and how much the accuracy hangs on it; see `tuner.report.importance.Importance`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def share(self) -> float: ...  # noqa: D102
    @property
    def deviation(self) -> float: ...  # noqa: D102


def importance_figure(importances: Sequence[Weighed]) -> go.Figure:
    """Bars of the parameters' importance, the largest on top."""
    shown = sorted(importances, key=lambda importance: -importance.share)[:15]
    figure = _figure()
    figure.add_bar(
        x=[importance.share for importance in shown],
        y=[importance.name for importance in shown],
        orientation="h",
        marker={"color": ACCENT},
        error_x={"type": "data", "array": [importance.deviation for importance in shown], "color": MUTED},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.update_xaxes(title_text="rise of the squared error when shuffled",
                        tickformat=".0%")  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(height=110 + 24 * len(shown), bargap=0.35)
    return figure


@dataclass(frozen=True, slots=True)
class Course:
    """How the front of one device grew."""

    title: str
    trials: Sequence[int]
    """Trials that had ended."""
    hypervolume: Sequence[float]


def courses(summary: StudySummary, trials: Sequence[Trial]) -> list[Course]:
    """Return the hypervolume of each device's front after each trial."""
    numbers = [trial.number + 1 for trial in trials]
    return [Course(budget.title, numbers, covered(summary, trials, budget.device)) for budget in summary.budgets]


def course_figure(shown: Sequence[Course]) -> go.Figure:
    """The hypervolume of each device's front over the trials."""
    figure = _figure()
    for place, course in enumerate(shown):
        figure.add_scatter(
            x=list(course.trials),
            y=list(course.hypervolume),
            mode="lines",
            name=words.literal(course.title),
            line={"color": SERIES[place % len(SERIES)], "width": 2, "shape": "hv"},
            hovertemplate="after %{x} trials: %{y:.4f}",
        )
    figure.update_xaxes(title_text="Trials sampled")
    figure.update_yaxes(title_text="Hypervolume of the front", rangemode="tozero")
    return figure


def rejection_figure(causes: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """What keeps candidates off each device: of all that could be built, the budget each exceeds most.

    Args:
        causes: by the title of a device, the number of candidates by cause; "fits" counts those that fit.
    """
    order = [*RESOURCES, "operators"]
    titles = words.RESOURCE_TITLES | {"operators": "unsupported operators", "fits": "fits"}
    figure = _figure()
    devices = [words.literal(title) for title in causes]
    colors = dict(zip(order, SERIES[1:], strict=False)) | {"fits": "rgba(139,150,165,0.35)"}
    for cause in ["fits", *order]:
        counts = [found.get(cause, 0) for found in causes.values()]
        if not any(counts):
            continue
        figure.add_bar(
            x=counts,
            y=devices,
            orientation="h",
            name=titles[cause],
            marker={"color": colors[cause]},
            hovertemplate=f"%{{y}}: %{{x}} {'fit' if cause == 'fits' else 'exceed ' + titles[cause]}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.4, height=130 + 40 * len(devices), legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="Candidates")
    figure.update_yaxes(autorange="reversed")
    return figure


def rejection_causes(trials: Sequence[Trial], device: str) -> Counter[str]:
    """Count the candidates by the budget of the device they exceed most; "fits" counts those that fit."""
    causes: Counter[str] = Counter()
    for trial in trials:
        if trial.appraisal is None:
            continue
        verdict = trial.appraisal.verdict(device)
        worst = max(verdict.excess, key=lambda name: verdict.excess[name], default="")
        causes["fits" if verdict.fits else worst] += 1
    return causes


def quantization_figure(trials: Sequence[Trial], metric: str = "accuracy") -> go.Figure:
    """The converted model's quality against the trained network's, by kind of compression."""
    figure = _figure()
    trained = [trial for trial in trials if trial.training is not None]
    kinds = sorted({trial.candidate.compression.type for trial in trained})
    for place, kind in enumerate(kinds):
        pairs = [
            (trial.number, trial.training.float32.quality, trial.training.converted.quality)
            for trial in trained
            if trial.training is not None and trial.candidate.compression.type == kind
        ]
        figure.add_scatter(
            x=[before for _, before, _ in pairs],
            y=[after for _, _, after in pairs],
            customdata=[number for number, _, _ in pairs],
            mode="markers",
            name=kind,
            marker={"size": 7, "color": SERIES[place % len(SERIES)], "opacity": 0.75},
            hovertemplate="trial %{customdata}<br>float32 %{x:.3f}<br>converted %{y:.3f}<extra></extra>",
        )
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": MUTED, "width": 1, "dash": "dot"})
    scores = [
        score
        for trial in trained
        if trial.training is not None
        for score in (trial.training.float32.quality, trial.training.converted.quality)
    ]
    low, high = min(scores, default=0.0) - 0.02, min(1.02, max(scores, default=1.0) + 0.02)
    figure.update_xaxes(title_text="Trained network, float32", tickformat=words.tick_format(metric), range=[low, high])
    figure.update_yaxes(title_text="Converted model", tickformat=words.tick_format(metric), range=[low, high])
    return figure


def _figure() -> go.Figure:
    return go.Figure(layout={"template": template("light"), "height": 400})


def _part(trial: Trial, device: str, resource: str, part: str) -> float:
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(device)
    breakdown = {"ram": cost.ram, "flash": cost.flash, "latency": cost.latency}[resource]
    return sum(share.estimate.value for share in breakdown.parts if share.name == part)
