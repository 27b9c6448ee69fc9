"""The sections of the report, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.estimate import Estimate
from tuner.record import RESOURCES, BudgetSummary, Counts, State, Trial
from tuner.report import analysis, figures, words
from tuner.report.answers import answers
from tuner.report.importance import importances
from tuner.report.markup import Markup, element, join
from tuner.report.page import Page

_MOST_BARS = 25


def body(page: Page) -> Markup:
    """Return the whole page."""
    parts = [_opening(page), bar(page.budgets), element("main", *_main(page)), closing()]
    return join(parts)


def _main(page: Page) -> list[Markup]:
    shown = [_boards(page)]
    if page.trained:
        found = importances(page.trials)
        shown += [_front(page), _members(page), _two(_parts(page), _answers(page))]
        shown += [
            _candidates(page),
            analysis.parallel(page, found),
            _two(analysis.importance(page, found), analysis.course(page)),
        ]
        shown += [_two(analysis.rejections(page), analysis.quantization(page))]
    else:
        shown += [_candidates(page), analysis.rejections(page)]
    return [*shown, _two(analysis.data(page), analysis.origin(page))]


def _opening(page: Page) -> Markup:
    counts = Counts.of(page.trials)
    costed = page.summary.survey.costed
    shown = [("costed", costed)] if costed else []
    shown += [("sampled", counts.sampled), ("rejected", counts.rejected), ("trained", counts.trained)]
    shown += [("failed", counts.failed)]
    if counts.pending:
        shown.append(("pending", counts.pending))
    titles = {"costed": "costed untrained", "rejected": "rejected untrained"}
    return element(
        "header",
        element("p", f"Edge Tuner · {page.summary.task}", class_="kicker"),
        element("h1", page.summary.name),
        element("p", " ".join(words.outcome(page.summary, page.trials)), class_="lead"),
        element(
            "dl",
            [
                element("div", element("dd", f"{number:,}"), element("dt", titles.get(name, name)), class_=name)
                for name, number in shown
            ],
            class_="counts",
        ),
    )


def bar(budgets: Sequence[BudgetSummary]) -> Markup:
    """Return the bar by which the reader chooses a board for the whole page."""
    boards = [element("button", budget.title, type="button", data_device=budget.device) for budget in budgets]
    return element(
        "nav",
        element(
            "div",
            element("span", "Board", class_="label"),
            element("div", boards, class_="choice", role="group", aria_label="Board shown"),
            element(
                "button",
                "◐",
                type="button",
                id="mode",
                class_="mode",
                aria_label="Light or dark",
                title="Light or dark",
            ),
        ),
        class_="bar",
    )


def _boards(page: Page) -> Markup:
    cards = []
    for budget in page.budgets:
        front = page.fronts[budget.device]
        limits = [words.amount("ram", budget.ram_bytes) + " RAM", words.amount("flash", budget.flash_bytes) + " flash"]
        if budget.latency_ms is not None:
            limits.append(words.amount("latency", budget.latency_ms))
        cards.append(
            element(
                "button",
                element("b", budget.title),
                element("span", f"may use {words.listed(limits)}", class_="note"),
                element("span", words.quality(front[0].score, page.summary) if front else "nothing fits", class_="big"),
                element("span", words.best_on(front, budget.device, page.summary.metric)),
                element("span", f"{words.count(len(front), 'model')} on the Pareto front", class_="note"),
                type="button",
                class_="board",
                data_device=budget.device,
            )
        )
    return element("div", cards, class_="boards")


def _front(page: Page) -> Markup:
    boxes = [
        page.figure(
            f"front-{place}-{resource}",
            figures.front_figure(page.summary, page.trials, budget.device, resource),
            f"{words.capitalized(page.summary.metric)} against {words.RESOURCE_TITLES[resource]} of the trained "
            f"candidates on {budget.title}",
            for_device=budget.device,
            for_resource=resource,
        )
        for place, budget in enumerate(page.budgets)
        for resource in RESOURCES
    ]
    objectives = words.listed([words.objective(name, page.summary) for name in page.summary.objectives])
    return element(
        "section",
        element(
            "div",
            element(
                "div",
                element("h2", "Pareto front"),
                element(
                    "p",
                    f"No trained candidate that fits the board is better than a member of the front in {objectives} "
                    f"at once. The line is the best {page.summary.metric} within each amount of the resource "
                    "shown; members beside it pay for another resource.",
                    class_="note",
                ),
            ),
            resource_choice(),
            class_="head",
        ),
        boxes,
    )


def resource_choice() -> Markup:
    """Return the switch between RAM, flash and latency."""
    switch = [
        element("button", words.RESOURCE_TITLES[resource], type="button", data_resource=resource)
        for resource in RESOURCES
    ]
    return element("div", switch, class_="choice", role="group", aria_label="Resource shown")


def _members(page: Page) -> Markup:
    titles = (words.capitalized(name) for name in (page.summary.metric, page.second))
    metric, second = titles
    names = ("Trial", metric, "float32", "Test", second, "RAM", "Flash", "Latency", "Candidate")
    head = element("tr", [element("th", name, scope="col", class_=_text(name == "Candidate")) for name in names])
    tables = []
    for budget in page.budgets:
        rows = [_member(page, trial, budget.device) for trial in page.fronts[budget.device]]
        nothing = element("p", "No trained candidate fits this board.")
        table = element("table", element("thead", head), element("tbody", rows))
        tables.append(
            element(
                "div", table if rows else nothing, class_="scroll high", data_for_device=budget.device, tabindex="0"
            )
        )
    return element(
        "section",
        element("h2", "Members of the front"),
        element(
            "p",
            f"{metric} is that of the bytes the board runs, on the validation split; float32 is the network before "
            "conversion. The test split was opened once, for these models, after the search: nothing was chosen by it. "
            "Ranges hold the truth in nine cases of ten; figures without one are exact.",
            class_="note",
        ),
        tables,
    )


def _member(page: Page, trial: Trial, device: str) -> Markup:
    assert trial.training is not None
    assert trial.appraisal is not None
    cost, second = trial.appraisal.cost(device), words.second_figure(trial)
    facts: list[str] = [
        str(trial.number),
        words.reached(trial, page.summary),
        words.quality(trial.training.float32.quality, page.summary),
        words.quality(None if trial.test is None else trial.test.quality, page.summary),
        "–" if second is None else words.figure(second),
        _need("ram", cost.ram.total),
        _need("flash", cost.flash.total),
        _need("latency", cost.latency.total),
    ]
    short = element("summary", words.candidate(trial.candidate))
    notes = [
        words.detail(trial.candidate),
        words.fitting(trial.training, trial.candidate, page.summary),
        words.runs(trial, page.summary),
    ]
    full = element("details", short, [element("div", note, class_="note") for note in notes if note])
    return element(
        "tr",
        [element("td", fact) for fact in facts],
        element("td", full, class_="text wrap"),
    )


def _need(resource: str, estimate: Estimate) -> Markup:
    """Return a need, with its range below it unless it is exact."""
    ends = [words.amount(resource, end) for end in (estimate.low, estimate.high)]
    below = element("div", " – ".join(ends), class_="note") if ends[0] != ends[1] else ""
    return join([words.amount(resource, estimate.value), below])


def _parts(page: Page) -> Markup:
    boxes = []
    for place, budget in enumerate(page.budgets):
        shown = page.fronts[budget.device][:_MOST_BARS]
        if shown:
            figure = figures.parts_figure(shown, budget.device)
            told = f"Bars of RAM, flash and latency by part for the front of {budget.title}"
            boxes.append(page.figure(f"parts-{place}", figure, told, for_device=budget.device))
    return element(
        "section",
        element("h2", "Where the resources go"),
        element(
            "p",
            "What each member of the front needs, by part; “runtime” is the interpreter and the code every model needs"
            + (f". The {_MOST_BARS} best members." if max(map(len, page.fronts.values())) > _MOST_BARS else "."),
            class_="note",
        ),
        boxes,
    )


def _answers(page: Page) -> Markup:
    boxes = []
    for budget in page.budgets:
        options = [
            element(
                "option", f"trial {trial.number}, {words.quality(trial.score, page.summary)}", value=str(trial.number)
            )
            for trial in page.fronts[budget.device]
        ]
        if options:
            select = element("select", options, data_for_device=budget.device, aria_label="Model shown")
            boxes.append(select)
    members = {trial.number: trial for front in page.fronts.values() for trial in front}
    found = None
    for number, trial in sorted(members.items()):
        assert trial.training is not None
        found = answers(trial.training.converted)
        told = f"{found.title}: trial {number} on the validation split"
        boxes.append(page.figure(f"answers-{number}", found.figure, told, for_trial=str(number)))
    if found is None:
        return Markup("")
    return element("section", element("h2", found.title), element("p", found.note, class_="note"), boxes)


def _candidates(page: Page) -> Markup:
    names = {
        "number": "Trial",
        "state": "State",
        "score": words.capitalized(page.summary.metric),
        "second": words.capitalized(page.second),
        "float32": "float32",
        "ram": "RAM",
        "flash": "Flash",
        "latency": "Latency",
        "candidate": "Candidate",
    }
    head = [
        element(
            "th",
            element("button", title, type="button"),
            scope="col",
            data_column=name,
            class_=_text(name in ("state", "candidate")),
        )
        for name, title in names.items()
    ]
    states = [element("option", "all states", value=""), element("option", "on the front", value="front")]
    states += [element("option", state.value, value=state.value) for state in State]
    fitting = element("label", element("input", type="checkbox", id="fitting", checked=True), "fits the board")
    return element(
        "section",
        element("h2", "All candidates"),
        element("p", "Needs and fit are those on the board chosen above.", class_="note"),
        element(
            "div",
            element("input", type="search", id="search", placeholder="Search, e.g. conv1d int8", aria_label="Search"),
            element("select", states, id="state", aria_label="State"),
            fitting,
            element("span", "", id="found", class_="note", role="status"),
            class_="filters",
        ),
        element(
            "div",
            element("table", element("thead", element("tr", head)), element("tbody"), id="candidates"),
            class_="scroll",
            tabindex="0",
        ),
        element("button", "Show more", type="button", id="more", class_="more"),
    )


def closing() -> Markup:
    """Return what holds for all figures of a report."""
    return element(
        "footer",
        element(
            "p",
            "RAM and flash are computed from the converted model as the runtime lays it out, with the buffers for the "
            "raw window and the preprocessing; latency is an estimate from the board's profile. They leave out the "
            "rest of the firmware: drivers, radio, operating system and the recording of data.",
        ),
    )


def _two(left: Markup, right: Markup) -> Markup:
    return element("div", left, right, class_="two")


def _text(left: bool) -> str | None:
    return "text" if left else None
