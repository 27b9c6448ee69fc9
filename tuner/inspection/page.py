"""A model on devices as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib.resources import files

import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from tuner.inspection.inspect import UNIT_REFUSES, Inspection
from tuner.inspection.picture import arena_picture, time_picture
from tuner.report.markup import Markup, element, join
from tuner.units import format_bytes, format_milliseconds

_DETAILED = 8
"""Devices up to which each gets its own breakdown; of more, those with the same runtime and core share one."""


def render(model: str, inspections: Sequence[Inspection]) -> str:
    """Return the page.

    Args:
        model: name of the model, for the heading.
        inspections: the model on each device; at least one.
    """
    graph = inspections[0].graph
    facts = f"{format_bytes(graph.model_bytes)} · {len(graph.operators)} operators"
    macs = sum(operator.macs for operator in inspections[0].operators)
    body = element(
        "main",
        element("header", element("p", "Edge Tuner · model profile", class_="kicker"), element("h1", model)),
        element("p", f"{facts} · {macs:,} multiply-accumulates", class_="lead"),
        element("section", element("h2", "Devices"), _devices(inspections), *_notes(inspections)),
        *_arenas(inspections),
        *(_breakdown(inspection) for inspection in _representatives(inspections)),
    )
    style = files("tuner.report").joinpath("style.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(model)} – Edge Tuner</title>\n<style>{style}</style>\n"
        f"<script>{get_plotlyjs()}</script>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _devices(inspections: Sequence[Inspection]) -> Markup:
    header = ("device", "fits", "arena", "RAM", "of budget", "flash", "of budget", "latency", "90 % within", "energy")
    rows = [_device(inspection) for inspection in inspections]
    return _table((*header, "why not"), rows, text=(0, 1, 10))


def _notes(inspections: Sequence[Inspection]) -> list[Markup]:
    refused = [inspection for inspection in inspections if inspection.unit_refuses]
    return [element("p", f"{inspection.profile.name}: {UNIT_REFUSES}.", class_="note") for inspection in refused]


def _device(inspection: Inspection) -> tuple[str, ...]:
    cost, budget = inspection.cost, inspection.budget
    ram, flash, latency = cost.ram.total.value, cost.flash.total.value, cost.latency.total
    return (
        inspection.profile.name,
        "yes" if inspection.fits else "no",
        format_bytes(inspection.arena_bytes),
        format_bytes(ram),
        f"{ram / budget.ram_bytes:.0%}" if budget.ram_bytes else "–",
        format_bytes(flash),
        f"{flash / budget.flash_bytes:.0%}" if budget.flash_bytes else "–",
        format_milliseconds(latency.value),
        f"{format_milliseconds(latency.low)} – {format_milliseconds(latency.high)}",
        "–" if cost.energy is None else f"{cost.energy.value:.3g} mJ",
        "; ".join(str(shortfall) for shortfall in inspection.shortfalls),
    )


def _arenas(inspections: Sequence[Inspection]) -> list[Markup]:
    """Return one section per different plan; devices that load the model alike share it."""
    plans: dict[int, list[Inspection]] = {}
    for inspection in (each for each in inspections if not each.accelerated):
        plans.setdefault(id(inspection.arena), []).append(inspection)
    return [_arena(group) for group in plans.values()]


def _arena(group: Sequence[Inspection]) -> Markup:
    plan = group[0].arena
    devices = ", ".join(inspection.profile.name for inspection in group)
    sizes = (
        f"{plan.used:,} B used: {plan.head:,} B of activations and scratch memory, {plan.tail:,} B that last. "
        f"The smallest arena that works has {plan.minimum:,} B."
    )
    peak = plan.peak
    fullest = (
        ""
        if peak is None
        else f" It is fullest at operator {peak.operator}, {peak.kind}, with {peak.live_bytes:,} B alive."
    )
    return element(
        "section",
        element("h2", "Arena over time"),
        element("p", devices, class_="note"),
        element("p", sizes + fullest),
        _figure(arena_picture(plan, group[0].graph)),
    )


def _representatives(inspections: Sequence[Inspection]) -> list[Inspection]:
    if len(inspections) <= _DETAILED:
        return list(inspections)
    first: dict[tuple[str, ...], Inspection] = {}
    for inspection in inspections:
        profile = inspection.profile
        first.setdefault((profile.core, profile.kernels, profile.build), inspection)
    return list(first.values())


def _breakdown(inspection: Inspection) -> Markup:
    profile = inspection.profile
    header = ("#", "operator", "output", "kernel", "MACs", "instructions", "latency", "weights", "arena in use")
    rows = [
        (
            str(operator.index),
            operator.kind if operator.supported else f"{operator.kind} (not supported)",
            "×".join(str(size) for size in operator.output_shape),
            operator.kernel,
            f"{operator.macs:,}",
            f"{operator.instructions:,.0f}",
            "–" if operator.milliseconds is None else format_milliseconds(operator.milliseconds),
            format_bytes(operator.weight_bytes),
            format_bytes(operator.live_bytes),
        )
        for operator in inspection.operators
    ]
    return element(
        "section",
        element("h2", f"Operators on {profile.title}"),
        element("p", f"{profile.core}, {profile.kernels}, -{profile.build}", class_="note"),
        _figure(time_picture(inspection)),
        element("details", element("summary", "all operators"), _table(header, rows, text=(1, 2, 3))),
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, text: Sequence[int]) -> Markup:
    def cells(name: str, values: Sequence[str]) -> Markup:
        return join(
            element(name, value, class_="text" if position in text else None) for position, value in enumerate(values)
        )

    head = element("thead", element("tr", cells("th", header)))
    body = element("tbody", *(element("tr", cells("td", row)) for row in rows))
    return element("div", element("table", head, body), class_="scroll")


def _figure(figure: go.Figure) -> Markup:
    return Markup(plotly.io.to_html(figure, include_plotlyjs=False, full_html=False, config={"displayModeBar": False}))
