"""Parallel coordinates: from parameters to results, a line a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tuner.candidate import Scalar
from tuner.metrics import quality_text
from tuner.record import RESOURCES, Trial
from tuner.report import words
from tuner.report.theme import SCALE, template
from tuner.study.fronts import resource_value


def parallel_figure(
    trials: Sequence[Trial], device: str, names: Sequence[str], *, metric: str = "accuracy"
) -> go.Figure:
    """Parallel coordinates of the trained trials: parameters by name, then quality and needs on a device."""
    trained = [trial for trial in trials if trial.score is not None]
    figure = go.Figure(layout={"template": template("light")})
    scores = [trial.score or 0.0 for trial in trained]
    needs = {name: [resource_value(trial, device, name) for trial in trained] for name in RESOURCES}
    dimensions = coordinates([trial.parameters for trial in trained], names, needs, scores, metric)
    figure.add_parcoords(
        line={"color": scores, "colorscale": SCALE, "showscale": False},
        dimensions=dimensions,
        labelangle=-18,
        labelside="top",
        unselected={"line": {"opacity": 0.06}},
    )
    figure.update_layout(height=420, margin={"t": 96, "l": 64, "r": 48, "b": 24})
    return figure


def coordinates(
    parameters: Sequence[Mapping[str, Scalar]],
    names: Sequence[str],
    needs: Mapping[str, Sequence[float]],
    qualities: Sequence[float],
    metric: str,
) -> list[dict[str, object]]:
    """Return the axes, each with a label, a value per candidate, and ticks with their texts.

    Args:
        parameters: of each candidate.
        names: of the parameters to show.
        needs: by resource, of each candidate.
        qualities: of each candidate.
        metric: what the quality is.
    """
    shown = [
        _dimension(label, [chosen.get(name) for chosen in parameters])
        for name, label in zip(names, words.short_names(names), strict=True)
    ]
    shown += [_logarithmic(words.RESOURCE_TITLES[name], values, name) for name, values in needs.items()]
    low, high = min(qualities, default=0.0), max(qualities, default=1.0)
    ticks = [float(tick) for tick in np.linspace(low, high, 5)]
    texts = [quality_text(tick, metric) for tick in ticks]
    return [
        *shown,
        {"label": words.capitalized(metric), "values": list(qualities), "tickvals": ticks, "ticktext": texts},
    ]


def _dimension(name: str, values: Sequence[object]) -> dict[str, object]:
    """Return a coordinate of a parameter; where it plays no part, the line passes below the axis at "–"."""
    present = [value for value in values if value is not None]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in present)
    distinct = sorted(set(present), key=lambda value: (isinstance(value, str), value))
    if not numbers or len(distinct) <= 6:
        places: dict[object, float] = {value: float(place) for place, value in enumerate(distinct)}
        texts = [words.scalar(value) for value in distinct]  # type: ignore[arg-type]
        located = [places[value] if value is not None else -1.0 for value in values]
        return _ticked(name, located, list(places.values()), texts, absent=-1.0)
    figures = [float(value) for value in present]  # type: ignore[arg-type]
    if min(figures) > 0 and max(figures) / min(figures) > 20:
        return _logarithmic(name, values, "")  # type: ignore[arg-type]
    low, high = min(figures), max(figures)
    absent = low - 0.15 * (high - low)
    ticks = list(np.linspace(low, high, 5))
    located = [absent if value is None else float(value) for value in values]  # type: ignore[arg-type]
    return _ticked(name, located, ticks, [_number(tick) for tick in ticks], absent=absent)


def _logarithmic(name: str, values: Sequence[float | None], resource: str) -> dict[str, object]:
    exponents = [None if value is None else float(np.log10(max(value, 1e-12))) for value in values]
    present = [exponent for exponent in exponents if exponent is not None]
    low, high = min(present, default=0.0), max(present, default=1.0)
    absent = low - 0.15 * (high - low)
    ticks = list(np.linspace(low, high, 5))
    texts = [words.amount(resource, 10**tick) if resource else _number(10**tick) for tick in ticks]
    return _ticked(name, [absent if value is None else value for value in exponents], ticks, texts, absent=absent)


def _ticked(
    name: str, located: Sequence[float], ticks: Sequence[float], texts: Sequence[str], *, absent: float
) -> dict[str, object]:
    if absent in located:
        ticks, texts = [absent, *ticks], ["–", *texts]
    return {
        "label": name,
        "values": [float(f"{place:.5g}") for place in located],
        "tickvals": list(ticks),
        "ticktext": list(texts),
    }


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
