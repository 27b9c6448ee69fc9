"""Trials: lists, one in full, and its model to take away."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from tuner.messages.trials import TrialDetail, TrialPage
from tuner.record import State
from tuner.service import errand
from tuner.service.listing import Listing, check_device, page
from tuner.service.routes.conventions import NumberOf, Responses, StudyOf, attachment, refusals
from tuner.service.trial_detail import detail_of

router = APIRouter(prefix="/studies/{name}/trials", tags=["trials"], responses=refusals(404))


@router.get("", response_model=TrialPage)
def trials(
    study: StudyOf,
    state: Annotated[list[State] | None, Query(description="Only those in one of these states.")] = None,
    device: Annotated[str | None, Query(max_length=64, description="The one that fit, front and needs mean.")] = None,
    fits: Annotated[bool | None, Query(description="Only those that keep the budget, or only the others.")] = None,
    on_front: Annotated[bool | None, Query(description="Only members of the front, or only the others.")] = None,
    text: Annotated[str, Query(max_length=200, description="Only those whose words or reason hold it.")] = "",
    number: Annotated[
        list[Annotated[int, Field(ge=0, le=2**53)]] | None, Query(max_length=1000, description="Only these trials.")
    ] = None,
    sort: Annotated[
        str,
        Query(
            max_length=200,
            description="A field of a row or of a device's figures, `figure/NAME` or `parameter/NAME`; `-` reverses.",
        ),
    ] = "number",
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    parts: Annotated[bool, Query(description="With what each part of a candidate needs.")] = False,
) -> Response:
    """Return part of a study's trials, filtered and sorted; what has no value to sort by comes last."""
    asked = Listing(tuple(state or ()), device, fits, on_front, text, sort, frozenset(number or ()))
    return page(study, asked, offset=offset, limit=limit, parts=parts)


@router.get("/{number}")
def trial(study: StudyOf, number: NumberOf) -> TrialDetail:
    """Return one trial in full."""
    return detail_of(study, number)


_ZIP: Responses = {200: {"content": {"application/zip": {}}, "description": "A ZIP archive."}}


@router.get("/{number}/export", response_class=Response, responses={**refusals(404), **_ZIP})
def export(study: StudyOf, number: NumberOf, device: Annotated[str, Query(max_length=64)]) -> Response:
    """Return a trial's model, its C source, a manifest and golden vectors for a device, in a ZIP archive."""
    check_device(study, device)
    detail_of(study, number)  # a number that there is not is told as such
    name = study.folder.name
    with tempfile.TemporaryDirectory() as folder:
        task = {"study": str(study.folder), "trial": number, "device": device, "output": f"{folder}/firmware"}
        files = [Path(file) for file in errand.run("export", task)]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            for file in files:
                opened.write(file, file.name)
    return attachment(archive.getvalue(), "application/zip", f"{name}-{number}-{device}.zip")
