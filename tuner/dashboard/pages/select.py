"""Choosing a model: a board, sliders for what it may use, the best that fits, and what a little more would buy."""

from __future__ import annotations

import math
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import aria
from tuner.dashboard.bars import key
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import candidate_card
from tuner.dashboard.drawing import graph
from tuner.dashboard.page import Page
from tuner.dashboard.pages.trial import export_file
from tuner.errors import NothingFitsError
from tuner.messages.selection import Selection, SelectionRequest
from tuner.messages.studies import DeviceStanding, StudyEntry
from tuner.record import RESOURCES
from tuner.report import words
from tuner.report.figures import trade_off_figure

_STEPS = 200
"""Positions of a slider, evenly spaced on a logarithmic scale."""


def _layout(client: Client, address: Address) -> Any:
    entry = client.study(address.path["study"]).entry
    device = address.choice("device", [standing.device for standing in entry.devices])
    return [
        dcc.Store(id="select-of", data={"study": entry.name}),
        dcc.Store(id="select-chosen"),
        dcc.Store(id="select-permalink"),
        dcc.Download(id="select-file"),
        html.Div(
            [
                html.P(
                    [dcc.Link("Studies", href="/"), " / ", dcc.Link(entry.name, href=link("studies", entry.name))],
                    className="kicker",
                ),
                html.H1("Select a model"),
                html.P("Of the trained candidates that keep the limits, the one of the best quality; or the cheapest "
                       "that is good enough.", className="note"),
            ],
            className="top",
            style={"display": "block"},
        ),
        html.Div(
            [
                html.Div(
                    [html.Div(id="select-result"), html.Div(id="select-trade-offs")],
                ),
                html.Section(
                    [
                        dmc.Select(
                            id="select-device", label="Board", value=device, allowDeselect=False,
                            data=[{"value": one.device, "label": one.title} for one in entry.devices],
                        ),
                        html.Div(_sliders(client, entry, device, address), id="select-sliders"),
                        dmc.Switch(id="select-knee", label="The best compromise instead of the best quality",
                                   checked=address.text("knee") == "yes", mt=18),
                        html.Button("Reset the limits", id="select-reset", className="quiet", n_clicks=0,
                                    style={"marginTop": 18}),
                    ],
                    className="card stick limits",
                    **aria(label="Limits"),
                ),
            ],
            className="aside",
        ),
    ]  # fmt: skip


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("select", "device", *RESOURCES, "quality", switches=("knee",))

    @callbacks.on(
        Output("select-sliders", "children"),
        Input("select-device", "value"),
        Input("select-reset", "n_clicks"),
        State("select-of", "data"),
        prevent_initial_call=True,
    )
    def sliders(device: str, _: int, of: dict[str, str]) -> Any:
        return _sliders(client, client.study(of["study"]).entry, device, Address({}, {}))

    @callbacks.on(
        Output("select-result", "children"),
        Output("select-trade-offs", "children"),
        Output("select-chosen", "data"),
        Input("select-device", "value"),
        *(Input(f"select-{name}", "value") for name in (*RESOURCES, "quality")),
        Input("select-knee", "checked"),
        State("select-of", "data"),
    )
    def choose(device: str, ram: float, flash: float, latency: float, quality: float, knee: bool, of: Any) -> Any:
        entry = client.study(of["study"]).entry
        standing = next(one for one in entry.devices if one.device == device)
        request = SelectionRequest(
            device=device,
            max_ram_bytes=_amount(ram),
            max_flash_bytes=_amount(flash),
            max_latency_ms=_amount(latency),
            min_quality=quality / 100 if quality else None,
            knee=bool(knee) and not quality,
        )
        try:
            selection = client.select(entry.name, request)
        except NothingFitsError as error:
            return failure.empty(error.message, error.hint), [], None
        chosen = {"trial": selection.chosen.number, "device": device}
        return _result(selection, standing), _trade_offs(selection), chosen

    @callbacks.on(
        Output("select-file", "data"), Input("select-export", "n_clicks"), State("select-of", "data"),
        State("select-chosen", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def export(clicks: int, of: dict[str, str], chosen: dict[str, Any] | None) -> Any:
        if not clicks or chosen is None:
            return no_update
        return export_file(client, of["study"], chosen["trial"], chosen["device"])


def _sliders(client: Client, entry: StudyEntry, device: str, address: Address) -> Any:
    """Return a slider for each resource, over what the trained candidates need, and one for the least quality."""
    standing = next(one for one in entry.devices if one.device == device)
    front = client.front(entry.name, device)
    needs = {"ram": front.ram_bytes, "flash": front.flash_bytes, "latency": front.latency_ms}
    trained = [place for place, quality in enumerate(front.quality) if quality is not None]
    shown: list[Any] = []
    for resource in RESOURCES:
        values = [needs[resource][place] for place in trained if needs[resource][place] > 0] or [1.0]
        limit = {"ram": standing.ram_bytes, "flash": standing.flash_bytes, "latency": standing.latency_ms}[resource]
        low, high = math.log10(min(values)), math.log10(min(max(values) * 1.02, limit or math.inf))
        high = max(high, low + 0.01)
        set_to = address.number(resource)
        marks = [{"value": end, "label": words.amount(resource, 10**end)} for end in (low, high)]
        shown.append(_slider(resource, words.RESOURCE_TITLES[resource], low, high, high if set_to is None else set_to,
                             (high - low) / _STEPS, marks))  # fmt: skip
    marks = [{"value": 0, "label": "any"}, {"value": 100, "label": "100%"}]
    title = f"Least {entry.metric}, then the cheapest"
    shown.append(_slider("quality", title, 0, 100, address.number("quality") or 0, 0.5, marks))
    return shown


def _slider(name: str, title: str, low: float, high: float, value: float, step: float, marks: list[Any]) -> Any:
    told = {"function": "amountLabel" if name != "quality" else "percentLabel", "options": {"resource": name}}
    return html.Div(
        [
            html.Div(title, className="label"),
            dmc.Slider(id=f"select-{name}", min=low, max=high, step=step, value=value, marks=marks, label=told,
                       updatemode="drag", mb=30, precision=4, thumbLabel=title),
        ],
        style={"marginTop": 16},
    )  # fmt: skip


def _amount(exponent: float | None) -> float | None:
    """Return the limit a slider stands for; a little above, for its position is rounded."""
    return None if exponent is None else 10 ** (exponent + 1e-4)


def _result(selection: Selection, standing: DeviceStanding) -> Any:
    chosen = selection.chosen
    others = [
        candidate_card(selection.study, row, standing, selection.metric)
        for row in selection.best[:7]
        if row.number != chosen.number
    ]
    card = candidate_card(selection.study, chosen, standing, selection.metric, marked="chosen")
    export = html.Button(
        f"Export for {standing.title}", id="select-export", className="button", n_clicks=0,
    )  # fmt: skip
    return [
        html.Div([card, html.Section([
            html.H2("Ready to flash"),
            html.P("The converted model, a C array, a manifest with every setting, and golden vectors to check the "
                   "firmware by, in one archive.", className="note"),
            export,
            html.P(f"{words.count(selection.kept, 'trained candidate')} keep the limits.", className="note",
                   style={"marginTop": 14}),
        ], className="card")], className="two chosen"),
        html.Details(
            [html.Summary(f"The next best {len(others)}"), key(), html.Div(others, className="cards spaced-top")],
            className="others",
        )
        if others
        else None,
    ]  # fmt: skip


_MORE = {"ram": "RAM", "flash": "flash", "latency": "time"}


def _trade_offs(selection: Selection) -> Any:
    panels = []
    for trade in selection.trade_offs:
        if len(trade.points) < 2:
            continue
        figure = trade_off_figure(trade, selection.chosen.number, selection.metric)
        panels.append(
            html.Section(
                [
                    html.H3(f"More {_MORE[trade.resource]}"),
                    html.P(trade.sentence, className="note"),
                    graph(f"select-trade-{trade.resource}", trade.sentence, figure=figure),
                ],
                className="card",
            )
        )
    return html.Div(panels, className="cards trades") if panels else []


PAGE = Page("/studies/{study}/select", "Studies", _layout, _register)
