"""A record that ends with the process."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.errors import StoreError
from tuner.store.event import Event


class MemoryStore:
    """For tests and studies nobody wants to keep."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._open = True

    def append(self, event: Event) -> None:
        """Keep the event."""
        if not self._open:
            raise StoreError("the store is closed")
        self._events.append(event)

    def events(self, *, after: int = 0) -> Iterator[Event]:
        """Yield what was kept."""
        return iter(tuple(self._events[after:]))

    def close(self) -> None:
        """Refuse further events."""
        self._open = False
