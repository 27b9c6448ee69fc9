"""One study as it runs or ended: counts, boards, and tabs for front, candidates, analysis, now and log."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import aria, download
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import written
from tuner.dashboard.page import Page
from tuner.dashboard.pages import study_analysis, study_candidates, study_front, study_now
from tuner.dashboard.pages.studies import acts_of, perform, state_tag
from tuner.messages.studies import Extension, StudyDetail, StudyEntry, StudyState
from tuner.report import words
from tuner.units import format_seconds

_TABS = {"front": "Front", "candidates": "Candidates", "analysis": "Analysis", "now": "Now", "log": "Log"}
_EVERY_MS = 2000


def _layout(client: Client, address: Address) -> Any:
    detail = client.study(address.path["study"])
    entry = detail.entry
    device = address.choice("device", [standing.device for standing in entry.devices])
    panels = {
        "front": study_front.panel(detail, address),
        "candidates": study_candidates.panel(detail, address),
        "analysis": study_analysis.panel(),
        "now": study_now.panel(),
        "log": html.Section([html.H2("What the worker wrote"), html.Pre(id="study-log", className="log", tabIndex=0)],
                            className="card"),
    }  # fmt: skip
    return [
        dcc.Store(id="study-name", data=entry.name),
        dcc.Store(id="study-version", data=_version(entry)),
        dcc.Store(id="study-picked", data=[]),
        dcc.Store(id="study-permalink"),
        dcc.Store(id="study-device-chosen"),
        dcc.Download(id="study-file"),
        dcc.Interval(id="study-tick", interval=_EVERY_MS, disabled=not _moves(entry)),
        html.Div(_head(detail), id="study-head"),
        html.Div(_standing(entry, device), id="study-standing"),
        html.Div(dmc.Select(id="study-device", data=[one.device for one in entry.devices], value=device), hidden=True),
        dmc.Tabs(
            [
                dmc.TabsList([dmc.TabsTab(title, value=name) for name, title in _TABS.items()], mb=16),
                *(dmc.TabsPanel(panel, value=name) for name, panel in panels.items()),
            ],
            id="study-tab",
            value=address.choice("tab", list(_TABS)),
        ),
        _extending(entry),
    ]


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("study", "tab", "device", "x", "y", "of", "compression", "state", "find", "sort",
                        switches=("infeasible", "fitting"))  # fmt: skip
    _watch(callbacks, client)
    _steer(callbacks, client)
    study_front.register(callbacks, client)
    study_candidates.register(callbacks, client)
    study_analysis.register(callbacks, client)
    study_now.register(callbacks, client)

    @callbacks.on(
        Output("study-log", "children"), Input("study-version", "data"), Input("study-tab", "value"),
        State("study-name", "data"),
    )  # fmt: skip
    def log(_: Any, tab: str, study: str) -> Any:
        if tab != "log":
            return no_update
        written = client.study_log(study)
        if not written.text:
            return "Nothing yet: a worker writes here once the study has been started by this server."
        return ("… (the end of it)\n" if written.truncated else "") + written.text


def _watch(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(
        Output("study-head", "children"),
        Output("study-standing", "children"),
        Output("study-version", "data"),
        Output("study-tick", "disabled"),
        Input("study-tick", "n_intervals"),
        Input("study-device", "value"),
        State("study-name", "data"),
        State("study-version", "data"),
        prevent_initial_call=True,
    )
    def refresh(_: int, device: str, study: str, seen: list[Any]) -> Any:
        detail = client.study(study)
        now = _version(detail.entry)
        if now == seen and ctx.triggered_id == "study-tick":
            return no_update, no_update, no_update, not _moves(detail.entry)
        head = no_update if now == seen else _head(detail)
        return head, _standing(detail.entry, device), no_update if now == seen else now, not _moves(detail.entry)

    callbacks.in_browser(
        "chooseDevice",
        Output("study-device", "value"),
        Input({"type": "study-board", "device": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )


def _steer(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(
        Output("study-tick", "n_intervals"),
        Output("study-tick", "disabled", allow_duplicate=True),
        Input({"type": "study-do", "act": ALL}, "n_clicks"),
        State("study-name", "data"),
        prevent_initial_call=True,
    )
    def act(clicks: list[int], study: str) -> Any:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update, no_update
        perform(client, study, ctx.triggered_id["act"])
        return 1, False

    @callbacks.on(
        Output("study-file", "data"), Input("study-report", "n_clicks"), State("study-name", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def report(clicks: int, study: str) -> Any:
        return download(client.report(study), f"{study}.html") if clicks else no_update

    @callbacks.on(
        Output("study-tick", "n_intervals", allow_duplicate=True),
        Output("study-tick", "disabled", allow_duplicate=True),
        Output("study-extending", "opened"),
        Input("study-extend-go", "n_clicks"),
        State("study-extend-trials", "value"),
        State("study-name", "data"),
        prevent_initial_call=True,
    )
    def extend(clicks: int, trials: float, study: str) -> Any:
        if not clicks:
            return no_update, no_update, no_update
        client.extend_study(study, Extension(trials=int(trials)))
        return 1, False, False

    @callbacks.on(Output("go", "pathname"), Input("study-delete-go", "n_clicks"), State("study-name", "data"),
                  prevent_initial_call=True)  # fmt: skip
    def delete(clicks: int, study: str) -> Any:
        if not clicks:
            return no_update
        client.delete_study(study)
        failure.notify(f"{study} is deleted")
        return "/"

    for name in ("extending", "deleting"):
        callbacks.in_browser(
            "open", Output(f"study-{name}", "opened", allow_duplicate=True), Input(f"study-{name}-open", "n_clicks"),
            prevent_initial_call=True,
        )  # fmt: skip


def _version(entry: StudyEntry) -> list[Any]:
    return [entry.version, entry.state.value, entry.reason]


def _moves(entry: StudyEntry) -> bool:
    """Whether something may happen to the study by itself."""
    return entry.state in (StudyState.RUNNING, StudyState.QUEUED)


def _head(detail: StudyDetail) -> Any:
    entry = detail.entry
    buttons: list[Any] = [
        html.Button(text, id={"type": "study-do", "act": act}, className="quiet", n_clicks=0)
        for act, text in acts_of(entry)
    ]
    ended = entry.state in (StudyState.FINISHED, StudyState.CANCELLED)
    buttons += [
        html.Button("Search on", id="study-extending-open", className="quiet", n_clicks=0, hidden=not ended),
        html.Button("Report", id="study-report", className="quiet", n_clicks=0),
        html.Button("Delete", id="study-deleting-open", className="quiet", n_clicks=0, hidden=_moves(entry)),
        dcc.Link("Select a model", href=link("studies", entry.name, "select"), className="button"),
    ]
    return html.Div(
        [
            html.Div(
                [
                    html.P([dcc.Link("Studies", href="/"), " / ", entry.task], className="kicker"),
                    html.Div([html.H1(entry.name), state_tag(entry)], className="row"),
                    html.P(_told(detail), className="note"),
                ]
            ),
            html.Div(buttons, className="row"),
        ],
        className="top",
    )


def _told(detail: StudyDetail) -> str:
    entry = detail.entry
    workers = words.count(entry.workers, "worker") if entry.workers else "no workers: in one process"
    parts = [f"{entry.search_space} on {entry.dataset}", f"{entry.sampler} sampler", f"seed {entry.seed}", workers]
    parts.append(format_seconds(entry.elapsed_s))
    ended = f" {_sentence(entry.reason)}" if entry.reason else ""
    return " · ".join(parts) + "." + ended


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _standing(entry: StudyEntry, device: str) -> Any:
    counts = entry.counts
    shown = {
        "sampled": counts.sampled, "rejected": counts.rejected, "trained": counts.trained, "failed": counts.failed,
        "pending": counts.pending,
    }  # fmt: skip
    titles = {"rejected": "rejected untrained", "trained": f"of {entry.trials_limit:,} trained", "pending": "at work"}
    strip = [
        html.Div([html.Dd(f"{number:,}"), html.Dt(titles.get(name, name))], className=name if number else "none")
        for name, number in shown.items()
    ]
    boards = []
    for one in entry.devices:
        limits = [words.amount("ram", one.ram_bytes) + " RAM", words.amount("flash", one.flash_bytes) + " flash"]
        limits += [words.amount("latency", one.latency_ms)] if one.latency_ms is not None else []
        best = "nothing fits yet" if one.best is None else written(one.best, entry.metric)
        fits = f"{entry.metric}, {one.front:,} of {one.fitting:,} that fit on the front" if one.fitting else ""
        boards.append(
            html.Button(
                [
                    html.H3(one.title),
                    html.Div([html.Span(best, className="big"), html.Span(fits, className="note")], className="row"),
                    html.Span("may use " + words.listed(limits), className="note"),
                ],
                id={"type": "study-board", "device": one.device},
                className="board",
                n_clicks=0,
                **aria(pressed="true" if one.device == device else "false"),
            )
        )
    return [html.Dl(strip, className="counts"), html.Div(boards, className="boards")]


def _extending(entry: StudyEntry) -> Any:
    return html.Div(
        [
            dmc.Modal(
                [
                    dmc.NumberInput(
                        id="study-extend-trials", label="Candidates to train in addition", value=20, min=1, step=10
                    ),
                    html.Div(html.Button("Search on", id="study-extend-go", className="button", n_clicks=0),
                             style={"marginTop": 16}),
                ],
                id="study-extending", title=f"Search on in {entry.name}", opened=False, centered=True,
            ),
            dmc.Modal(
                [
                    html.P("Its record, models and reports go. This cannot be undone."),
                    html.Button("Delete the study", id="study-delete-go", className="button", n_clicks=0),
                ],
                id="study-deleting", title=f"Delete {entry.name}?", opened=False, centered=True,
            ),
        ]
    )  # fmt: skip


PAGE = Page("/studies/{study}", "Studies", _layout, _register)
