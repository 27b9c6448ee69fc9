"""What a model one already has needs: drop a `.tflite`, and read it for every board."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.page import Page
from tuner.inspection.document import DeviceDocument
from tuner.messages.devices import DeviceEntry
from tuner.messages.profile import Profile
from tuner.report import words


def _layout(client: Client, address: Address) -> Any:
    entries = client.devices()
    chosen = [name for name in address.all("devices") if name in {entry.name for entry in entries}]
    return [
        dcc.Store(id="profile-permalink"),
        dcc.Store(id="profile-answer"),
        html.Div(
            [
                html.H1("Profile a model"),
                html.P("RAM, flash and latency of a .tflite on every board, from the file alone: nothing is run, "
                       "nothing is kept.", className="note"),
            ],
            className="top",
            style={"display": "block"},
        ),
        html.Section(
            [
                dcc.Upload(
                    html.Div([html.B("Drop a .tflite here"), html.Div("or click to choose one")]),
                    id="profile-file", className="drop", accept=".tflite",
                ),
                dmc.MultiSelect(
                    id="profile-devices", label="Boards", placeholder="all", value=chosen, searchable=True,
                    clearable=True,
                    data=[{"value": entry.name, "label": entry.title} for entry in entries], mt=14,
                ),
            ],
            className="card",
        ),
        dcc.Loading(html.Div(id="profile-result"), delay_show=300, color="var(--accent)"),
    ]  # fmt: skip


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("profile", "devices")

    callbacks.in_browser(
        "profileModel", Output("profile-answer", "data"), Input("profile-file", "contents"),
        Input("profile-devices", "value"), State("profile-file", "filename"), prevent_initial_call=True,
    )  # fmt: skip

    @callbacks.on(Output("profile-result", "children"), Input("profile-answer", "data"), prevent_initial_call=True)
    def show(found: dict[str, Any] | None) -> Any:
        if not found:
            return no_update
        if "refusal" in found:
            return failure.empty(found["refusal"]["message"], found["refusal"]["hint"])
        entries = {entry.name: entry for entry in client.devices()}
        return _result(Profile.model_validate(found["answer"], strict=False), entries)


def _result(found: Profile, entries: dict[str, DeviceEntry]) -> Any:
    fitting = sum(document.fits for document in found.devices)
    rows = sorted(found.devices, key=lambda document: (not document.fits, document.latency.ms))
    names = ("Board", "", "RAM", "Arena", "Flash", "Latency", "nine of ten within")
    head = html.Thead(html.Tr([html.Th(name, scope="col", className="text" if place < 2 else "")
                               for place, name in enumerate(names)]))  # fmt: skip
    table = html.Table([head, html.Tbody([_row(document, entries) for document in rows])], className="plain-table")
    refused = f" The accelerators of {words.listed(found.unit_refuses)} do not take it." if found.unit_refuses else ""
    return html.Section(
        [
            html.H2(found.model),
            html.P(f"{words.amount('flash', found.model_bytes)}, {words.count(found.operators, 'operator')}. It fits "
                   f"{fitting} of {words.count(len(rows), 'board')}.{refused}", className="note"),
            html.Div(table, className="scroll", tabIndex=0),
        ],
        className="card",
    )  # fmt: skip


def _row(document: DeviceDocument, entries: dict[str, DeviceEntry]) -> Any:
    latency = document.latency
    entry = entries.get(document.device)
    word, kind = ("fits", "fits") if document.fits else ("does not fit", "over")
    verdict = html.Span(word, className=f"tag {kind}", title="; ".join(document.reasons) or None)
    figures = [
        words.amount("ram", document.ram.total_bytes),
        words.amount("ram", document.ram.arena_min_bytes),
        words.amount("flash", document.flash.total_bytes),
        words.amount("latency", latency.ms),
        f"{words.amount('latency', latency.low_ms)} – {words.amount('latency', latency.high_ms)}",
    ]
    title = entry.title if entry is not None else document.device
    return html.Tr(
        [
            html.Td(dcc.Link(title, href=link("devices", document.device)), className="text"),
            html.Td(verdict, className="text"),
            *(html.Td(figure) for figure in figures),
        ]
    )


PAGE = Page("/profile", "Profile", _layout, _register)
