"""One candidate in full: scores, what is taken for what, how it learned, what it needs, its settings; export."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure, tray
from tuner.dashboard.address import Address, link
from tuner.dashboard.attributes import download
from tuner.dashboard.bars import key, need_bars
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import limits_of, written
from tuner.dashboard.drawing import graph
from tuner.dashboard.page import Page
from tuner.errors import InputError
from tuner.messages.studies import StudyEntry
from tuner.messages.trials import TrialDetail
from tuner.metrics import ClassificationScore
from tuner.report import words
from tuner.report.figures import confusion_figure, curve_figure


def _layout(client: Client, address: Address) -> Any:
    study, written = address.path["study"], address.path["trial"]
    if not written.isdigit():
        raise InputError(f"'{written}' is no number of a trial", hint="trials are numbered from 0")
    entry = client.study(study).entry
    detail = client.trial(study, int(written))
    return [
        dcc.Store(id="trial-of", data={"study": study, "trial": detail.row.number}),
        dcc.Download(id="trial-file"),
        _head(entry, detail),
        html.Div([_scores(entry, detail), _needs(entry, detail)], className="two"),
        *_training(detail),
        _settings(detail),
    ]


def _register(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(
        Output("trial-file", "data"), Input({"type": "trial-export", "device": ALL}, "n_clicks"),
        State("trial-of", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def export(clicks: list[int], of: dict[str, Any]) -> Any:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update
        return export_file(client, of["study"], of["trial"], ctx.triggered_id["device"])


def export_file(client: Client, study: str, trial: int, device: str) -> Any:
    """Return the archive with a model, its C source, manifest and golden vectors, as a download."""
    return download(client.export_zip(study, trial, device), f"{study}-{trial}-{device}.zip")


def _head(entry: StudyEntry, detail: TrialDetail) -> Any:
    row = detail.row
    return html.Div(
        [
            html.Div(
                [
                    html.P(
                        [dcc.Link("Studies", href="/"), " / ", dcc.Link(entry.name, href=link("studies", entry.name))],
                        className="kicker",
                    ),
                    html.Div([html.H1(f"Trial {row.number}"),
                              html.Span(row.state.value, className=f"tag {row.state.value}")], className="row"),
                    html.P(detail.sentence, className="note"),
                    html.P(row.reason, className="problem") if row.reason else None,
                ]
            ),
            html.Div([tray.button(entry.name, row.number)], className="row"),
        ],
        className="top",
    )  # fmt: skip


def _scores(entry: StudyEntry, detail: TrialDetail) -> Any:
    row = detail.row
    if row.quality is None:
        return html.Section(
            [
                html.H2("Not trained"),
                failure.note(row.reason or "It was handed to a worker, and nothing came back yet."),
            ],
            className="card",
        )
    facts = {
        f"{entry.metric}, as the board computes it": written(row.quality, entry.metric),
        "before conversion": written(row.quality_float, entry.metric),
        "on the test split": written(row.quality_test, entry.metric),
        "epochs": f"{row.epochs}, the weights of epoch {row.best_epoch} kept",
        "training, conversion, evaluation": words.duration(row.seconds or 0.0),
        "multiply-accumulates": f"{row.macs:,.0f}" if row.macs is not None else "–",
        "parameters": f"{row.network_parameters:,.0f}" if row.network_parameters is not None else "–",
        "model file": words.amount("flash", row.model_bytes or 0),
    }
    return html.Section(
        [
            html.H2("Scores"),
            html.P("On the validation split. The test split is opened once, for members of a front, after the search; "
                   "nothing is chosen by it.", className="note"),
            _facts(facts),
        ],
        className="card",
    )  # fmt: skip


def _needs(entry: StudyEntry, detail: TrialDetail) -> Any:
    boards: list[Any] = []
    for standing in entry.devices:
        here = detail.row.devices.get(standing.device)
        if here is None:
            continue
        verdict = html.Span("fits" if here.fits else "does not fit", className=f"tag {'fits' if here.fits else 'over'}")
        button = html.Button(
            "Export", id={"type": "trial-export", "device": standing.device}, className="button", n_clicks=0,
            disabled=not detail.has_model, title=None if detail.has_model else "The bytes of this model were not kept.",
        )  # fmt: skip
        boards += [
            html.Div(
                [html.Div([html.H3(standing.title), verdict], className="row"), button if here.fits else None],
                className="spread",
                style={"marginTop": 14},
            ),
            need_bars(here, limits_of(standing)),
        ]
    cannot = failure.note("It describes no network, so it needs nothing anywhere.")
    return html.Section([html.H2("What it needs"), key(), *(boards or [cannot])], className="card")


def _training(detail: TrialDetail) -> list[Any]:
    training = detail.trial.training
    if training is None:
        return []
    learned = html.Section(
        [
            html.H2("How it learned"),
            html.P(detail.diagnosis, className="note"),
            graph("trial-curve", "Loss by epoch", figure=curve_figure(training.curve, training.best_epoch)),
        ],
        className="card",
    )
    score = training.converted
    if not isinstance(score, ClassificationScore):
        return [learned]
    confused = html.Section(
        [
            html.H2("What is taken for what"),
            html.P("Windows of the validation split by true and predicted class.", className="note"),
            graph("trial-confusion", "Confusion matrix", figure=confusion_figure(score)),
        ],
        className="card",
    )
    return [html.Div([confused, learned], className="two")]


def _settings(detail: TrialDetail) -> Any:
    own = {name: value for name, value in detail.settings.items() if not name.startswith(_CHOSEN)}
    chosen = {name.removeprefix(_CHOSEN): value for name, value in detail.settings.items() if name not in own}
    return html.Div(
        [
            html.Section([html.H2("Settings"), _facts(own)], className="card"),
            html.Section([html.H2("As the search chose them"), _facts(chosen)], className="card"),
        ],
        className="two",
    )


_CHOSEN = "parameter "


def _facts(facts: dict[str, str]) -> Any:
    return html.Dl([part for name, value in facts.items() for part in (html.Dt(name), html.Dd(value))],
                   className="facts")  # fmt: skip


PAGE = Page("/studies/{study}/trials/{trial}", "Studies", _layout, _register)
