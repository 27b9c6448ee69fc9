"""What the sections of a report share: the study, its fronts, and the figures they ask for."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from tuner.metrics import SHARE
from tuner.record import BudgetSummary, StudySummary, Trial
from tuner.report import words
from tuner.report.markup import Markup, element
from tuner.report.table import resources_of
from tuner.study.fronts import device_front


class Page:
    """A report in the making."""

    def __init__(self, summary: StudySummary, trials: tuple[Trial, ...]) -> None:
        self.summary = summary
        self.trials = trials
        resources = resources_of(summary)
        self.fronts: Mapping[str, tuple[Trial, ...]] = {
            budget.device: device_front(trials, budget.device, resources) for budget in summary.budgets
        }
        self.figures: dict[str, go.Figure] = {}
        """By the name under which the page draws them."""

    @property
    def budgets(self) -> tuple[BudgetSummary, ...]:
        """The study's devices and what each may spend."""
        return self.summary.budgets

    @property
    def trained(self) -> tuple[Trial, ...]:
        """The trials with a score."""
        return tuple(trial for trial in self.trials if trial.score is not None)

    @property
    def second(self) -> str:
        """The name of what is shown beside the quality; empty if nothing is."""
        shown = (words.second_figure(trial) for trial in self.trained)
        return next((figure.name for figure in shown if figure is not None), "")

    @property
    def shares(self) -> tuple[bool, bool]:
        """Whether the quality, and what is shown beside it, are shares to be written in percent."""
        of_trial = next((trial.training.converted.figures() for trial in self.trained if trial.training), ())
        units = [figure.unit == SHARE for figure in of_trial]
        return units[0] if units else True, units[1] if len(units) > 1 else True

    def figure(self, name: str, figure: go.Figure, told: str, **data: str) -> Markup:
        """Take a figure in and return the box it is drawn in.

        Args:
            name: unique on the page.
            figure: drawn when the reader comes to it.
            told: what it shows, for those who cannot see it.
            data: when it is shown: "for_device", "for_resource", "for_trial".
        """
        self.figures[name] = figure
        return figure_box(name, figure, told, **data)


def figure_box(name: str, figure: go.Figure, told: str, **data: str) -> Markup:
    """Return the box in which a figure of that name is drawn; see `Page.figure`."""
    attributes = {f"data_{key}": value for key, value in data.items()}
    height = f"height:{figure.layout.height or 400}px"
    return element("div", class_="figure", data_figure=name, role="img", aria_label=told, style=height, **attributes)
