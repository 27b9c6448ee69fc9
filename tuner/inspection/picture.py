"""Pictures of a model on a device: the arena over time, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go

from tuner.devices.arena import ArenaPlan
from tuner.devices.planner import Placed
from tuner.graph import Graph
from tuner.inspection.inspect import Inspection
from tuner.report.theme import ACCENT, MUTED, SERIES, WARNING, template


def arena_picture(plan: ArenaPlan, graph: Graph) -> go.Figure:
    """Return the arena's head: each buffer a box, as wide as its life and as high as its bytes."""
    figure = go.Figure()
    activations = [placed for placed in plan.placed if placed.buffer.tensor >= 0]
    scratch = [placed for placed in plan.placed if placed.buffer.tensor < 0]
    for name, boxes, colour in (("activations", activations, ACCENT), ("scratch memory", scratch, WARNING)):
        figure.add_bar(
            name=name,
            x=[(box.buffer.first + box.buffer.last) / 2 - 1 for box in boxes],
            width=[box.buffer.last - box.buffer.first + 1 for box in boxes],
            base=[box.offset for box in boxes],
            y=[box.buffer.size for box in boxes],
            marker={"color": colour, "opacity": 0.55, "line": {"color": colour, "width": 1}},
            hovertext=list(_told(boxes, graph)),
            hoverinfo="text",
        )
    figure.add_scatter(
        name="alive",
        x=[step.operator for step in plan.steps],
        y=[step.live_bytes for step in plan.steps],
        mode="lines",
        line={"color": MUTED, "width": 2, "shape": "hvh"},
        hovertext=[f"{step.operator} {step.kind}: {step.live_bytes:,} B alive" for step in plan.steps],
        hoverinfo="text",
    )
    peak = plan.peak
    if peak is not None:
        figure.add_annotation(x=peak.operator, y=peak.live_bytes, text=f"peak: {peak.kind}", showarrow=True, ay=-28)
    figure.update_layout(template=template("light"), barmode="overlay", height=420)
    figure.update_xaxes(title="operator")
    figure.update_yaxes(title="bytes of the arena's head", rangemode="tozero")
    return figure


def _told(boxes: Iterable[Placed], graph: Graph) -> Iterable[str]:
    for box in boxes:
        buffer = box.buffer
        place = f"{buffer.size:,} B at {box.offset:,}, operators {buffer.first - 1} to {buffer.last - 1}"
        if buffer.tensor < 0:
            yield f"scratch memory of operator {buffer.first - 1}: {place}"
        else:
            tensor = graph.tensors[buffer.tensor]
            shape = "×".join(str(size) for size in tensor.shape)
            yield f"tensor {buffer.tensor}, {shape} {tensor.dtype}: {place}"


def time_picture(inspection: Inspection) -> go.Figure:
    """Return the time of each operator as a bar, coloured by kind."""
    figure = go.Figure()
    timed = [
        (operator, operator.milliseconds) for operator in inspection.operators if operator.milliseconds is not None
    ]
    kinds = sorted({operator.kind for operator, _ in timed})
    for kind, colour in zip(kinds, SERIES * (1 + len(kinds) // len(SERIES)), strict=False):
        operators = [(operator.index, taken) for operator, taken in timed if operator.kind == kind]
        figure.add_bar(
            name=kind,
            x=[index for index, _ in operators],
            y=[taken for _, taken in operators],
            marker={"color": colour},
            hovertext=[f"{index} {kind}: {taken:.3g} ms" for index, taken in operators],
            hoverinfo="text",
        )
    figure.update_layout(template=template("light"), height=300, bargap=0.15)
    figure.update_xaxes(title="operator")
    figure.update_yaxes(title="ms")
    return figure
