"""What a page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tuner.client import Client
from tuner.dashboard.address import Address, match
from tuner.dashboard.callbacks import Callbacks


def _nothing(_: Callbacks, __: Client) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Page:
    """A view with an address."""

    pattern: str
    """Of its path, such as "/studies/{study}"."""
    section: str
    """Of the navigation to which it belongs."""
    layout: Callable[[Client, Address], Any]
    """The view as its address says; raises `TunerError` for what does not exist."""
    register: Callable[[Callbacks, Client], None] = _nothing
    """Wires up what happens on it."""

    def matches(self, path: str) -> Address | None:
        """Return what the path says if it leads here."""
        return match(self.pattern, path)
