"""The figures, from values; the report and the dashboard show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.metrics import ClassificationScore
from tuner.record import RESOURCES, StudySummary, Trial
from tuner.report import words
from tuner.report.course import covered
from tuner.report.importance import Importance
from tuner.report.table import resources_of
from tuner.report.theme import ACCENT, CONFUSION, MUTED, SERIES, WARNING, template
from tuner.study.fronts import device_front, resource_value

_PARTS = ("network", "preprocessing", "input", "runtime")


def front_figure(summary: StudySummary, trials: Sequence[Trial], device: str, resource: str) -> go.Figure:
    """Accuracy against one resource of a device: the front, what it beats, and what exceeds the budget."""
    trained = [trial for trial in trials if trial.score is not None]
    front = device_front(trained, device, resources_of(summary))
    members = {trial.number for trial in front}
    beaten = [trial for trial in trained if trial.fits(device) and trial.number not in members]
    over = [trial for trial in trained if not trial.fits(device)]
    figure = _figure()
    corners = stairs(front, device, resource)
    figure.add_scatter(
        x=[x for x, _ in corners],
        y=[y for _, y in corners],
        mode="lines",
        line={"color": ACCENT, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    for name, group, marker in (
        ("exceeds a budget", over, {"symbol": "x-thin", "size": 7, "line": {"color": WARNING, "width": 1.5}}),
        ("fits, beaten by the front", beaten, {"symbol": "circle", "size": 6, "color": MUTED, "opacity": 0.55}),
        ("Pareto front", front, {"symbol": "circle", "size": 11, "color": ACCENT, "line": {"width": 0}}),
    ):
        figure.add_scatter(
            x=[resource_value(trial, device, resource) for trial in group],
            y=[trial.score for trial in group],
            mode="markers",
            name=name,
            marker=marker,
            customdata=[_hover(trial, device) for trial in group],
            hovertemplate=_HOVER,
        )
    axis_of_resource(figure, resource, trained, device)
    limit = next(_limit(budget, resource) for budget in summary.budgets if budget.device == device)
    needs = [resource_value(trial, device, resource) for trial in trained]
    if limit is not None and needs and max(needs) > 0.2 * limit:
        figure.add_vline(x=limit, line={"color": WARNING, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=np.log10(limit), y=0, yref="paper", text="budget", showarrow=False, xanchor="right", yanchor="bottom",
            font={"color": WARNING, "size": 12},
        )  # fmt: skip
    figure.update_yaxes(title_text="Accuracy on the validation split", tickformat=".0%")
    return figure


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


def importance_figure(importances: Sequence[Importance]) -> go.Figure:
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


def course_figure(summary: StudySummary, trials: Sequence[Trial]) -> go.Figure:
    """The hypervolume of each device's front after each trial."""
    figure = _figure()
    numbers = [trial.number + 1 for trial in trials]
    for place, budget in enumerate(summary.budgets):
        figure.add_scatter(
            x=numbers,
            y=covered(summary, trials, budget.device),
            mode="lines",
            name=words.literal(budget.title),
            line={"color": SERIES[place % len(SERIES)], "width": 2, "shape": "hv"},
            hovertemplate="after %{x} trials: %{y:.4f}<extra>" + budget.device + "</extra>",
        )
    figure.update_xaxes(title_text="Trials sampled")
    figure.update_yaxes(title_text="Hypervolume of the front", rangemode="tozero")
    return figure


def rejection_figure(summary: StudySummary, trials: Sequence[Trial]) -> go.Figure:
    """What keeps candidates off each device: of all that could be built, the budget each exceeds most."""
    causes = {budget.device: rejection_causes(trials, budget.device) for budget in summary.budgets}
    order = [*RESOURCES, "operators"]
    titles = words.RESOURCE_TITLES | {"operators": "unsupported operators"}
    figure = _figure()
    devices = [words.literal(budget.title) for budget in summary.budgets]
    colors = dict(zip(order, SERIES[1:], strict=False))
    for cause in ["", *order]:
        counts = [causes[budget.device][cause] for budget in summary.budgets]
        if not any(counts):
            continue
        figure.add_bar(
            x=counts,
            y=devices,
            orientation="h",
            name=titles[cause] if cause else "fits",
            marker={"color": colors[cause] if cause else "rgba(139,150,165,0.35)"},
            hovertemplate=f"%{{y}}: %{{x}} {'exceed ' + titles[cause] if cause else 'fit'}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.4, height=130 + 40 * len(devices), legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="Candidates")
    figure.update_yaxes(autorange="reversed")
    return figure


def rejection_causes(trials: Sequence[Trial], device: str) -> Counter[str]:
    """Count the candidates by the budget of the device they exceed most; "" counts those that fit."""
    causes: Counter[str] = Counter()
    for trial in trials:
        if trial.appraisal is None:
            continue
        verdict = trial.appraisal.verdict(device)
        worst = max(verdict.excess, key=lambda name: verdict.excess[name], default="")
        causes["" if verdict.fits else worst] += 1
    return causes


def quantization_figure(trials: Sequence[Trial]) -> go.Figure:
    """The converted model's accuracy against the trained network's, by kind of compression."""
    figure = _figure()
    trained = [trial for trial in trials if trial.training is not None]
    kinds = sorted({trial.candidate.compression.type for trial in trained})
    for place, kind in enumerate(kinds):
        pairs = [
            (trial.number, trial.training.float32.accuracy, trial.training.converted.accuracy)
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
            hovertemplate="trial %{customdata}<br>float32 %{x:.1%}<br>converted %{y:.1%}<extra></extra>",
        )
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": MUTED, "width": 1, "dash": "dot"})
    scores = [
        score
        for trial in trained
        if trial.training is not None
        for score in (trial.training.float32.accuracy, trial.training.converted.accuracy)
    ]
    low, high = min(scores, default=0.0) - 0.02, min(1.02, max(scores, default=1.0) + 0.02)
    figure.update_xaxes(title_text="Trained network, float32", tickformat=".0%", range=[low, high])
    figure.update_yaxes(title_text="Converted model", tickformat=".0%", range=[low, high])
    return figure


_HOVER = (
    "<b>trial %{customdata[0]}</b>  %{y:.1%}<br>%{customdata[1]}<br>"
    "RAM %{customdata[2]} · flash %{customdata[3]} · %{customdata[4]}<extra></extra>"
)


def _hover(trial: Trial, device: str) -> list[object]:
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(device)
    return [
        trial.number,
        words.literal(words.candidate(trial.candidate)),
        words.amount("ram", cost.ram.total.value),
        words.amount("flash", cost.flash.total.value),
        words.interval("latency", cost.latency.total),
    ]


def _figure() -> go.Figure:
    return go.Figure(layout={"template": template("light"), "height": 400})


def stairs(front: Sequence[Trial], device: str, resource: str) -> list[tuple[float, float]]:
    """Return the corners of the best accuracy within each amount of one resource."""
    points = sorted((resource_value(trial, device, resource), trial.score or 0.0) for trial in front)
    corners: list[tuple[float, float]] = []
    for need, score in points:
        if not corners or score > corners[-1][1]:
            corners.append((need, score))
    return corners


def axis_of_resource(figure: go.Figure, resource: str, trials: Sequence[Trial], device: str) -> None:
    """Make the x axis logarithmic, with ticks at round amounts."""
    needs = [resource_value(trial, device, resource) for trial in trials]
    ticks = _ticks(needs, resource)
    figure.update_xaxes(
        type="log",
        title_text=f"{words.RESOURCE_TITLES[resource]} on the device",
        tickvals=ticks,
        ticktext=[_tick(resource, tick) for tick in ticks],
    )


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


def _tick(resource: str, value: float) -> str:
    return words.amount(resource, value).replace(".0 ", " ")


def _limit(budget: object, resource: str) -> float | None:
    name = "latency_ms" if resource == "latency" else f"{resource}_bytes"
    limit: float | None = getattr(budget, name)
    return limit


def _part(trial: Trial, device: str, resource: str, part: str) -> float:
    assert trial.appraisal is not None
    cost = trial.appraisal.cost(device)
    breakdown = {"ram": cost.ram, "flash": cost.flash, "latency": cost.latency}[resource]
    return sum(share.estimate.value for share in breakdown.parts if share.name == part)
