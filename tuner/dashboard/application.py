"""The Dash application: its place in FastAPI, its document, and which page an address shows."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from dash import Dash, Input, Output, State
from dash.backends._fastapi import FastAPIDashServer, reset_current_request, set_current_request
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from tuner.client import Client
from tuner.dashboard import failure, shell, tray
from tuner.dashboard.address import Address
from tuner.dashboard.callbacks import Callbacks
from tuner.dashboard.page import Page
from tuner.dashboard.pages import PAGES
from tuner.errors import TunerError
from tuner.report.theme import css_variables


def attach(app: FastAPI, client: Client) -> None:
    """Serve the dashboard from an application that has all its other routes already.

    The pages load nothing from elsewhere and need no inline script: `script-src 'self'` and `connect-src 'self'`
    do, with `style-src 'self' 'unsafe-inline'` and `img-src 'self' data:`.

    Args:
        app: every path that it does not know belongs to the dashboard.
        client: where all data come from; it is called from worker threads, never from the event loop.
    """
    dash = Dash(
        "tuner.dashboard",
        backend=_backend(app),
        title="Edge Tuner",
        update_title="",
        assets_folder=str(files("tuner.dashboard").joinpath("assets")),
        assets_ignore="start.js",
        suppress_callback_exceptions=True,
        index_string=_document(),
        on_error=failure.show,
    )
    dash.layout = shell.layout(client)
    callbacks = Callbacks(dash)
    _route(callbacks, client)
    shell.register(callbacks, client)
    tray.register(callbacks)
    for page in PAGES:
        page.register(callbacks, client)
    # Dash does this with the first request for "/", and people come by links to other pages too.
    dash._setup_server()  # type: ignore[no-untyped-call]
    _serve(app, dash)


def _backend(app: FastAPI) -> type[FastAPIDashServer]:
    """Return Dash's FastAPI backend on an application that exists.

    Without its WebSocket: callbacks come over HTTP alone, where the service checks tokens and origins. Without its
    catch-all route, which would answer unknown paths of the API with a page.
    """

    class Backend(FastAPIDashServer):
        websocket_capability = False

        @staticmethod
        def create_app(name: str = "", config: dict[str, Any] | None = None) -> FastAPI:  # noqa: ARG004 - Dash's own
            return app

        def _setup_catchall(self) -> None:
            pass

    return Backend


def _serve(app: FastAPI, dash: Dash) -> None:
    async def page(request: Request) -> Response:
        path = request.url.path
        if path.startswith("/api/"):
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        known = any(page.matches(path) is not None for page in PAGES)
        token = set_current_request(request)  # type: ignore[no-untyped-call]
        try:
            return HTMLResponse(str(dash.index()), status_code=200 if known else 404)  # type: ignore[no-untyped-call]
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]

    app.add_api_route("/{path:path}", page, methods=["GET"], include_in_schema=False)


def _route(callbacks: Callbacks, client: Client) -> None:
    @callbacks.on(
        Output("page", "children"),
        Output("nav", "children"),
        Input("address", "pathname"),
        Input("address", "search"),
        State("page", "id"),
    )
    def show(pathname: str, search: str, _: str) -> tuple[Any, Any]:
        for page in PAGES:
            address = page.matches(pathname or "/")
            if address is not None:
                return _shown(page, client, address.with_search(search or "")), shell.links(page.section)
        return failure.nothing_here(pathname), shell.links("")


def _shown(page: Page, client: Client, address: Address) -> Any:
    try:
        return page.layout(client, address)
    except TunerError as error:
        return failure.instead_of_page(error)
    except Exception as error:  # a page must say that it cannot be shown rather than stay as the one before
        return failure.broken(error)


def _document() -> str:
    """Return the document around the application; what starts it is a file, so that no script is inline."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{{%metas%}}
<title>{{%title%}}</title>
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
{{%css%}}
<style>{css_variables(':root[data-mantine-color-scheme="dark"]')}</style>
</head>
<body>
{{%app_entry%}}
{{%config%}}
{{%scripts%}}
<script id="_dash-renderer" src="/assets/start.js"></script>
</body>
</html>
"""
