"""The live line of a running study: trials by state, workers, best per device, time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.text import Text

from tuner.cli.console import errors
from tuner.metrics import quality_text
from tuner.study.history import History
from tuner.tasks import task_named
from tuner.units import format_seconds

_PLAIN_EVERY_S = 10.0
_DRAWN_EVERY_S = 0.25


class Progress:
    """Shows how a study gets on: redrawn in place on a terminal, else a line every ten seconds."""

    def __init__(self) -> None:
        self._live = Live(console=errors, refresh_per_second=4, transient=True) if errors.is_terminal else None
        self._start = time.monotonic()
        self._trained_before: int | None = None
        self._last_plain = self._start
        self._last_drawn = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, history: History) -> None:
        """Show where the study stands."""
        if self._trained_before is None:
            self._trained_before = history.counts.trained
        if self._live is not None:
            if time.monotonic() - self._last_drawn >= _DRAWN_EVERY_S:
                self._last_drawn = time.monotonic()
                self._live.update(Text(self._text(history)))
        elif time.monotonic() - self._last_plain >= _PLAIN_EVERY_S:
            self._last_plain = time.monotonic()
            errors.print(self._text(history), soft_wrap=True)

    def _text(self, history: History) -> str:
        counts, session = history.counts, history.sessions[-1]
        parts = [
            f"trained {counts.trained}/{session.trials}",
            f"rejected {counts.rejected}",
            f"failed {counts.failed}",
            f"busy {counts.pending} of {max(1, session.workers)}",
        ]
        metric = task_named(history.spec.task).metric
        for budget in history.creation.budgets:
            best = history.best_on(budget.device)
            parts.append(f"{budget.device} {quality_text(best, metric)}")
        parts.append(self._time(history))
        return " · ".join(parts)

    def _time(self, history: History) -> str:
        elapsed, session = time.monotonic() - self._start, history.sessions[-1]
        done = history.counts.trained - (self._trained_before or 0)
        text = format_seconds(elapsed)
        if done <= 0:
            return text
        left = elapsed / done * max(0, session.trials - history.counts.trained - history.counts.failed)
        if session.time_s is not None:
            left = min(left, max(0.0, session.time_s - history.worked_s))
        return f"{text}, about {format_seconds(left)} left"
