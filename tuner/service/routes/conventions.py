"""What routes of several subjects share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.responses import Response

from tuner.edited_text import Flaw
from tuner.messages.errors import ErrorMessage
from tuner.messages.validation import TextProblem
from tuner.service.desk import Desk
from tuner.service.live import LiveStudy

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskOf = Annotated[Desk, Depends(_desk)]
NameOf = Annotated[str, Path(pattern=_NAME, description="Its name.")]
DeviceOf = Annotated[str, Path(pattern=_NAME, description="A device of the study.")]
NumberOf = Annotated[int, Path(ge=0, le=2**53, description="The trial's number.")]


def _study(desk: DeskOf, name: NameOf) -> LiveStudy:
    return desk.study(name)


StudyOf = Annotated[LiveStudy, Depends(_study)]

Responses = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Responses:
    """Return what OpenAPI says of refusals beside those that every route may give."""
    meanings = {
        400: "The request is broken.",
        401: "A token is needed.",
        403: "The operator does not allow it, or the request comes from another site.",
        404: "There is no such thing.",
        409: "Not in this state.",
        413: "Too large.",
        415: "Of another kind than expected.",
        422: "What was sent is wrong; the message says what and where.",
        429: "Too many wrong tokens.",
        503: "A record cannot be read.",
    }
    codes = sorted({400, 401, 403, 413, 422, 429, 503, *statuses})
    return {code: {"model": ErrorMessage, "description": meanings[code]} for code in codes}


def problems(flaws: tuple[Flaw, ...]) -> tuple[TextProblem, ...]:
    """Return flaws of a text as messages."""
    return tuple(
        TextProblem(line=flaw.line, column=flaw.column, key=flaw.key, message=flaw.message, hint=flaw.hint)
        for flaw in flaws
    )


def attachment(content: bytes, media_type: str, filename: str) -> Response:
    """Return a file for download; browsers neither show nor guess it."""
    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=media_type, headers=headers)
