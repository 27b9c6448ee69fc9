"""Needs as bars: RAM, flash and latency by part, against the budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from tuner.dashboard.attributes import aria
from tuner.messages.trials import TrialOnDevice
from tuner.record import RESOURCES
from tuner.report import words

PARTS = ("network", "preprocessing", "input", "runtime")


def need_bars(here: TrialOnDevice, limits: Mapping[str, float | None]) -> Any:
    """Return a bar each for RAM, flash and latency.

    Args:
        here: what the candidate needs.
        limits: the budget by resource; where there is none the bar is full.
    """
    totals = {"ram": here.ram_bytes, "flash": here.flash_bytes, "latency": here.latency_ms}
    rows: list[Any] = []
    for resource in RESOURCES:
        limit, total = limits.get(resource), totals[resource]
        whole = max(total, limit or total) or 1.0
        written = words.amount(resource, total)
        of = "" if limit is None else f" of {words.amount(resource, limit)}"
        over = limit is not None and total > limit
        rows += [
            html.Span(words.RESOURCE_TITLES[resource], className="name"),
            html.Div(
                _sections(here.parts.get(resource, {}), whole), className="track", title=f"{written}{of}", role="img",
                **aria(label=f"{words.RESOURCE_TITLES[resource]} {written}{of}"),
            ),
            html.Span(written, className="amount problem" if over else "amount", title=f"{written}{of}"),
        ]  # fmt: skip
    return html.Div(rows, className="bars")


def share_bar(name: str, share: float, written: str) -> list[Any]:
    """Return one line of a `bars` box: a name, a share of the whole and the same in words."""
    return [
        html.Span(name, className="name"),
        html.Div(html.I(style={"width": f"{share:.1%}"}, className="share"), className="track"),
        html.Span(written, className="amount"),
    ]


def key() -> Any:
    """Return what the colours of the bars mean."""
    return html.Div(
        [html.Span([html.I(className=f"part-{part}"), part]) for part in PARTS], className="key"
    )  # fmt: skip


def _sections(parts: Mapping[str, float], whole: float) -> list[Any]:
    return [
        html.I(
            className=f"part-{part}",
            style={"width": f"{parts[part] / whole:.2%}"},
            title=f"{part}: {parts[part]:.4g}",
        )
        for part in PARTS
        if parts.get(part)
    ]
