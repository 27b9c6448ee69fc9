"""A candidate as a card: what it is, how good, and what it needs on one device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from tuner.dashboard import tray
from tuner.dashboard.address import link
from tuner.dashboard.bars import need_bars
from tuner.messages.studies import DeviceStanding
from tuner.messages.trials import TrialRow
from tuner.metrics import quality_text


def limits_of(standing: DeviceStanding) -> Mapping[str, float | None]:
    """Return a device's budget by resource."""
    return {"ram": standing.ram_bytes, "flash": standing.flash_bytes, "latency": standing.latency_ms}


def written(quality: float | None, metric: str) -> str:
    """Write a quality as its metric is written, or that there is none."""
    return "–" if quality is None else quality_text(quality, metric)


def candidate_card(study: str, row: TrialRow, standing: DeviceStanding, metric: str, *, marked: str = "") -> Any:
    """Return the card.

    Args:
        study: the study's name.
        row: the candidate.
        standing: the device on which its needs are shown, with the budget.
        metric: what the quality is.
        marked: a word that sets the card apart, such as "chosen".
    """
    here = row.devices.get(standing.device)
    tags = [html.Span(marked, className="tag front")] if marked else []
    if here is None:
        tags.append(html.Span(row.state.value, className=f"tag {row.state.value}"))
    elif here.on_front:
        tags.append(html.Span("front", className="tag front"))
    elif not here.fits:
        tags.append(html.Span("does not fit", className="tag over"))
    href = link("studies", study, "trials", row.number, device=standing.device)
    return html.Article(
        [
            html.Div(
                [html.H3(dcc.Link(f"Trial {row.number}", href=href)), html.Div(tags, className="row")],
                className="spread",
            ),
            html.Div(
                [
                    html.Span(written(row.quality, metric), className="big"),
                    html.Span(_beside(row, metric), className="note small"),
                ],
                className="row",
            ),
            html.P(row.words, className="note small"),
            need_bars(here, limits_of(standing)) if here is not None else html.P(row.reason, className="problem"),
            html.Div(
                [
                    tray.button(study, row.number),
                    dcc.Link("Details", href=href, className="quiet"),
                ],
                className="row",
            ),
        ],
        className="card candidate",
    )  # fmt: skip


def _beside(row: TrialRow, metric: str) -> str:
    parts = [f"float {written(row.quality_float, metric)}"] if row.quality_float is not None else []
    parts += [f"test {written(row.quality_test, metric)}"] if row.quality_test is not None else []
    return " · ".join(parts)
