"""Studies: make, list, run, stop, delete."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from tuner.messages.studies import (
    Extension,
    RunLimits,
    StudyDetail,
    StudyEntry,
    StudyLog,
    StudyRequest,
    StudyState,
)
from tuner.messages.validation import Text, Validation
from tuner.service import errand
from tuner.service.desk import Desk
from tuner.service.live import LiveStudy
from tuner.service.refusals import ConflictError, ForbiddenError
from tuner.service.requests import check_study, study_asked_for
from tuner.service.routes.conventions import DeskOf, Responses, StudyOf, attachment, problems, refusals
from tuner.service.worker_file import LOG

router = APIRouter(prefix="/studies", tags=["studies"], responses=refusals())

_UNCHANGED = RunLimits()
_KNOWN = refusals(404)
_STATES = refusals(404, 409)


@router.get("")
def studies(desk: DeskOf) -> tuple[StudyEntry, ...]:
    """Return all studies, the newest first."""
    return desk.entries()


@router.post("", status_code=status.HTTP_201_CREATED, responses=refusals(404, 409))
def create(desk: DeskOf, request: StudyRequest) -> StudyDetail:
    """Check everything a study needs, write its beginning down, and put it into the queue."""
    wanted = study_asked_for(request, desk.settings, desk.datasets, desk.devices)
    if desk.shelf.has(wanted["name"]):
        raise ConflictError(f"there is a study '{wanted['name']}' already", hint="give the new one another name")
    name = errand.run("create", {"spec": wanted, "studies": str(desk.settings.studies)})
    if request.start:
        desk.crew.submit(name, RunLimits())
    return desk.detail(desk.study(name))


@router.post("/validate")
def validate(study: Text) -> Validation:
    """Check a study file somebody is editing, with messages at the line; the data are not looked at."""
    flaws = check_study(study.text)
    return Validation(valid=not flaws, problems=problems(flaws))


@router.get("/{name}", responses=_KNOWN)
def study(desk: DeskOf, study: StudyOf) -> StudyDetail:
    """Return a study with all that is known beside its trials."""
    return desk.detail(study)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT, responses=_STATES)
def delete(desk: DeskOf, study: StudyOf) -> None:
    """Delete a study that does not run, with its record and models."""
    desk.delete(study.folder.name)


@router.post("/{name}/start", status_code=status.HTTP_202_ACCEPTED, responses=_STATES)
def start(desk: DeskOf, study: StudyOf, limits: Annotated[RunLimits, Body()] = _UNCHANGED) -> StudyEntry:
    """Put a study that was never started into the queue."""
    return _go_on(desk, study, limits, {StudyState.CREATED}, "resume or extend it")


@router.post("/{name}/resume", status_code=status.HTTP_202_ACCEPTED, responses=_STATES)
def resume(desk: DeskOf, study: StudyOf, limits: Annotated[RunLimits, Body()] = _UNCHANGED) -> StudyEntry:
    """Put a study that was stopped, or that failed, back into the queue; nothing completed is run again."""
    states = {StudyState.CREATED, StudyState.PAUSED, StudyState.FAILED}
    return _go_on(desk, study, limits, states, "extend it to search on")


@router.post("/{name}/extend", status_code=status.HTTP_202_ACCEPTED, responses=_STATES)
def extend(desk: DeskOf, study: StudyOf, extension: Extension) -> StudyEntry:
    """Search on in a study that has come to its end."""
    counts = desk.entry(study).counts
    total = counts.trained + counts.failed + counts.pending + extension.trials
    limits = RunLimits.model_validate({**extension.model_dump(), "trials": total})
    states = {StudyState.PAUSED, StudyState.FAILED, StudyState.FINISHED, StudyState.CANCELLED}
    return _go_on(desk, study, limits, states, "start it first")


@router.post("/{name}/pause", status_code=status.HTTP_202_ACCEPTED, responses=_STATES)
def pause(desk: DeskOf, study: StudyOf) -> StudyEntry:
    """Stop a study as Ctrl-C does, or take it out of the queue; nothing is lost and `resume` goes on."""
    desk.crew.stop(study.folder.name, "pause")
    return desk.entry(study)


@router.post("/{name}/cancel", status_code=status.HTTP_202_ACCEPTED, responses=_STATES)
def cancel(desk: DeskOf, study: StudyOf) -> StudyEntry:
    """Stop a study for good; what was found is kept, and only `extend` searches on."""
    desk.crew.stop(study.folder.name, "cancel")
    return desk.entry(study)


@router.get("/{name}/log", responses=_KNOWN)
def log(study: StudyOf, tail: Annotated[int, Query(ge=1, le=1_000_000)] = 64_000) -> StudyLog:
    """Return the end of what the study's worker wrote, at most `tail` bytes."""
    try:
        with (study.folder / LOG).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - tail))
            text = file.read(tail)
    except FileNotFoundError:
        return StudyLog(text="", size=0, truncated=False)
    truncated = size > tail
    if truncated:
        text = text.partition(b"\n")[2]
    return StudyLog(text=text.decode("utf-8", errors="replace"), size=size, truncated=truncated)


_HTML: Responses = {200: {"content": {"text/html": {}}, "description": "One HTML file."}}


@router.get("/{name}/report", response_class=Response, responses={**_KNOWN, **_HTML})
def report(study: StudyOf) -> Response:
    """Return the study's report, one HTML file that needs nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(errand.run("report", {"study": str(study.folder), "output": f"{folder}/report.html"}))
        return attachment(path.read_bytes(), "text/html; charset=utf-8", f"{study.folder.name}.html")


def _go_on(desk: Desk, study: LiveStudy, limits: RunLimits, states: set[StudyState], otherwise: str) -> StudyEntry:
    name, most = study.folder.name, desk.settings.max_workers
    if limits.workers is not None and limits.workers > most:
        raise ForbiddenError(f"workers: {limits.workers} are more than the {most} this server allows")
    state = desk.crew.standing(name).state
    if state not in states:
        hint = "" if state in {StudyState.QUEUED, StudyState.RUNNING} else otherwise
        raise ConflictError(f"study '{name}' is {state}", hint=hint)
    desk.crew.submit(name, limits)
    return desk.entry(study)
