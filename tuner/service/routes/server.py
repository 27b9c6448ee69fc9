"""The server about itself."""

from __future__ import annotations

import os
import shutil
from typing import get_args

from fastapi import APIRouter, Response

from tuner import __version__
from tuner.messages.server import Health, ServerInfo
from tuner.search.samplers import SAMPLERS
from tuner.service.desk import Desk
from tuner.service.routes.conventions import DeskOf, refusals
from tuner.study.spec import Objective
from tuner.tasks import TASKS

router = APIRouter(tags=["server"], responses=refusals())

_LEAST_FREE_BYTES = 256 * 1024**2


@router.get("/health", responses={503: {"model": Health, "description": "Something is wrong."}})
def health(desk: DeskOf, response: Response) -> Health:
    """Return whether the server can do its work; 503 if it cannot. Needs no token."""
    checks = {"studies": _studies(desk), "disk": _disk(desk), "workers": desk.crew.trouble or "ok"}
    well = all(found == "ok" for found in checks.values())
    response.status_code = 200 if well else 503
    return Health(status="ok" if well else "degraded", checks=checks)


@router.get("/server")
def server(desk: DeskOf) -> ServerInfo:
    """Return what this server is and allows."""
    settings = desk.settings
    return ServerInfo(
        version=__version__,
        api="v1",
        studies_at_once=settings.studies_at_once,
        running=desk.crew.running,
        queued=desk.crew.queued,
        cores=os.cpu_count() or 1,
        data_roots=tuple(str(root) for root in settings.data_roots),
        code_allowed=settings.allow_code,
        upload_limit_bytes=settings.upload_limit_bytes,
        samplers=("auto", *sorted(SAMPLERS)),
        tasks=tuple(TASKS),
        objectives=get_args(Objective),
        max_workers=settings.max_workers,
    )


def _studies(desk: Desk) -> str:
    return "ok" if os.access(desk.settings.studies, os.W_OK) else f"{desk.settings.studies} cannot be written"


def _disk(desk: Desk) -> str:
    free = shutil.disk_usage(desk.settings.studies).free
    return "ok" if free >= _LEAST_FREE_BYTES else f"only {free // 1024**2} MiB are free"
