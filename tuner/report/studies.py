"""Several studies side by side, as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tuner.record import RESOURCES, BudgetSummary, Counts, StudySummary, Trial
from tuner.report import words
from tuner.report.compare import compare_studies
from tuner.report.course import covered
from tuner.report.figures import front_point
from tuner.report.html import document
from tuner.report.markup import Markup, element, join
from tuner.report.page import figure_box
from tuner.report.scatter import Point, resource_axis, stairs
from tuner.report.sections import bar, closing, resource_choice
from tuner.report.table import resources_of
from tuner.report.theme import SERIES, template
from tuner.study.fronts import device_front

Studies = Sequence[tuple[StudySummary, tuple[Trial, ...]]]


def render_studies(studies: Studies) -> str:
    """Return the page of two studies or more: their fronts on each device, how they got there, how they differ."""
    figures: dict[str, go.Figure] = {}
    budgets = all_budgets(studies)
    names = [summary.name for summary, _ in studies]
    body = join(
        [
            _opening(studies),
            bar(budgets),
            element(
                "main", _fronts(studies, budgets, figures), _table(studies), _courses(studies, budgets, figures),
                _settings(studies),
            ),
            closing(),
        ]
    )  # fmt: skip
    data = {"devices": [budget.device for budget in budgets], "resources": list(RESOURCES), "trials": []}
    return document(f"{words.listed(names)} – Edge Tuner", body, figures, data)


def all_budgets(studies: Studies) -> list[BudgetSummary]:
    """Return the devices of all studies, each once; those of most studies first."""
    titles: dict[str, BudgetSummary] = {}
    shared: dict[str, int] = {}
    for summary, _ in studies:
        for budget in summary.budgets:
            titles.setdefault(budget.device, budget)
            shared[budget.device] = shared.get(budget.device, 0) + 1
    return sorted(titles.values(), key=lambda budget: -shared[budget.device])


def fronts_figure(studies: Studies, device: str, resource: str) -> go.Figure:
    """The fronts of several studies on one device, quality against one resource; a colour a study."""
    figure = go.Figure(layout={"template": template("light"), "height": 400})
    everything: list[Point] = []
    for place, (summary, trials) in enumerate(studies):
        front = [front_point(trial, device, on_front=True) for trial in _front(summary, trials, device)]
        everything += front
        color = SERIES[place % len(SERIES)]
        steps = stairs(front, resource)
        line = {"color": color, "width": 1.5, "shape": "hv"}
        figure.add_scatter(
            x=[x for x, _ in steps], y=[y for _, y in steps], mode="lines", line=line, hoverinfo="skip",
            showlegend=False, legendgroup=summary.name,
        )  # fmt: skip
        figure.add_scatter(
            x=[getattr(point, resource) for point in front],
            y=[point.quality for point in front],
            customdata=[[point.trial, words.literal(point.words)] for point in front],
            mode="markers",
            name=words.literal(summary.name),
            legendgroup=summary.name,
            marker={"color": color, "size": 9, "symbol": _SYMBOLS[place % len(_SYMBOLS)]},
            hovertemplate="trial %{customdata[0]}: %{y:.1%}, %{x}<br>%{customdata[1]}",
        )
    figure.update_xaxes(**resource_axis(resource, [getattr(point, resource) for point in everything]))
    figure.update_yaxes(**words.quality_axis(studies[0][0].metric))
    return figure


_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star")


def courses_figure(studies: Studies, device: str) -> go.Figure:
    """The hypervolume of each study's front on a device after each trained candidate."""
    figure = go.Figure(layout={"template": template("light"), "height": 360})
    for place, (summary, trials) in enumerate(studies):
        if not any(budget.device == device for budget in summary.budgets) or not trials:
            continue
        reached = covered(summary, trials, device)
        trained = [value for trial, value in zip(trials, reached, strict=True) if trial.score is not None]
        figure.add_scatter(
            x=list(range(1, len(trained) + 1)),
            y=trained,
            mode="lines",
            name=words.literal(summary.name),
            line={"color": SERIES[place % len(SERIES)], "width": 2, "shape": "hv"},
            hovertemplate="after %{x} trained: %{y:.4f}",
        )
    figure.update_xaxes(title_text="Candidates trained")
    figure.update_yaxes(title_text="Hypervolume of the front", rangemode="tozero")
    return figure


def _front(summary: StudySummary, trials: Sequence[Trial], device: str) -> tuple[Trial, ...]:
    if not any(budget.device == device for budget in summary.budgets):
        return ()
    return device_front(trials, device, resources_of(summary))


def _opening(studies: Studies) -> Markup:
    names = words.listed([summary.name for summary, _ in studies])
    fingerprints = {summary.dataset.fingerprint for summary, _ in studies}
    same = "on the same data" if len(fingerprints) == 1 else "on different data: their scores do not compare"
    trained = sum(Counts.of(trials).trained for _, trials in studies)
    return element(
        "header",
        element("p", "Edge Tuner · several studies", class_="kicker"),
        element("h1", names),
        element("p", f"{len(studies)} studies {same}; {trained:,} candidates trained in all.", class_="lead"),
    )


def _fronts(studies: Studies, budgets: Sequence[BudgetSummary], figures: dict[str, go.Figure]) -> Markup:
    boxes = []
    for place, budget in enumerate(budgets):
        for resource in RESOURCES:
            name = f"fronts-{place}-{resource}"
            figures[name] = fronts_figure(studies, budget.device, resource)
            title = words.RESOURCE_TITLES[resource]
            told = f"Fronts of the studies on {budget.title}, {studies[0][0].metric} against {title}"
            boxes.append(figure_box(name, figures[name], told, for_device=budget.device, for_resource=resource))
    note = (
        "A point is a member of its study's front, a line the best score within each amount of the resource shown. "
        "Each study's own budgets decide what is on its front."
    )
    head = element(
        "div", element("div", element("h2", "Pareto fronts"), element("p", note, class_="note")), resource_choice(),
        class_="head",
    )  # fmt: skip
    return element("section", head, boxes)


def _table(studies: Studies) -> Markup:
    comparison = compare_studies(studies)
    head = [element("th", name, scope="col", class_="text" if place < 2 else None)
            for place, name in enumerate(comparison.columns)]  # fmt: skip
    rows = [
        element("tr", [element("td", cell, class_="text" if place < 2 else None) for place, cell in enumerate(row)])
        for row in comparison.rows
    ]
    note = (
        "“Alone” counts the members of a front that no member of another study's front beats or equals. Needs are "
        "those of the best model. Hypervolumes compare only where the budgets are the same."
    )
    table = element("table", element("thead", element("tr", head)), element("tbody", rows))
    return element(
        "section", element("h2", "What each reached"), element("p", note, class_="note"),
        element("div", table, class_="scroll", tabindex="0"),
    )  # fmt: skip


def _courses(studies: Studies, budgets: Sequence[BudgetSummary], figures: dict[str, go.Figure]) -> Markup:
    boxes = []
    for place, budget in enumerate(budgets):
        name = f"courses-{place}"
        figures[name] = courses_figure(studies, budget.device)
        told = f"Hypervolume of the studies on {budget.title}"
        boxes.append(figure_box(name, figures[name], told, for_device=budget.device))
    note = "The hypervolume of each front, over the candidates trained: what the same effort bought."
    return element("section", element("h2", "How they got there"), element("p", note, class_="note"), boxes)


def _settings(studies: Studies) -> Markup:
    described = [_described(summary, trials) for summary, trials in studies]
    head = element("tr", element("th", "", scope="col"),
                   [element("th", summary.name, scope="col", class_="text") for summary, _ in studies])  # fmt: skip
    rows = []
    for name in dict.fromkeys(name for facts in described for name in facts):
        cells = [facts.get(name, "–") for facts in described]
        differs = len(set(cells)) > 1
        shown = [element("td", element("b", cell) if differs else cell, class_="text wrap") for cell in cells]
        rows.append(element("tr", element("td", name, class_="text"), shown))
    table = element("table", element("thead", head), element("tbody", rows))
    return element(
        "section", element("h2", "How they differ"), element("p", "In bold where they do.", class_="note"),
        element("div", table, class_="scroll", tabindex="0"),
    )  # fmt: skip


def _described(summary: StudySummary, trials: tuple[Trial, ...]) -> Mapping[str, str]:
    counts = Counts.of(trials)
    facts = {
        "data set": f"{summary.dataset.name} ({summary.dataset.fingerprint[:12]})",
        "split": summary.dataset.split_rule,
        "search space": summary.search_space,
        "objectives": words.listed([words.objective(name, summary) for name in summary.objectives]),
        "sampler": summary.sampler,
        "seed": str(summary.seed),
        "sampled": f"{counts.sampled:,}",
        "trained": f"{counts.trained:,}",
        "working time": words.duration(summary.elapsed_s),
    }
    for budget in summary.budgets:
        limits = [words.amount("ram", budget.ram_bytes) + " RAM", words.amount("flash", budget.flash_bytes) + " flash"]
        if budget.latency_ms is not None:
            limits.append(words.amount("latency", budget.latency_ms))
        facts[f"budget of {budget.title}"] = words.listed(limits)
    return facts
