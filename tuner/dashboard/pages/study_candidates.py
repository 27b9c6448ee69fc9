"""All candidates of a study: parallel coordinates that narrow a table which loads only the rows it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard.address import Address, link
from tuner.dashboard.callbacks import Callbacks
from tuner.messages.studies import StudyDetail
from tuner.messages.trials import TrialRow
from tuner.record import State as TrialState
from tuner.report import words
from tuner.report.parallel import coordinates

_STATES = {"": "all states", "front": "on the front", **{state.value: state.value for state in TrialState}}
_MOST_LINES = 1000
_MOST_COORDINATES = 6
_NEEDS = ("ram_bytes", "flash_bytes", "latency_ms")
_SORTABLE = {"number", "quality", "quality_float", *_NEEDS}


def panel(detail: StudyDetail, address: Address) -> Any:
    """Return the tab."""
    metric = detail.entry.metric
    return html.Div(
        [
            html.Section(
                [
                    html.Div(
                        [
                            html.Div([html.H2("From parameters to results"), html.P(id="study-lines-told",
                                                                                    className="note")]),
                            html.Button("Show all", id="study-unbrush", className="quiet", n_clicks=0),
                        ],
                        className="spread",
                    ),
                    html.Div(html.Div(id="study-lines", className="parallel"), className="scroll", tabIndex=0),
                    dcc.Store(id="study-coordinates"),
                    dcc.Store(id="study-brushed", data=None),
                ],
                className="card",
            ),
            html.Section(
                [
                    html.H2("Candidates"),
                    html.Div(
                        [
                            dmc.TextInput(
                                id="study-find", value=address.text("find"), label="Find", w=240, debounce=250,
                                placeholder="e.g. conv1d int8",
                            ),
                            dmc.Select(
                                id="study-state", label="State", w=160, allowDeselect=False,
                                data=[{"value": value or "all", "label": text} for value, text in _STATES.items()],
                                value=address.choice("state", ["all", *filter(None, _STATES)]),
                            ),
                            dmc.Switch(
                                id="study-fitting", label="Only what fits the board", mb=8,
                                checked=address.text("fitting") == "yes",
                            ),
                            html.Span(id="study-found", className="note", role="status"),
                        ],
                        className="controls",
                    ),
                    html.Div(
                        dag.AgGrid(
                            id="study-grid", rowModelType="infinite", columnDefs=_columns(metric),
                            style={"height": 520},
                            dashGridOptions={
                                "cacheBlockSize": 100, "maxBlocksInCache": 6, "rowHeight": 38, "animateRows": False,
                                "suppressCellFocus": False, "enableCellTextSelection": True,
                            },
                            defaultColDef={"resizable": True, "sortable": False},
                        ),
                        className="grid",
                    ),
                ],
                className="card",
            ),
        ]
    )  # fmt: skip


def register(callbacks: Callbacks, client: Client) -> None:
    """Draw the lines, and fill the table as it is scrolled, sorted and narrowed."""

    @callbacks.on(
        Output("study-coordinates", "data"),
        Output("study-lines-told", "children"),
        Input("study-version", "data"),
        Input("study-tab", "value"),
        Input("study-device", "value"),
        State("study-name", "data"),
    )
    def lines(_: Any, tab: str, device: str, study: str) -> Any:
        if tab != "candidates":
            return no_update, no_update
        page = client.trials(study, state=["trained"], device=device, sort="-quality", limit=_MOST_LINES)
        names = _telling(client, study, page.rows)
        metric = client.study(study).entry.metric
        of = f"The best {_MOST_LINES:,} of {page.total:,} trained" if page.total > _MOST_LINES else "Each trained"
        told = (
            f"{of}, a line each, coloured by {metric}. Drag along an axis to keep a range of it; the table "
            "below keeps those candidates. “–” marks parameters that play no part in one."
        )
        return _coordinates(page.rows, device, names, metric), told

    callbacks.in_browser(
        "drawParallel", Output("study-lines", "data-drawn"), Input("study-coordinates", "data"),
        Input("study-unbrush", "n_clicks"),
    )  # fmt: skip

    @callbacks.on(
        Output("study-grid", "getRowsResponse"),
        Output("study-found", "children"),
        Input("study-grid", "getRowsRequest"),
        State("study-name", "data"),
        State("study-device", "value"),
        State("study-state", "value"),
        State("study-find", "value"),
        State("study-fitting", "checked"),
        State("study-brushed", "data"),
    )
    def rows(asked: Any, study: str, device: str, state: str, find: str, fitting: bool, brushed: Any) -> Any:
        if not asked:
            return no_update, no_update
        page = client.trials(
            study,
            device=device,
            state=[] if state in ("all", "front", None) else [state],
            on_front=True if state == "front" else None,
            fits=True if fitting else None,
            text=find or None,
            number=brushed or (),
            sort=_sort(asked.get("sortModel") or []),
            offset=asked["startRow"],
            limit=min(1000, asked["endRow"] - asked["startRow"]),
        )
        answer = {"rowData": [_row(study, row, device) for row in page.rows], "rowCount": page.total}
        return answer, words.count(page.total, "candidate")

    # A new filter makes the table ask anew: its rows are of another list.
    callbacks.in_browser(
        "refreshGrid",
        Output("study-grid", "data-asked"),
        Input("study-version", "data"),
        Input("study-device", "value"),
        Input("study-state", "value"),
        Input("study-find", "value"),
        Input("study-fitting", "checked"),
        Input("study-brushed", "data"),
        prevent_initial_call=True,
    )


def _columns(metric: str) -> list[dict[str, Any]]:
    def figure(name: str, title: str, written: str, *, sortable: bool = True) -> dict[str, Any]:
        return {
            "field": name, "headerName": title, "type": "rightAligned", "width": 104, "minWidth": 92,
            "sortable": sortable, "valueFormatter": {"function": f"{written}(params.value)"},
        }  # fmt: skip

    quality = "percent" if words.tick_format(metric).endswith("%") else "decimal"
    return [
        {"field": "number", "headerName": "Trial", "width": 84, "minWidth": 76, "cellRenderer": "Way", "sortable": True,
         "type": "rightAligned"},
        {"field": "state", "headerName": "State", "width": 116, "minWidth": 108, "cellRenderer": "Tag"},
        figure("quality", words.capitalized(metric), quality),
        figure("quality_float", "Float", quality),
        figure("ram_bytes", "RAM", "bytes"),
        figure("flash_bytes", "Flash", "bytes"),
        figure("latency_ms", "Latency", "milliseconds"),
        {"field": "words", "headerName": "Candidate", "minWidth": 250, "flex": 2, "tooltipField": "words"},
        {"field": "reason", "headerName": "Reason", "minWidth": 160, "flex": 1, "tooltipField": "reason"},
    ]  # fmt: skip


def _row(study: str, row: TrialRow, device: str) -> dict[str, Any]:
    here = row.devices.get(device)
    state = row.state.value
    if row.state is TrialState.TRAINED and here is not None:
        state = "front" if here.on_front else state if here.fits else "over budget"
    return {
        "number": row.number,
        "href": link("studies", study, "trials", row.number, device=device),
        "state": state,
        "quality": row.quality,
        "quality_float": row.quality_float,
        "words": row.words,
        "reason": row.reason,
        **{need: None if here is None else getattr(here, need) for need in _NEEDS},
    }


def _sort(model: list[Mapping[str, str]]) -> str:
    for column in model:
        if column["colId"] in _SORTABLE:
            return ("-" if column["sort"] == "desc" else "") + column["colId"]
    return "-number"


def _telling(client: Client, study: str, rows: tuple[TrialRow, ...]) -> list[str]:
    """Return the parameters to draw: those the quality hangs on, or else those that most candidates have."""
    varying = [name for name in dict.fromkeys(name for row in rows for name in row.parameters)
               if len({row.parameters.get(name) for row in rows}) > 1]  # fmt: skip
    importance = client.importance(study)
    if importance.trusted:
        ranked = [parameter.name for parameter in importance.parameters if parameter.name in varying]
    else:
        ranked = sorted(varying, key=lambda name: -sum(name in row.parameters for row in rows))
    return ranked[:_MOST_COORDINATES]


def _coordinates(rows: tuple[TrialRow, ...], device: str, names: list[str], metric: str) -> Any:
    rows = tuple(row for row in rows if device in row.devices)
    needs = {
        resource: [getattr(row.devices[device], need) for row in rows]
        for resource, need in zip(("ram", "flash", "latency"), _NEEDS, strict=True)
    }
    qualities = [row.quality or 0.0 for row in rows]
    dimensions = coordinates([row.parameters for row in rows], names, needs, qualities, metric)
    return {"trials": [row.number for row in rows], "qualities": qualities, "dimensions": dimensions}
