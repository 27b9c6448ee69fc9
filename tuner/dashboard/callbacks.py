"""How pages answer what people do: in worker threads, for the client waits for the server that also runs the pages."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from dash import ClientsideFunction, Dash, Input, Output

Answer = TypeVar("Answer")


class Callbacks:
    """Registers callbacks with a Dash application."""

    def __init__(self, app: Dash) -> None:
        self._app = app

    def on(self, *wiring: Any, **options: Any) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
        """Return a decorator that calls a plain function in a thread whenever an input changes."""

        def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
            @functools.wraps(function)
            async def run(*values: Any) -> Answer:
                return await asyncio.to_thread(function, *values)

            self._app.callback(*wiring, **options)(run)
            return function

        return register

    def in_browser(self, function: str, *wiring: Any, **options: Any) -> None:
        """Have a function of `assets/*.js` answer, without a way to the server."""
        self._app.clientside_callback(ClientsideFunction("tuner", function), *wiring, **options)  # type: ignore[no-untyped-call]

    def permalink(self, page: str, *controls: str, switches: Sequence[str] = ()) -> None:
        """Write the values of controls into the address as they change.

        Args:
            page: how the ids of the page's controls begin.
            controls: the rest of their ids, which are also their names in the address.
            switches: likewise, of controls that are on or off.
        """
        inputs = [Input(f"{page}-{control}", "value") for control in controls]
        inputs += [Input(f"{page}-{switch}", "checked") for switch in switches]
        self.in_browser("permalink", Output(f"{page}-permalink", "data"), *inputs)
