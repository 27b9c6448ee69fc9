"""The application: routes of `/api/v1`, guarded and measured."""

from __future__ import annotations

import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute

from tuner import __version__
from tuner.service import refusals
from tuner.service.desk import Desk
from tuner.service.guard import Doorkeeper, Guard
from tuner.service.metrics import CONTENT_TYPE, Measured, Metrics
from tuner.service.routes import (
    comparisons,
    datasets,
    devices,
    events,
    login,
    profiles,
    results,
    server,
    spaces,
    studies,
    trials,
)
from tuner.service.settings import Settings

_API = "/api/v1"
_DESCRIPTION = """\
Launch, watch, compare, select and export studies of Edge Tuner.

Everything the dashboard does goes through this interface. Answers are JSON; every refusal is an `ErrorMessage` with a
kind, a message and a hint. Where the server asks for a token, send `Authorization: Bearer TOKEN`. Figures are in the
unit their name ends with; times are seconds since 1970; shares and qualities are from 0 to 1, higher is better.
Python programs use `tuner.Client`.
"""
_TAGS = [
    {"name": "server", "description": "The server about itself."},
    {"name": "data sets", "description": "Data the server knows by name."},
    {"name": "devices", "description": "Boards: what they have, and where each figure stands."},
    {"name": "search spaces", "description": "What may be searched, and how much of it fits."},
    {"name": "studies", "description": "Make, run and stop studies; they outlive the server."},
    {"name": "trials", "description": "Candidates of a study, each with all that is recorded of it."},
    {"name": "results", "description": "Fronts, the course of the search, and the model to take."},
    {"name": "comparisons", "description": "Candidates and studies side by side."},
    {"name": "profiles", "description": "What a model needs on devices."},
    {"name": "events", "description": "What happens, as it happens."},
]


def create_app(settings: Settings) -> FastAPI:
    """Return the application; while it runs, it watches over the workers.

    `app.state.desk` is what the routes work with, `app.state.inner_token` lets in a client in this process.
    """
    desk = Desk(settings)
    metrics = Metrics(desk)
    app = FastAPI(
        title="Edge Tuner",
        version=__version__,
        summary="Device-aware AutoML for microcontrollers.",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url=f"{_API}/openapi.json",
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation,
        lifespan=_lifespan,
    )
    app.state.desk = desk
    app.state.inner_token = secrets.token_urlsafe(32)
    app.state.doorkeeper = Doorkeeper(settings.token, app.state.inner_token)
    app.state.ending = threading.Event()
    refusals.install(app)
    subjects = (server, datasets, devices, spaces, studies, trials, results, comparisons, profiles, events)
    for subject in subjects:
        app.include_router(subject.router, prefix=_API)
    app.include_router(login.router)

    @app.get("/metrics", include_in_schema=False)
    def _metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    app.add_middleware(Guard, settings=settings, doorkeeper=app.state.doorkeeper)
    app.add_middleware(Measured, metrics=metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.desk.crew.begin()
    try:
        yield
    finally:
        app.state.ending.set()
        app.state.desk.crew.end()


def _operation(route: APIRoute) -> str:
    subject = str(route.tags[0]).replace(" ", "-") if route.tags else "page"
    return f"{subject}-{route.name.strip('_').replace('_', '-')}"
