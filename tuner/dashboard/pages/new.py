"""A new study, from data to start: what it holds is checked and its share that fits is shown before anything runs."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
import yaml
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import aria
from tuner.dashboard.bars import share_bar
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.editor import editor, number_lines, problem_list
from tuner.dashboard.page import Page
from tuner.dashboard.pages.devices import device_grid
from tuner.dashboard.pages.new_study import budget_sliders, dataset_summary, study_file, survey_request
from tuner.errors import InputError, TunerError
from tuner.report import words

_SURVEYED = 120
"""Candidates drawn to see what share fits; a share of one half is then known to within 9 points."""


def _layout(client: Client, address: Address) -> Any:
    server, datasets, spaces = client.server(), client.datasets(), client.spaces()
    studies = client.studies()
    source = address.choice("from", ["template", "study", "editor"])
    space = address.choice("space", [entry.name for entry in spaces])
    return [
        dcc.Store(id="new-permalink"),
        dcc.Store(id="new-space-from-study"),
        dcc.Store(id="new-data-uploaded"),
        html.Div(
            [
                html.H1("New study"),
                html.P("Data, boards and a search space; the rest has defaults that work. Nothing is trained until you "
                       "start it.", className="note"),
            ],
            className="top",
            style={"display": "block"},
        ),
        html.Div(
            [
                html.Div(
                    [
                        _data(datasets, server.data_roots, address),
                        _boards(client, address),
                        _space(spaces, [entry.name for entry in studies], source, space, address),
                        _limits(server.objectives, server.samplers, server.max_workers, server.tasks),
                    ]
                ),
                html.Section(
                    [
                        dmc.TextInput(id="new-name", label="Name", placeholder="gestures", required=True,
                                      description="Letters, digits, dots and dashes."),
                        html.H3("What fits", style={"marginTop": 18}),
                        html.Div(failure.note("Choose boards and a search space to see what share of it fits each."),
                                 id="new-share"),
                        html.Div(id="new-problems"),
                        html.Div(
                            [
                                html.Button("Start the study", id="new-start", className="button", n_clicks=0),
                                html.Button("Create only", id="new-create", className="quiet", n_clicks=0),
                            ],
                            className="row",
                            style={"marginTop": 16},
                        ),
                        html.Details([html.Summary("The study file"), html.Pre(id="new-file", className="log")],
                                     className="disclosure", style={"marginTop": 16}),
                    ],
                    className="card stick",
                    **aria(label="Summary"),
                ),
            ],
            className="aside",
        ),
    ]  # fmt: skip


def _data(datasets: Any, roots: Any, address: Address) -> Any:
    names = [entry.name for entry in datasets]
    where = words.listed(list(roots)) if roots else "no folder: this server takes uploads only"
    return _step(
        1,
        "Data",
        "Labelled recordings, images or features: a folder on the server, or an archive from here.",
        dmc.Select(
            id="new-dataset", data=names, value=address.choice("dataset", names) if names else None, searchable=True,
            placeholder="No data set yet: register or upload one below", **aria(label="Data set"),
        ),
        html.Div(id="new-dataset-told", className="spaced-top"),
        html.Details(
            [
                html.Summary("Add a data set"),
                html.Div(
                    [
                        dmc.TextInput(id="new-data-name", label="Name", w=180),
                        dmc.TextInput(id="new-data-path", label="Path on the server", w=300, placeholder="recordings"),
                        html.Button("Register", id="new-data-register", className="quiet", n_clicks=0),
                    ],
                    className="controls",
                ),
                html.P(f"Paths may lie below {where}.", className="note small"),
                html.Div(id="new-data-told"),
                dcc.Upload(
                    html.Div(
                        [
                            html.B("Drop an archive or a file here"),
                            html.Div("ZIP or TAR of a folder, CSV, NPZ, Parquet, …; the name above is its name"),
                        ]
                    ),
                    id="new-data-file",
                    className="drop",
                ),
            ],
            className="disclosure",
            open=not names,
        ),
    )  # fmt: skip


def _boards(client: Client, address: Address) -> Any:
    asked = address.all("devices")
    entries = sorted(client.devices(), key=lambda entry: entry.name not in asked)
    grid = device_grid("new-devices", entries, height=300, choose=True)
    grid.selectedRows = [row for row in grid.rowData if row["name"] in asked]
    return _step(
        2,
        "Boards and budgets",
        "One search serves them all; each has a front of its own.",
        dmc.TextInput(id="new-find", placeholder="Find by name, vendor, core…", w=280, mb=8,
                      **aria(label="Find a board")),
        html.Div(grid, className="grid"),
        html.Div(id="new-budgets"),
    )  # fmt: skip


def _space(spaces: Any, studies: list[str], source: str, space: str, address: Address) -> Any:
    ways = [("template", "Template"), ("study", "Of a study"), ("editor", "Editor")]
    return _step(
        3,
        "Search space",
        "Which windows, preprocessing, networks and compressions are tried.",
        dmc.SegmentedControl(
            id="new-from", value=source, data=[{"value": value, "label": text} for value, text in ways]
        ),
        html.Div(
            dmc.Select(
                id="new-space", value=space, searchable=True, allowDeselect=False, mt=10,
                data=[{"value": entry.name, "label": f"{entry.name}: {entry.title}"} for entry in spaces],
                **aria(label="Template"),
            ),
            id="new-template-box",
        ),
        html.Div(
            dmc.Select(id="new-study", data=studies, searchable=True, mt=10, value=address.text("study") or None,
                       placeholder="A study of this server", **aria(label="Study whose space is taken")),
            id="new-study-box",
        ),
        html.Div(
            [
                html.P("Begins with the template or the study chosen before; change what you like.", className="note"),
                editor("new-space-editor", "Search space in YAML"),
            ],
            id="new-editor-box",
            style={"marginTop": 10},
        ),
        html.Div(id="new-space-told", className="spaced-top"),
    )  # fmt: skip


def _limits(objectives: Any, samplers: Any, workers: int, tasks: Any) -> Any:
    fixed = {"quality", "accuracy"}
    return _step(
        4,
        "Objectives and limits",
        "Accuracy always counts; choose what else a front weighs against it.",
        dmc.CheckboxGroup(
            dmc.Group([dmc.Checkbox(label=words.OBJECTIVES.get(name, name), value=name, disabled=name in fixed)
                       for name in objectives], mt=4),
            id="new-objectives", value=list(objectives),
        ),
        html.Div(
            [
                dmc.Select(
                    id="new-task", label="Task", value="auto", w=170, allowDeselect=False,
                    data=[{"value": "auto", "label": "as the labels say"}, *tasks],
                ),
                dmc.NumberInput(id="new-trials", label="Candidates to train", value=60, min=1, step=10, w=150),
                dmc.NumberInput(id="new-minutes", label="Minutes at most", min=1, step=5, w=150, placeholder="none"),
                dmc.NumberInput(id="new-workers", label="Workers", value=min(2, workers), min=0, max=workers, w=100),
                dmc.Select(id="new-sampler", label="Sampler", value="auto", w=140, allowDeselect=False,
                           data=["auto", *(name for name in samplers if name != "auto")]),
                dmc.NumberInput(id="new-seed", label="Seed", value=0, min=0, w=90),
                dmc.Select(id="new-split", label="Split by", value="recording", w=150, allowDeselect=False,
                           data=["recording", "group", "time", "given"]),
            ],
            className="controls",
        ),
    )  # fmt: skip


def _step(number: int, title: str, told: str, *children: Any) -> Any:
    return html.Section(
        [html.H2([html.Span(str(number), className="step"), title]), html.P(told, className="note"), *children],
        className="card",
    )


_FORM = (
    State("new-name", "value"), State("new-dataset", "value"), State("new-task", "value"),
    State("new-objectives", "value"), State("new-trials", "value"), State("new-minutes", "value"),
    State("new-workers", "value"), State("new-sampler", "value"), State("new-seed", "value"),
    State("new-split", "value"), State("new-devices", "selectedRows"),
    State({"type": "new-budget", "device": ALL, "resource": ALL}, "value"),
    State({"type": "new-budget", "device": ALL, "resource": ALL}, "id"), State("new-from", "value"),
    State("new-space", "value"), State("new-space-editor-text", "value"), State("new-space-from-study", "data"),
)  # fmt: skip


def _inputs() -> list[Any]:
    return [Input(state.component_id, state.component_property) for state in _FORM]


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("new", "dataset", "from", "space", "study")
    number_lines(callbacks, "new-space-editor")
    callbacks.in_browser(
        "quickFilter", Output("new-devices", "data-find"), Input("new-find", "value"), Input("new-devices", "id")
    )
    callbacks.in_browser(
        "showWay", Output("new-template-box", "hidden"), Output("new-study-box", "hidden"),
        Output("new-editor-box", "hidden"), Input("new-from", "value"),
    )  # fmt: skip
    _register_data(callbacks, client)
    _register_space(callbacks, client)
    _register_start(callbacks, client)

    @callbacks.on(Output("new-budgets", "children"), Input("new-devices", "selectedRows"))
    def budgets(rows: Any) -> Any:
        return budget_sliders([row for row in rows or [] if isinstance(row, dict) and "name" in row])


def _register_data(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(Output("new-dataset-told", "children"), Input("new-dataset", "value"))
    def summarize(name: str | None) -> Any:
        if not name:
            return None
        try:
            return dataset_summary(client.inspect_dataset(name))
        except TunerError as error:
            return failure.note(f"{error.message} {error.hint}", "problem")

    @callbacks.on(
        Output("new-dataset", "data"),
        Output("new-dataset", "value"),
        Output("new-data-told", "children"),
        Input("new-data-register", "n_clicks"),
        Input("new-data-uploaded", "data"),
        State("new-data-name", "value"),
        State("new-data-path", "value"),
        prevent_initial_call=True,
    )
    def add(_: int, uploaded: dict[str, Any] | None, name: str, path: str) -> Any:
        try:
            if ctx.triggered_id == "new-data-register":
                added = client.register_dataset(name or "", path or "").name
            elif uploaded and "refusal" in uploaded:
                raise InputError(uploaded["refusal"]["message"], hint=uploaded["refusal"]["hint"])
            else:
                added = (uploaded or {})["answer"]["name"]
        except TunerError as error:
            return no_update, no_update, failure.note(f"{error.message} {error.hint}", "problem")
        return [one.name for one in client.datasets()], added, failure.note(f"{added} is among the data sets.")

    callbacks.in_browser(
        "uploadDataset",
        Output("new-data-uploaded", "data"),
        Input("new-data-file", "contents"),
        State("new-data-file", "filename"),
        State("new-data-name", "value"),
        prevent_initial_call=True,
    )


def _register_space(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(Output("new-space-from-study", "data"), Input("new-study", "value"))
    def take(study: str | None) -> Any:
        return dict(client.study(study).space) if study else None

    @callbacks.on(
        Output("new-space-editor-text", "value"), Input("new-from", "value"), State("new-space", "value"),
        State("new-space-from-study", "data"), State("new-space-editor-text", "value"),
    )  # fmt: skip
    def begin(source: str, space: str, of_study: Any, text: str) -> Any:
        if source != "editor" or text:
            return no_update
        return yaml.safe_dump(of_study, sort_keys=False) if of_study else client.space(space).text

    @callbacks.on(
        Output("new-space-told", "children"), Output("new-space-editor-wrong", "data"), Input("new-from", "value"),
        Input("new-space", "value"), Input("new-space-from-study", "data"), Input("new-space-editor-text", "value"),
    )  # fmt: skip
    def check(source: str, space: str, of_study: Any, text: str) -> Any:
        if source == "template":
            entry = client.space(space).entry
            size = "with continuous ranges" if entry.size is None else f"{entry.size:,} candidates"
            parts = f"{words.listed(entry.preprocessing)}; {words.listed(entry.architectures)}"
            return failure.note(f"{words.count(entry.parameters, 'parameter')}, {size}: {parts}."), []
        written = yaml.safe_dump(of_study) if source == "study" and of_study else text if source == "editor" else ""
        if not (written or "").strip():
            return None, []
        found = client.validate_space(written)
        size = "with continuous ranges" if found.size is None else f"{found.size:,} candidates"
        good = f"Valid: {words.count(len(found.parameters), 'parameter')}, {size}."
        return problem_list(found.problems, good), [problem.line for problem in found.problems]


def _register_start(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(Output("new-share", "children"), Output("new-file", "children"), *_inputs())
    def share(*form: Any) -> Any:
        study = study_file(*form)
        written = yaml.safe_dump(study, sort_keys=False, allow_unicode=True)
        request = survey_request(study, _SURVEYED)
        if request is None:
            return failure.note("Choose boards and a search space to see what share of it fits each."), written
        try:
            found = client.survey_space(request)
        except TunerError as error:
            return failure.note(f"{error.message} {error.hint}", "problem"), written
        bars = [part for one in found.devices for part in share_bar(one.title, one.share, f"{one.share:.0%}")]
        told = f"Of {found.drawn} candidates drawn from the space, {found.built} describe a network."
        return [html.Div(bars, className="bars wide"), failure.note(told, "note small")], written

    @callbacks.on(
        Output("go", "pathname", allow_duplicate=True), Output("new-problems", "children"),
        Input("new-start", "n_clicks"), Input("new-create", "n_clicks"), *_FORM, prevent_initial_call=True,
    )  # fmt: skip
    def start(started: int, created: int, *form: Any) -> Any:
        if not (started or created):
            return no_update, no_update
        try:
            detail = client.create_study(study_file(*form), start=ctx.triggered_id == "new-start")
        except TunerError as error:
            return no_update, failure.note(f"{error.message} {error.hint}", "problem")
        return link("studies", detail.entry.name), []


PAGE = Page("/new", "New study", _layout, _register)
