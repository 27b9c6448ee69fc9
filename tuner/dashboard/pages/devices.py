"""The boards: all of them, one in full, and how to add one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import aria
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.editor import editor, number_lines, problem_list
from tuner.dashboard.page import Page
from tuner.messages.devices import DeviceEntry
from tuner.report import words


def _layout(client: Client, address: Address) -> Any:
    entries = client.devices()
    return [
        dcc.Store(id="devices-permalink"),
        html.Div(
            [
                html.Div(
                    [
                        html.H1("Devices"),
                        html.P("What a model may use on each board. Every figure of a profile names the datasheet page "
                               "or the measurement it comes from.", className="note"),
                    ]
                ),
                dmc.TextInput(
                    id="devices-find", value=address.text("find"), placeholder="Find by name, vendor, core…", w=280,
                    **aria(label="Find a board"),
                ),
            ],
            className="top",
        ),
        html.Section(
            html.Div(device_grid("devices-grid", entries, height=560), className="grid"), className="card",
            style={"padding": 0},
        ),
        html.Details(
            [
                html.Summary("Add a board of your own"),
                html.P("Start from the profile of a similar board, change what differs, and give it another name. "
                       "It is checked as you type.", className="note"),
                dmc.Select(
                    id="device-template", placeholder="Start from…", searchable=True, w=320,
                    data=[{"value": entry.name, "label": entry.title} for entry in entries],
                ),
                html.Div(editor("device", "Device profile in YAML"), className="spaced-top"),
                html.Div(id="device-problems"),
                html.Button("Add the board", id="device-add", className="button", n_clicks=0, disabled=True,
                            style={"marginTop": 12}),
            ],
            className="card disclosure",
        ),
    ]  # fmt: skip


def device_grid(name: str, entries: Sequence[DeviceEntry], *, height: int, choose: bool = False) -> Any:
    """Return the boards as a table to search; with boxes to tick if some are to be chosen."""
    options: dict[str, Any] = {"rowHeight": 40, "animateRows": False, "enableCellTextSelection": True}
    if choose:
        options["rowSelection"] = {"mode": "multiRow", "enableClickSelection": True, "headerCheckbox": False}
    return dag.AgGrid(
        id=name,
        rowData=[_row(entry) for entry in entries],
        columnDefs=_columns(choose=choose),
        getRowId="params.data.name",
        style={"height": height},
        dashGridOptions=options,
        defaultColDef={"resizable": True, "sortable": True},
    )


def _columns(*, choose: bool) -> list[dict[str, Any]]:
    def figure(name: str, title: str, written: str) -> dict[str, Any]:
        return {
            "field": name, "headerName": title, "type": "rightAligned", "width": 116, "minWidth": 100,
            "valueFormatter": {"function": f"{written}(params.value)"},
        }  # fmt: skip

    way = {} if choose else {"cellRenderer": "Way"}
    return [
        {"field": "title", "headerName": "Board", "minWidth": 290, "flex": 2, **way},
        {"field": "core", "headerName": "Core", "width": 160, "minWidth": 150},
        figure("clock", "Clock", "megahertz"),
        figure("ram", "Free RAM", "bytes"),
        figure("flash", "Free flash", "bytes"),
        {"field": "npu", "headerName": "Accelerator", "width": 140, "minWidth": 110},
        {"field": "vendor", "headerName": "Vendor", "width": 150, "minWidth": 110},
    ]  # fmt: skip


def _row(entry: DeviceEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "href": link("devices", entry.name),
        "title": entry.title + (" (yours)" if entry.own else ""),
        "core": entry.core + (" + FPU" if entry.has_fpu else ""),
        "clock": entry.clock_hz,
        "ram": entry.ram_for_model_bytes,
        "flash": entry.flash_for_model_bytes,
        "npu": entry.npu or "",
        "vendor": entry.vendor,
    }


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("devices", "find")
    number_lines(callbacks, "device")
    callbacks.in_browser(
        "quickFilter", Output("devices-grid", "data-find"), Input("devices-find", "value"), Input("devices-grid", "id")
    )

    @callbacks.on(Output("device-text", "value"), Input("device-template", "value"), prevent_initial_call=True)
    def begin(name: str) -> Any:
        return client.device(name).text if name else no_update

    @callbacks.on(
        Output("device-problems", "children"), Output("device-add", "disabled"), Output("device-wrong", "data"),
        Input("device-text", "value"), prevent_initial_call=True,
    )  # fmt: skip
    def check(text: str) -> Any:
        if not (text or "").strip():
            return [], True, []
        found = client.validate_device(text)
        good = f"{found.entry.title}: a valid profile." if found.entry else ""
        return problem_list(found.problems, good), not found.valid, [problem.line for problem in found.problems]

    @callbacks.on(
        Output("go", "pathname", allow_duplicate=True), Input("device-add", "n_clicks"), State("device-text", "value"),
        prevent_initial_call=True,
    )  # fmt: skip
    def add(clicks: int, text: str) -> Any:
        if not clicks:
            return no_update
        detail = client.add_device(text)
        failure.notify(f"{detail.entry.title} is among the boards")
        return link("devices", detail.entry.name)


def _device_layout(client: Client, address: Address) -> Any:
    detail = client.device(address.path["device"])
    entry = detail.entry
    facts = {
        "vendor": entry.vendor,
        "microcontroller": entry.mcu,
        "core": entry.core + (" with FPU" if entry.has_fpu else " without FPU"),
        "clock": f"{entry.clock_hz / 1e6:g} MHz",
        "RAM for a model": words.amount("ram", entry.ram_for_model_bytes),
        "flash for a model": words.amount("flash", entry.flash_for_model_bytes),
        "runtime": f"{entry.runtime}, kernels {entry.kernels}",
        "accelerator": entry.npu or "none",
        "active power": "not published" if entry.active_power_mw is None else f"{entry.active_power_mw:g} mW",
    }
    listed = [part for name, value in facts.items() for part in (html.Dt(name), html.Dd(value))]
    return [
        html.Div(
            [
                html.P([dcc.Link("Devices", href="/devices"), " / ", entry.name], className="kicker"),
                html.H1(entry.title),
            ],
            className="top",
            style={"display": "block"},
        ),
        html.Section([html.H2("What it gives a model"), html.Dl(listed, className="facts")], className="card"),
        html.Section(
            [
                html.H2("The profile, with sources"),
                html.P("The file as Edge Tuner reads it. Copy it to add a similar board.", className="note"),
                html.Pre(detail.text, className="log", tabIndex=0),
            ],
            className="card",
        ),
    ]


PAGE = Page("/devices", "Devices", _layout, _register)
DEVICE = Page("/devices/{device}", "Devices", _device_layout)
