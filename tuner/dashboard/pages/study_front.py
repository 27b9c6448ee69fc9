"""The front of a study on one device: points of two axes, and cards of what is brushed or else of the front."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, html, no_update

from tuner.client import Client
from tuner.dashboard.address import Address
from tuner.dashboard.attributes import aria
from tuner.dashboard.bars import key
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import candidate_card
from tuner.dashboard.drawing import graph
from tuner.messages.fronts import Front
from tuner.messages.studies import StudyDetail
from tuner.report import words
from tuner.report.scatter import Point, scatter_figure

_RESOURCES = [{"value": name, "label": words.RESOURCE_TITLES[name]} for name in ("ram", "flash", "latency")]
_QUALITIES = {"validation": "Validation", "float32": "Before conversion", "test": "Test split"}
_SORTS = {"-quality": "Best first", "latency_ms": "Fastest", "ram_bytes": "Least RAM", "flash_bytes": "Least flash"}
_MOST_CARDS = 12
_MOST_POINTS = 4000
"""More points make a browser stutter; of those beaten, the best are drawn."""


def panel(detail: StudyDetail, address: Address) -> Any:
    """Return the tab."""
    forms = ["all", *_forms(detail)]
    metric = detail.entry.metric
    return html.Div(
        [
            html.Section(
                [
                    html.H2("Pareto front"),
                    html.P(id="study-front-told", className="note"),
                    html.Div(
                        [
                            _choice("x", "Across", _RESOURCES, address.choice("x", ["latency", "ram", "flash"])),
                            _choice(
                                "y", "Up", [{"value": "quality", "label": words.capitalized(metric)}, *_RESOURCES],
                                address.choice("y", ["quality", "ram", "flash", "latency"]),
                            ),
                            _select("of", f"{words.capitalized(metric)} on", _QUALITIES, address),
                            _select("compression", "Form", {form: form for form in forms}, address),
                            dmc.Switch(
                                id="study-infeasible", label="Also what does not fit", mb=8,
                                checked=address.text("infeasible") == "yes",
                            ),
                        ],
                        className="controls",
                    ),
                    graph("study-scatter", "Candidates as points, with the Pareto front", height=420, brush=True),
                ],
                className="card",
            ),
            html.Section(
                [
                    html.Div(
                        [
                            html.Div([html.H2("Candidates"), html.P(id="study-cards-told", className="note")]),
                            html.Div(
                                [
                                    html.Button("Show the whole front", id="study-unpick", className="quiet",
                                                n_clicks=0, hidden=True),
                                    _select("sort", "Order", _SORTS, address),
                                ],
                                className="row",
                            ),
                        ],
                        className="spread",
                    ),
                    key(),
                    html.Div(id="study-cards", className="cards spaced-top"),
                ]
            ),
        ]
    )  # fmt: skip


def register(callbacks: Callbacks, client: Client) -> None:
    """Draw the points and the cards, and have a brush choose among them."""

    @callbacks.on(
        Output("study-scatter", "figure"),
        Output("study-front-told", "children"),
        Input("study-version", "data"),
        Input("study-tab", "value"),
        Input("study-device", "value"),
        Input("study-x", "value"),
        Input("study-y", "value"),
        Input("study-of", "value"),
        Input("study-compression", "value"),
        Input("study-infeasible", "checked"),
        State("study-name", "data"),
    )
    def draw(_: Any, tab: str, device: str, x: Any, y: Any, of: Any, form: str, infeasible: bool, study: str) -> Any:
        if tab != "front":
            return no_update, no_update
        compression = None if form in ("all", None) else form
        front = client.front(study, device, x=x, y=y, of=of, compression=compression, infeasible=bool(infeasible))
        points = _points(front)
        limits = {"ram": front.ram_limit_bytes, "flash": front.flash_limit_bytes, "latency": front.latency_limit_ms}
        figure = scatter_figure(points, x=x, y=y, limits=limits, metric=front.metric)
        if y == "quality":
            figure.update_yaxes(title_text=f"{words.capitalized(front.metric)}, {_QUALITIES[of].lower()}")
        figure.update_layout(height=420, dragmode="select", uirevision=f"{device}{x}{y}", clickmode="event+select")
        return figure, _told(front, points)

    callbacks.in_browser(
        "picked",
        Output("study-picked", "data"),
        Input("study-scatter", "selectedData"),
        Input("study-unpick", "n_clicks"),
        Input("study-device", "value"),
        prevent_initial_call=True,
    )

    @callbacks.on(
        Output("study-cards", "children"),
        Output("study-cards-told", "children"),
        Output("study-unpick", "hidden"),
        Input("study-version", "data"),
        Input("study-tab", "value"),
        Input("study-device", "value"),
        Input("study-picked", "data"),
        Input("study-sort", "value"),
        State("study-name", "data"),
    )
    def cards(_: Any, tab: str, device: str, picked: list[int], sort: str, study: str) -> Any:
        if tab != "front":
            return no_update, no_update, no_update
        wanted: dict[str, Any] = {"number": picked} if picked else {"on_front": True}
        page = client.trials(study, device=device, sort=sort or "-quality", limit=_MOST_CARDS, parts=True, **wanted)
        entry = client.study(study).entry
        standing = next(one for one in entry.devices if one.device == device)
        of = "chosen in the figure" if picked else f"on the front of {standing.title}"
        shown = f"{len(page.rows)} of {words.count(page.total, 'candidate')} {of}." if page.total else _nothing(of)
        return [candidate_card(study, row, standing, entry.metric) for row in page.rows], shown, not picked


def _choice(name: str, label: str, data: list[dict[str, str]], value: str) -> Any:
    control = dmc.SegmentedControl(id=f"study-{name}", data=data, value=value, size="sm")
    return html.Div([html.Div(label, className="label"), control], role="group", **aria(label=label))


def _select(name: str, label: str, options: dict[str, str], address: Address) -> Any:
    data = [{"value": value, "label": text} for value, text in options.items()]
    value = address.choice(name, list(options))
    return dmc.Select(id=f"study-{name}", label=label, data=data, value=value, w=170, allowDeselect=False)


def _forms(detail: StudyDetail) -> list[str]:
    """Return the forms of compression that the space can choose."""
    found = detail.space.get("compression", [])
    kinds = found if isinstance(found, list) else [found]
    return list(dict.fromkeys(str(kind["type"]) if isinstance(kind, dict) else str(kind) for kind in kinds))


def _points(front: Front) -> list[Point]:
    columns = zip(
        front.trials, front.quality, front.ram_bytes, front.flash_bytes, front.latency_ms, front.fits, front.on_front,
        front.words, strict=True,
    )  # fmt: skip
    points = [
        Point(
            trial=trial,
            quality=0.0 if quality is None else quality,
            ram=ram,
            flash=flash,
            latency=latency,
            group="front" if on_front else "untrained" if quality is None else "beaten" if fits else "over",
            words=told,
        )
        for trial, quality, ram, flash, latency, fits, on_front, told in columns
        if quality is not None or not fits
    ]
    if len(points) <= _MOST_POINTS:
        return points
    rank = {"front": 0, "beaten": 1, "over": 2, "untrained": 3}
    return sorted(points, key=lambda point: (rank[point.group], -point.quality))[:_MOST_POINTS]


def _told(front: Front, points: list[Point]) -> str:
    members = sum(front.on_front)
    told = f"{members:,} on the front of {front.title}, {len(points):,} candidates shown. "
    if front.of == "test" and not any(quality is not None for quality in front.quality):
        return told + "The test split is opened once, at the end of the search, for members of fronts."
    return told + "Drag over points to look at them below, or click one."


def _nothing(of: str) -> str:
    return f"None {of} yet. Trained candidates that keep the budget appear here as they come."
