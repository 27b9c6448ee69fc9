"""What happens while studies run, as server-sent events."""

from __future__ import annotations

from typing import Literal

from tuner.messages.base import Message
from tuner.messages.studies import StudyEntry
from tuner.messages.trials import TrialRow


class StudyEvent(Message):
    """One event of a stream.

    "study": the study stands otherwise than before, and `entry` says how. "trials": trials were handed out or ended,
    and `rows` are the newest of them. "gone": the study was deleted. "log": the worker wrote `text`.
    """

    kind: Literal["study", "trials", "gone", "log"]
    study: str
    version: int
    entry: StudyEntry | None = None
    rows: tuple[TrialRow, ...] = ()
    """At most a hundred; ask for the list if more may have changed."""
    changed: int = 0
    """Trials that changed since the last event, also beyond `rows`."""
    text: str = ""
