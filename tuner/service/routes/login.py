"""Where a browser gives its token, once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tuner.service.guard import COOKIE, Doorkeeper, address_of

router = APIRouter(include_in_schema=False)

_WEEK_S = 7 * 24 * 3600
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Edge Tuner</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ display: grid; place-items: center; min-height: 100vh; margin: 0 }}
form {{ display: grid; gap: .75rem; width: min(22rem, 90vw) }}
input, button {{ font: inherit; padding: .5rem .75rem }}
</style></head>
<body><form method="post" action="/login">
<h1>Edge Tuner</h1>
<label for="token">Token of this server</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<p role="alert">{message}</p>
<button type="submit">Sign in</button>
</form></body></html>
"""


@router.get("/login")
def page() -> HTMLResponse:
    """Ask for the token."""
    return HTMLResponse(_PAGE.format(message=""))


@router.post("/login")
def sign_in(request: Request, token: Annotated[str, Form(max_length=1000)]) -> Response:
    """Keep the right token in a cookie that scripts cannot read and other sites' pages cannot send."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    refusal = doorkeeper.refusal(address_of(request.scope), token)
    if refusal is not None:
        many = refusal.status_code == HTTPStatus.TOO_MANY_REQUESTS
        message = "Too many wrong tokens; wait a minute." if many else "That token is wrong."
        return HTMLResponse(_PAGE.format(message=message), status_code=refusal.status_code)
    response = RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=_WEEK_S, httponly=True, samesite="strict", secure=secure)
    return response
