"""What happens to a study, in the order it happened: the study is what its events say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What an event reports."""

    CREATED = "created"
    """The study's specification, data set and environment."""
    STARTED = "started"
    """A session of work begins, with its limits."""
    ASKED = "asked"
    """A trial was handed to a worker."""
    TOLD = "told"
    """A trial ended: rejected, trained or failed."""
    REPEATED = "repeated"
    """A member of a front was trained again, with another seed or on another fold."""
    TESTED = "tested"
    """A member of a front was scored on the locked test split."""
    STOPPED = "stopped"
    """The session ended, and why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the record."""

    kind: Kind
    payload: Mapping[str, Any]
    """A JSON object; its form depends on the kind and is `tuner.store.codec`'s business."""
    at: float
    """Seconds since 1970, by the clock of the machine that wrote it; only ever used to show dates and durations."""


class Store(Protocol):
    """An append-only record with one writer. What `append` returned from is there after a power cut."""

    def append(self, event: Event) -> None:
        """Write one event.

        Raises:
            StoreError: it could not be written; the record is as it was.
        """
        ...

    def events(self, *, after: int = 0) -> Iterator[Event]:
        """Yield the events in the order they were appended.

        Args:
            after: leave out so many from the beginning, for a reader that has them already.

        Raises:
            StoreError: the record cannot be read.
        """
        ...

    def close(self) -> None:
        """Let another writer in. Closing twice is harmless."""
        ...
