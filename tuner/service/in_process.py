"""A client for the server's own process: the dashboard asks as others do, without a network."""

from __future__ import annotations

import asyncio
import threading

import httpx
from fastapi import FastAPI

from tuner.client import Client


def in_process_client(app: FastAPI) -> Client:
    """Return a client that speaks to the application in this process, past the question for a token.

    It may be used from any thread, also from the one that runs the server.
    """
    return Client("http://localhost", app.state.inner_token, transport=InProcessTransport(app))


class InProcessTransport(httpx.BaseTransport):
    """Hands requests to an application without a network.

    They run on an event loop of its own: a call that waits must not wait for the loop it blocks. Answers are complete
    when they are returned, so streams of events are not for it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="in-process client", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request when its answer is complete."""
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    def close(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        response = await self._inner.handle_async_request(asked)
        body = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=body)
