"""Errors that are the service's own, and how every error becomes an answer."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tuner.errors import InputError, NothingFitsError, StudyError, TunerError
from tuner.messages.errors import ErrorMessage

_LOG = logging.getLogger("tuner.service")


class MissingError(InputError):
    """There is no such thing."""


class ConflictError(InputError):
    """Not in the state that things are in."""


class ForbiddenError(InputError):
    """The operator does not allow it."""


_STATUS: tuple[tuple[type[TunerError], HTTPStatus], ...] = (
    (MissingError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NothingFitsError, HTTPStatus.CONFLICT),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StudyError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_OWN = (MissingError, ConflictError, ForbiddenError)


def answer(
    status: int, error: str, message: str, hint: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error as the client reads it."""
    content = ErrorMessage(error=error, message=message, hint=hint).model_dump()
    return JSONResponse(content, status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Turn whatever routes raise into answers."""

    @app.exception_handler(TunerError)
    def _tuner_error(_: Request, error: TunerError) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)
        kind = "InputError" if isinstance(error, _OWN) else _public_name(type(error))
        return answer(status, kind, error.message, error.hint)

    @app.exception_handler(RequestValidationError)
    def _request(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "InputError", _told(error.errors()))

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return answer(error.status_code, "InputError", str(error.detail), headers=headers)

    @app.exception_handler(Exception)
    def _bug(request: Request, error: Exception) -> JSONResponse:
        _LOG.exception("%s %s", request.method, request.url.path, exc_info=error)
        message = f"the server failed: {type(error).__name__}"
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "StudyError", message, "its log says more")


def _public_name(kind: type[TunerError]) -> str:
    """Return the nearest class that clients know too."""
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "tuner.errors")


def _told(problems: Any) -> str:
    lines = []
    for problem in problems[:20]:
        where = ".".join(str(step) for step in problem["loc"] if step not in {"body", "query", "path"})
        lines.append(f"{where}: {problem['msg']}" if where else str(problem["msg"]))
    return "\n".join(lines)
