"""All studies: where each stands, how it grows, its best on each device; start and stop."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import aria
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import written
from tuner.dashboard.page import Page
from tuner.messages.studies import DeviceStanding, StudyEntry, StudyState
from tuner.report import words
from tuner.units import format_seconds

_EVERY_MS = 3000


def _layout(client: Client, address: Address) -> Any:
    entries = client.studies()
    if not entries:
        return failure.empty(
            "No studies yet",
            "A study searches window, preprocessing, network and compression together, for models that fit your "
            "boards. You need recordings in a folder, and five minutes.",
            ("Begin a study", "/new"),
            ("Look at the boards", "/devices"),
        )
    return [
        html.Div(
            [
                html.Div([html.H1("Studies"), html.P(_told(entries), className="note")]),
                html.Div(
                    [
                        dmc.TextInput(
                            id="studies-find", value=address.text("find"), placeholder="Find a study", debounce=200,
                            **aria(label="Find a study"),
                        ),
                        dcc.Link("New study", href="/new", className="button"),
                    ],
                    className="row",
                ),
            ],
            className="top",
        ),
        html.Div(_cards(entries, address.text("find")), id="studies-list", **aria(live="off")),
        dcc.Store(id="studies-seen", data=_seen(entries)),
        dcc.Store(id="studies-permalink"),
        dcc.Interval(id="studies-tick", interval=_EVERY_MS),
    ]  # fmt: skip


def _register(callbacks: Callbacks, client: Client) -> None:
    callbacks.permalink("studies", "find")

    @callbacks.on(
        Output("studies-list", "children"),
        Output("studies-seen", "data"),
        Input("studies-tick", "n_intervals"),
        Input("studies-find", "value"),
        State("studies-seen", "data"),
        prevent_initial_call=True,
    )
    def refresh(_: int, find: str, seen: list[Any]) -> tuple[Any, Any]:
        entries = client.studies()
        now = _seen(entries)
        if now == seen and ctx.triggered_id != "studies-find":
            return no_update, no_update
        return _cards(entries, find), now

    @callbacks.on(
        Output("studies-tick", "n_intervals"),
        Input({"type": "studies-do", "study": ALL, "act": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def act(clicks: list[int]) -> Any:
        if any(clicks) and isinstance(ctx.triggered_id, dict):
            perform(client, ctx.triggered_id["study"], ctx.triggered_id["act"])
            return 1
        return no_update


def perform(client: Client, study: str, act: str) -> None:
    """Start, pause, resume or cancel a study."""
    acts = {
        "start": client.start_study,
        "pause": client.pause_study,
        "resume": client.resume_study,
        "cancel": client.cancel_study,
    }
    acts[act](study)


def acts_of(entry: StudyEntry) -> list[tuple[str, str]]:
    """Return what can be done with a study as it stands: verbs of the API, and as they are written."""
    return {
        StudyState.CREATED: [("start", "Start")],
        StudyState.QUEUED: [("pause", "Take out of the queue")],
        StudyState.RUNNING: [("pause", "Pause")],
        StudyState.PAUSED: [("resume", "Resume")],
        StudyState.FAILED: [("resume", "Try again")],
    }.get(entry.state, [])


def _told(entries: tuple[StudyEntry, ...]) -> str:
    running = sum(entry.state is StudyState.RUNNING for entry in entries)
    queued = sum(entry.state is StudyState.QUEUED for entry in entries)
    parts = [words.count(len(entries), "study").replace("studys", "studies")]
    parts += [f"{running} running"] if running else []
    parts += [f"{queued} waiting"] if queued else []
    return " · ".join(parts)


def _seen(entries: tuple[StudyEntry, ...]) -> list[Any]:
    return [[entry.name, entry.state.value, entry.version, entry.queue_position] for entry in entries]


def _cards(entries: tuple[StudyEntry, ...], find: str) -> list[Any]:
    wanted = (find or "").lower().split()
    shown = [entry for entry in entries if all(word in _text(entry) for word in wanted)]
    if not shown:
        return [failure.note(f"No study has “{find}” in its name, data set, search space or boards.")]
    return [_card(entry) for entry in shown]


def _text(entry: StudyEntry) -> str:
    boards = " ".join(standing.title for standing in entry.devices)
    return f"{entry.name} {entry.dataset} {entry.search_space} {entry.state} {boards}".lower()


def _card(entry: StudyEntry) -> Any:
    progress = min(1.0, entry.counts.trained / entry.trials_limit)
    buttons = [
        html.Button(text, id={"type": "studies-do", "study": entry.name, "act": act}, className="quiet", n_clicks=0)
        for act, text in acts_of(entry)
    ]
    return html.Article(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(
                                [html.H2(dcc.Link(entry.name, href=link("studies", entry.name))), state_tag(entry)],
                                className="row",
                            ),
                            html.P(
                                f"{entry.search_space} on {entry.dataset} · {entry.counts.trained:,} of "
                                f"{entry.trials_limit:,} trained · {format_seconds(entry.elapsed_s)}",
                                className="note",
                            ),
                        ]
                    ),
                    html.Div(buttons, className="row"),
                ],
                className="spread",
            ),
            html.Div([_growth(entry), html.Div([_best(entry, one) for one in entry.devices], className="bests")],
                     className="study-body"),
            html.Div(
                html.I(style={"width": f"{progress:.1%}"}, className="share"), className="track thin",
                role="progressbar",
                **aria(label="Candidates trained", valuenow=round(100 * progress), valuemin=0, valuemax=100),
            ),
        ],
        className="card study",
    )  # fmt: skip


def state_tag(entry: StudyEntry) -> Any:
    """Return the state as a coloured word, with the reason for it."""
    text = entry.state.value
    if entry.queue_position is not None:
        text = f"queued, {entry.queue_position}. in line"
    return html.Span(text, className=f"tag {entry.state.value}", title=entry.reason or None)


def _growth(entry: StudyEntry) -> Any:
    if len(entry.sparkline) < 2:
        return html.Div(html.Span("no models yet", className="note small"), className="growth")
    return html.Div(
        [
            dmc.Sparkline(
                data=list(entry.sparkline), h=38, w=150, color="var(--accent)", fillOpacity=0.14, strokeWidth=1.6,
                curveType="stepAfter",
            ),
            html.Span(f"hypervolume {entry.sparkline[-1]:.3f}", className="note small"),
        ],
        className="growth",
    )  # fmt: skip


def _best(entry: StudyEntry, standing: DeviceStanding) -> Any:
    return dcc.Link(
        [
            html.Span(standing.title, className="note small"),
            html.B(written(standing.best, entry.metric), className="number"),
            html.Span(f"{words.count(standing.front, 'model')} on the front", className="note small"),
        ],
        href=link("studies", entry.name, device=standing.device),
        className="best",
    )


PAGE = Page("/", "Studies", _layout, _register)
