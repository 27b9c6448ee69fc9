"""Two to six candidates side by side, also across studies: what differs, scores, confusions, costs, and who fits."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, dcc, html, no_update

from tuner.client import Client
from tuner.dashboard import failure, tray
from tuner.dashboard.address import Address, link
from tuner.dashboard.bars import key, need_bars
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.cards import limits_of
from tuner.dashboard.drawing import graph
from tuner.dashboard.page import Page
from tuner.errors import InputError
from tuner.messages.comparison import Comparison, ComparisonRow, TrialRef
from tuner.messages.trials import TrialDetail
from tuner.metrics import ClassificationScore
from tuner.report import words
from tuner.report.figures import confusion_figure


def _layout(client: Client, address: Address) -> Any:
    chosen = address.all("trials")
    if len(chosen) < 2:
        return [
            dcc.Store(id="compare-from", data=chosen),
            html.Div(
                failure.empty(
                    "Choose two candidates to compare" if not chosen else "Choose one more candidate to compare",
                    f"“Compare” on a card of any study puts a candidate aside, up to {tray.MOST} of them. They wait "
                    "here, also while you look at another study.",
                    ("Studies", "/"),
                ),
                id="compare-empty",
            ),
        ]
    comparison = client.compare([_reference(text) for text in chosen[: tray.MOST]])
    return [
        dcc.Store(id="compare-from", data=chosen),
        html.Div(
            [html.H1("Compare"), html.P(_told(comparison), className="note")], className="top",
            style={"display": "block"},
        ),
        html.Section([html.H2("Who fits where"), _fits(comparison)], className="card"),
        html.Section(
            [
                html.H2("Scores and settings"),
                html.P("Lines in which the candidates differ are tinted.", className="note"),
                _table(comparison),
            ],
            className="card",
        ),
        html.Section([html.H2("What they need"), key(), _needs(client, comparison)], className="card"),
        _confusions(comparison),
    ]  # fmt: skip


def _register(callbacks: Callbacks, _: Client) -> None:
    @callbacks.on(
        Output("go", "href"), Input("compare-from", "data"), State("tray", "data"),
    )  # fmt: skip
    def take_from_tray(asked: list[str], kept: list[str] | None) -> Any:
        if asked or len(kept or []) < 2:
            return no_update
        return link("compare", trials=",".join(kept or []))


def _reference(text: str) -> TrialRef:
    study, _, number = text.rpartition(":")
    if not study or not number.isdigit():
        raise InputError(f"'{text}' is no candidate", hint="candidates are written as STUDY:TRIAL, like gestures:12")
    return TrialRef(study=study, trial=int(number))


def _told(comparison: Comparison) -> str:
    studies = list(dict.fromkeys(detail.study for detail in comparison.trials))
    return f"{words.count(len(comparison.trials), 'candidate')} of {words.listed(studies)}."


def _names(comparison: Comparison) -> list[Any]:
    several = len({detail.study for detail in comparison.trials}) > 1
    return [
        html.Th(
            [
                dcc.Link(f"Trial {detail.row.number}", href=link("studies", detail.study, "trials", detail.row.number)),
                html.Div(detail.study, className="note small") if several else None,
            ],
            scope="col",
        )
        for detail in comparison.trials
    ]


def _fits(comparison: Comparison) -> Any:
    rows = []
    for fit in comparison.devices:
        cells = []
        for fits, reason in zip(fit.fits, fit.reasons, strict=True):
            word, kind = ("–", "") if fits is None else ("fits", "fits") if fits else ("does not fit", "over")
            cells.append(html.Td(html.Span(word, className=f"tag {kind}", title=reason or None)))
        rows.append(html.Tr([html.Th(fit.title, scope="row"), *cells]))
    return _scrolled(comparison, rows)


def _table(comparison: Comparison) -> Any:
    rows: list[Any] = []
    group = ""
    titles = {"scores": "Scores", "settings": "Settings"} | {fit.device: fit.title for fit in comparison.devices}
    for row in comparison.rows:
        if row.group != group:
            group = row.group
            rows.append(html.Tr(html.Th(titles.get(group, group), colSpan=len(comparison.trials) + 1, scope="rowgroup"),
                                className="group"))  # fmt: skip
        rows.append(_line(row))
    return _scrolled(comparison, rows)


def _line(row: ComparisonRow) -> Any:
    kind = "text" if row.group == "settings" else ""
    return html.Tr(
        [html.Th(row.name, scope="row"), *(html.Td(cell, className=kind) for cell in row.cells)],
        className="differs" if row.differs else "",
    )


def _scrolled(comparison: Comparison, rows: list[Any]) -> Any:
    head = html.Thead(html.Tr([html.Th("", scope="col"), *_names(comparison)]))
    table = html.Table([head, html.Tbody(rows)], className="plain-table")
    return html.Div(table, className="scroll", tabIndex=0)


def _needs(client: Client, comparison: Comparison) -> Any:
    entries = {study: client.study(study).entry for study in {detail.study for detail in comparison.trials}}
    blocks: list[Any] = []
    for fit in comparison.devices:
        columns = []
        for detail in comparison.trials:
            standing = next((one for one in entries[detail.study].devices if one.device == fit.device), None)
            here = detail.row.devices.get(fit.device)
            if standing is not None and here is not None:
                columns.append(
                    html.Div([html.Div(_name(detail), className="note"), need_bars(here, limits_of(standing))])
                )
        blocks += [
            html.H3(fit.title, style={"marginTop": 20, "marginBottom": 6}),
            html.Div(columns, className="columns"),
        ]
    return html.Div(blocks)


def _confusions(comparison: Comparison) -> Any:
    cards = []
    for place, detail in enumerate(comparison.trials):
        training = detail.trial.training
        if training is None or not isinstance(training.converted, ClassificationScore):
            continue
        figure = confusion_figure(training.converted)
        figure.update_layout(margin={"l": 40, "r": 4, "t": 8, "b": 40})
        cards.append(
            html.Section(
                [
                    html.H3(_name(detail)),
                    graph(f"compare-confusion-{place}", f"Confusion matrix of {_name(detail)}", figure=figure),
                ],
                className="card",
            )
        )
    if not cards:
        return None
    return html.Div([html.H2("What is taken for what"), html.Div(cards, className="cards spaced-top")])


def _name(detail: TrialDetail) -> str:
    return f"{detail.study}, trial {detail.row.number}"


PAGE = Page("/compare", "Compare", _layout, _register)
