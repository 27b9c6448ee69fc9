"""The sections of the report that explain: what the quality hangs on, how the search went, what it was made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tuner.record import RESOURCES, State, Survey, Trial
from tuner.report import figures, words
from tuner.report.importance import LEAST_TRIALS, Importances
from tuner.report.markup import Markup, element
from tuner.report.page import Page
from tuner.report.parallel import parallel_figure

_MOST_COORDINATES = 7
_MOST_REASONS = 8
_LEAST_EXPLAINED = 0.3
"""Share of the variance below which the model behind the importances is not to be believed."""


def parallel(page: Page, found: Importances | None) -> Markup:
    """Return the parallel coordinates of the trained candidates."""
    trusted = found is not None and found.explained >= _LEAST_EXPLAINED
    names = [importance.name for importance in found.parameters] if found and trusted else _varying(page.trained)
    boxes = []
    for place, budget in enumerate(page.budgets):
        figure = parallel_figure(page.trained, budget.device, names[:_MOST_COORDINATES], metric=page.summary.metric)
        told = f"Parallel coordinates of the trained candidates with their needs on {budget.title}"
        boxes.append(page.figure(f"parallel-{place}", figure, told, for_device=budget.device))
    return element(
        "section",
        element("h2", "From parameters to results"),
        element(
            "p",
            f"A line is a trained candidate, coloured by its {page.summary.metric}. Drag along an axis to keep a "
            "range, drag a title to move its axis. “–” marks parameters that play no part in a candidate. "
            + ("The parameters that matter most are shown." if trusted else "Parameters of most candidates are shown."),
            class_="note",
        ),
        element("div", boxes, class_="scroll"),
    )


def importance(page: Page, found: Importances | None) -> Markup:
    """Return what the quality hangs on."""
    metric = page.summary.metric
    if found is None:
        text = f"Too little to tell: it takes {LEAST_TRIALS} trained trials that differ in {metric}."
        return element("section", element("h2", f"What the {metric} hangs on"), element("p", text, class_="note"))
    trust = f"The model explains {max(0.0, found.explained):.0%} of the variance of trials it did not see"
    if found.explained < _LEAST_EXPLAINED:
        trust += ": too little to build on"
    return element(
        "section",
        element("h2", f"What the {metric} hangs on"),
        element(
            "p",
            f"Permutation importance: a forest of randomized trees predicts the {metric} of trials held out, and a "
            f"parameter counts by how much its squared error rises, as a share of the variance of {metric}, when the "
            f"parameter is shuffled. {trust} "
            f"({words.count(found.trials, 'trial')}).",
            class_="note",
        ),
        page.figure("importance", figures.importance_figure(found.parameters), "Importance of the parameters"),
    )


def course(page: Page) -> Markup:
    """Return how the search went."""
    return element(
        "section",
        element("h2", "How the search went"),
        element(
            "p",
            "The hypervolume of each board's front: the chance that a wish drawn at random can be fulfilled, "
            f"{page.summary.metric} better than guessing and a limit on each resource within the budget.",
            class_="note",
        ),
        page.figure(
            "course", figures.course_figure(figures.courses(page.summary, page.trials)), "Hypervolume after each trial"
        ),
    )


def rejections(page: Page) -> Markup:
    """Return what was rejected or failed, and why."""
    unbuilt = [trial.reason for trial in page.trials if trial.state is State.REJECTED and trial.predicted is None]
    failed = [f"{trial.stage}: {trial.reason}" for trial in page.trials if trial.state is State.FAILED]
    rejected = [trial for trial in page.trials if trial.state is State.REJECTED and trial.predicted is not None]
    causes = {budget.title: figures.rejection_causes(page.trials, budget.device) for budget in page.budgets}
    examples = [f"trial {trial.number}: {trial.reason}" for trial in rejected[-_MOST_REASONS:]]
    return element(
        "section",
        element("h2", "What was rejected, and why"),
        element(
            "p",
            "Of all candidates sampled: whether they fit each board, or else the budget they exceed most. One that "
            "fits no board is not trained.",
            class_="note",
        ),
        page.figure("rejections", figures.rejection_figure(causes), "Candidates by what exceeds"),
        _survey(page),
        _reasons("The last ones rejected", Counter(examples), numbered=False),
        _reasons("Cannot be built", Counter(unbuilt), numbered=True),
        _reasons("Failed", Counter(failed), numbered=True),
    )


def _survey(page: Page) -> Markup:
    """Return how many of the candidates that the sampler costed exceed each budget."""
    looked_at = page.summary.survey
    if not looked_at.costed:
        return Markup("")
    head = element(
        "tr", [element("th", name) for name in ("exceeding", *(words.RESOURCE_TITLES[r] for r in RESOURCES))]
    )
    rows = [
        element(
            "tr",
            element("td", budget.title, class_="text"),
            [element("td", _share(looked_at, f"{budget.device}/{resource}")) for resource in RESOURCES],
        )
        for budget in page.budgets
    ]
    return element(
        "div",
        element("p", words.survey(looked_at), class_="note"),
        element("table", element("thead", head), element("tbody", rows)),
        class_="scroll",
    )


def _share(looked_at: Survey, budget: str) -> str:
    return words.percent(looked_at.exceeded.get(budget, 0) / looked_at.costed)


def _reasons(title: str, reasons: Counter[str], *, numbered: bool) -> Markup:
    if not reasons:
        return Markup("")
    lines = [f"{number} × {reason}" if numbered else reason for reason, number in reasons.most_common(_MOST_REASONS)]
    return element(
        "details", element("summary", title), element("ul", [element("li", line) for line in lines], class_="reasons")
    )


def quantization(page: Page) -> Markup:
    """Return what conversion costs, and how well needs were known before."""
    return element(
        "section",
        element("h2", "What conversion costs"),
        element(
            "p",
            f"{words.capitalized(page.summary.metric)} on the validation split before conversion and after, as the "
            "board computes it. "
            + words.conversion(page.trained)
            + " "
            + words.prediction(page.trained, [budget.device for budget in page.budgets]),
            class_="note",
        ),
        *([element("p", told, class_="note")] if (told := words.stored(page.trained)) else []),
        page.figure(
            "quantization", figures.quantization_figure(page.trials, page.summary.metric), "Before and after conversion"
        ),
    )


def data(page: Page) -> Markup:
    """Return the data set and how it was divided."""
    data = page.summary.dataset
    parts = list(data.split)
    head = element("tr", element("th", "Class", scope="col", class_="text"), [element("th", part) for part in parts])
    rows = [
        element(
            "tr",
            element("td", label, class_="text"),
            [element("td", f"{data.split[part].get(label, 0):,}") for part in parts],
        )
        for label in data.labels
    ]
    total = [sum(data.split[part].values()) for part in parts]
    rows.append(
        element("tr", element("td", "all", class_="text"), [element("td", element("b", f"{n:,}")) for n in total])
    )
    facts = {
        "name": data.name,
        "folder": data.path,
        "axes": ", ".join(data.axes),
        "sampled at": f"{data.frequency_hz:g} Hz",
        "split": data.split_rule,
        "fingerprint": data.fingerprint,
    }
    return element(
        "section",
        element("h2", "Data set"),
        element("p", "Recordings by class and split.", class_="note"),
        element("div", element("table", element("thead", head), element("tbody", rows)), class_="scroll", tabindex="0"),
        _facts(facts),
    )


def origin(page: Page) -> Markup:
    """Return what it takes to get the same study again."""
    summary = page.summary
    size = "with continuous parameters" if summary.space_size is None else f"{summary.space_size:,} candidates"
    facts = {
        "search space": f"{summary.search_space}, {size}",
        "objectives": words.listed([words.objective(name, summary) for name in summary.objectives]),
        "sampler": summary.sampler,
        "seed": str(summary.seed),
        "workers": str(summary.workers) if summary.workers else "none: in one process",
        "working time": words.duration(summary.elapsed_s),
    }
    return element(
        "section",
        element("h2", "How to get the same again"),
        element("p", "With one worker, the same seed, data and versions give the same study.", class_="note"),
        _facts(facts | dict(summary.environment)),
    )


def _facts(facts: dict[str, str]) -> Markup:
    return element("dl", [(element("dt", name), element("dd", value)) for name, value in facts.items()], class_="facts")


def _varying(trials: Sequence[Trial]) -> list[str]:
    """Return the parameters that differ, those that most trials have first."""
    used = Counter(name for trial in trials for name in trial.parameters)
    return [name for name, _ in used.most_common() if len({trial.parameters.get(name) for trial in trials}) > 1]
