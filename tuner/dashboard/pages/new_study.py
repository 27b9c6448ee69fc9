"""From the form of a new study to its file, and what the form shows of data and budgets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import yaml
from dash import html

from tuner.messages.datasets import DatasetInspection
from tuner.messages.spaces import SurveyBudget, SurveyRequest
from tuner.report import words

_LATENCY_MS = (0.1, 10_000.0)
_STEPS = 120


def dataset_summary(found: DatasetInspection) -> Any:
    """Return what a data set holds, and what in it may mislead."""
    amount = "" if found.seconds is None else f" in {words.duration(found.seconds)}"
    size = f", {found.image_size[1]} × {found.image_size[0]} pixels" if found.image_size else ""
    sampled = f" at {found.frequency_hz:g} Hz" if found.image_size is None else ""
    told = (
        f"{words.count(found.recordings, 'recording')}{amount}, {words.count(len(found.axes), 'axis')}{sampled}{size}."
    )
    most = max((one.recordings for one in found.classes), default=1)
    rows = [
        part
        for one in found.classes[:12]
        for part in (
            html.Span(one.label, className="name"),
            html.Div(html.I(style={"width": f"{one.recordings / most:.1%}"}, className="share"), className="track"),
            html.Span(f"{one.recordings:,}", className="amount"),
        )
    ]
    more = (
        [html.P(f"and {len(found.classes) - 12} classes more", className="note small")]
        if len(found.classes) > 12
        else []
    )
    remarks = [html.Li(remark) for remark in found.remarks[:6]]
    problems = [html.Li(f"{one.path}: {one.found}", className="problem") for one in found.problems[:6]]
    return [
        html.P(told.replace("axiss", "axes")),
        html.Div(rows, className="bars wide"),
        *more,
        html.Ul([*problems, *remarks], className="lines note") if remarks or problems else None,
    ]


def budget_sliders(boards: Sequence[Mapping[str, Any]]) -> Any:
    """Return sliders for what the model may use on each board chosen, from all that there is downwards.

    Args:
        boards: rows of the table of boards, with "name", "title", "ram" and "flash" in bytes.
    """
    blocks = []
    for board in boards:
        ends = {"ram": (1024.0, board["ram"]), "flash": (8192.0, board["flash"]), "latency": _LATENCY_MS}
        sliders = [_slider(str(board["name"]), resource, low, high) for resource, (low, high) in ends.items()]
        blocks.append(html.Div([html.H3(board["title"]), html.Div(sliders, className="columns")], className="budget"))
    return blocks


def _slider(device: str, resource: str, low: float, high: float) -> Any:
    start, end = math.log10(low), math.log10(high)
    ends = {
        start: words.amount(resource, low),
        end: "no limit" if resource == "latency" else words.amount(resource, high),
    }
    return html.Div(
        [
            html.Div(words.RESOURCE_TITLES[resource], className="label"),
            dmc.Slider(
                id={"type": "new-budget", "device": device, "resource": resource}, min=start, max=end, value=end,
                step=(end - start) / _STEPS, precision=4, updatemode="mouseup", mb=26,
                thumbLabel=f"{words.RESOURCE_TITLES[resource]} on {device}",
                marks=[{"value": place, "label": text} for place, text in ends.items()],
                label={"function": "amountLabel", "options": {"resource": resource}},
            ),
        ]
    )  # fmt: skip


def budgets_of(
    values: Sequence[float | None], ids: Sequence[Mapping[str, str]], boards: Sequence[Mapping[str, Any]]
) -> Any:
    """Return the budgets that sliders set, by device and resource; a slider at its end sets none."""
    most = {
        str(board["name"]): {"ram": board["ram"], "flash": board["flash"], "latency": _LATENCY_MS[1]}
        for board in boards
    }
    budgets: dict[str, dict[str, float]] = {}
    for value, told in zip(values, ids, strict=True):
        device, resource = told["device"], told["resource"]
        if value is None or device not in most:
            continue
        amount = 10**value
        if amount < most[device][resource] * 0.995:
            budgets.setdefault(device, {})[resource] = amount
    return budgets


def study_file(
    name: str | None, dataset: str | None, task: str, objectives: Sequence[str], trials: float, minutes: float | None,
    workers: float, sampler: str, seed: float, split: str, rows: Any, values: Sequence[float | None],
    ids: Sequence[Mapping[str, str]], source: str, space: str, text: str | None, of_study: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return what the study file says that the form describes."""
    boards = [row for row in rows or [] if isinstance(row, dict) and "name" in row]
    limits: dict[str, Any] = {"trials": int(trials or 60)}
    if minutes:
        limits["time"] = f"{int(minutes)} min"
    budgets = {
        device: {resource: _written(resource, amount) for resource, amount in chosen.items()}
        for device, chosen in budgets_of(values, ids, boards).items()
    }
    study: dict[str, Any] = {
        "name": name or "",
        "dataset": {"path": dataset or "", "split": {"by": split}},
        **({} if task == "auto" else {"task": task}),
        "search_space": _space(source, space, text, of_study),
        "devices": [row["name"] for row in boards],
        "budgets": budgets,
        "objectives": list(objectives or []),
        "limits": limits,
        "workers": int(workers or 0),
        "sampler": {"type": sampler},
        "seed": int(seed or 0),
    }
    return study


def survey_request(study: Mapping[str, Any], samples: int) -> SurveyRequest | None:
    """Return the question what share of the space fits the boards; nothing while either is missing."""
    space = study["search_space"]
    if not study["devices"] or not space:
        return None
    budgets = {
        device: SurveyBudget(
            ram_bytes=_number(chosen.get("ram")), flash_bytes=_number(chosen.get("flash")),
            latency_ms=None if "latency" not in chosen else float(chosen["latency"].split()[0]),
        )
        for device, chosen in study["budgets"].items()
    }  # fmt: skip
    named = isinstance(space, str)
    return SurveyRequest(
        space=space if named else None,
        text=None if named else yaml.safe_dump(space),
        devices=tuple(study["devices"]),
        budgets=budgets,
        dataset=study["dataset"]["path"] or None,
        samples=samples,
    )


def _space(source: str, space: str, text: str | None, of_study: Any) -> Any:
    if source == "study":
        return of_study or ""
    if source == "template":
        return space
    try:
        read = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return ""
    return read if isinstance(read, dict) else ""


def _written(resource: str, amount: float) -> str:
    return f"{amount:.4g} ms" if resource == "latency" else f"{round(amount)} B"


def _number(written: str | None) -> int | None:
    return None if written is None else int(written.split()[0])
