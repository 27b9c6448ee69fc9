"""Who may ask for what: the name the server is addressed by, the page that asks, the token, and the size."""

from __future__ import annotations

import hashlib
import hmac
import time
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse, RedirectResponse
from starlette.requests import ClientDisconnect

from tuner.service.refusals import answer
from tuner.service.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "tuner_token"
OPEN_PATHS = frozenset({"/api/v1/health", "/login"})
"""What is answered without a token."""
UPLOAD_PATHS = frozenset({"/api/v1/datasets/upload", "/api/v1/profiles"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of pages: no scripts but files of the server. Style attributes are how plotly and grids place things."""

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def hashed(token: str) -> str:
    """Return the form in which a token is kept: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


class Attempts:
    """Wrong tokens by address: after a few in a minute, an address is not listened to until the minute is over."""

    def __init__(self, *, most: int = 10, within_s: float = 60.0, addresses: int = 10_000) -> None:
        self._most = most
        self._within_s = within_s
        self._addresses = addresses
        self._failed: dict[str, list[float]] = {}

    def wait_s(self, address: str) -> float:
        """Return for how long an address must wait; 0 if it may try."""
        recent = self._recent(address)
        return max(0.0, recent[0] + self._within_s - time.monotonic()) if len(recent) >= self._most else 0.0

    def failed(self, address: str) -> None:
        """Remember a wrong token."""
        if address not in self._failed and len(self._failed) >= self._addresses:
            self._failed.pop(next(iter(self._failed)))  # the oldest: memory must not grow with the attack
        self._failed[address] = [*self._recent(address), time.monotonic()][-self._most :]

    def _recent(self, address: str) -> list[float]:
        start = time.monotonic() - self._within_s
        recent = [at for at in self._failed.get(address, ()) if at > start]
        if not recent:
            self._failed.pop(address, None)
        return recent


class Doorkeeper:
    """Knows the tokens.

    Args:
        token: the hash of the one that requests must bear; `None` lets everybody in.
        inner_token: lets the dashboard's own client in, which speaks to the application without a network.
    """

    def __init__(self, token: str | None, inner_token: str) -> None:
        self.asks = token is not None
        self._token = token or ""
        self._inner = hashed(inner_token)
        self._attempts = Attempts()

    def refusal(self, address: str, token: str) -> JSONResponse | None:
        """Return why somebody is not let in, `None` if they are."""
        if not self.asks or hmac.compare_digest(hashed(token), self._inner):
            return None
        # First, or an address could go on guessing while it is not listened to.
        if wait_s := self._attempts.wait_s(address):
            again = {"retry-after": str(int(wait_s) + 1)}
            return answer(HTTPStatus.TOO_MANY_REQUESTS, "InputError", "too many wrong tokens", "", again)
        if hmac.compare_digest(hashed(token), self._token):
            return None
        if token:
            self._attempts.failed(address)
        message = "the token is wrong" if token else "this server asks for a token"
        hint = "give the one its operator has: `--token-file FILE`"
        return answer(HTTPStatus.UNAUTHORIZED, "InputError", message, hint, {"www-authenticate": "Bearer"})


class Guard:
    """Refuses what should not reach the application inside, and adds headers that browsers obey."""

    def __init__(self, app: ASGIApp, settings: Settings, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._settings = settings
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal is not None:
            await refusal(scope, receive, _with_headers(send, scope))
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await _Limited(self._app, self._limit(scope))(scope, receive, _with_headers(send, scope))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> ASGIApp | None:
        host = headers.get("host", "")
        if self._settings.hosts and _hostname(host) not in self._settings.hosts:
            message = "this server is not known by that name"
            return answer(HTTPStatus.BAD_REQUEST, "InputError", message, "start it with --host or --allow-host NAME")
        if self._is_foreign(scope, headers, host):
            return answer(HTTPStatus.FORBIDDEN, "InputError", "requests from pages of other sites are refused")
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return answer(HTTPStatus.BAD_REQUEST, "InputError", "content-length is no number")
        if int(length) > self._limit(scope):
            return _too_large(self._limit(scope))
        return self._at_the_door(scope, headers)

    def _is_foreign(self, scope: Scope, headers: dict[str, str], host: str) -> bool:
        """Whether the page of another site asks for a change; browsers say so, and other clients need not."""
        method = scope.get("method", "GET")
        if method in _SAFE_METHODS and scope["type"] == "http":
            return False
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return True
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc.lower() != host.lower()

    def _at_the_door(self, scope: Scope, headers: dict[str, str]) -> ASGIApp | None:
        if scope["path"] in OPEN_PATHS:
            return None
        refusal = self._doorkeeper.refusal(address_of(scope), _token(headers))
        is_page = scope.get("method") == "GET" and "text/html" in headers.get("accept", "")
        if refusal is not None and refusal.status_code == HTTPStatus.UNAUTHORIZED and is_page:
            return RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
        return refusal

    def _limit(self, scope: Scope) -> int:
        if scope["path"] in UPLOAD_PATHS:
            return self._settings.upload_limit_bytes + 1024**2  # the form around the file
        return self._settings.body_limit_bytes


class _Limited:
    """Stops reading a body that is larger than allowed, whatever its length was said to be."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            # The application gives up as if the client had gone; what it says then is not passed on.
            return message if read <= self._limit else {"type": "http.disconnect"}

        async def noted(message: Message) -> None:
            nonlocal begun
            if begun or read <= self._limit:
                begun = True
                await send(message)

        try:
            await self._app(scope, counted, noted)
        except ClientDisconnect:
            if read <= self._limit:
                raise
        if read > self._limit and not begun:
            await _too_large(self._limit)(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return where a request comes from."""
    client = scope.get("client")
    return client[0] if client else "unknown"


def _too_large(limit: int) -> ASGIApp:
    message = f"more than {limit:,} bytes"
    return answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "InputError", message, headers={"connection": "close"})


def _with_headers(send: Send, scope: Scope) -> Send:
    policy = API_POLICY if scope["path"].startswith("/api/") else PAGE_POLICY
    added = {**_HEADERS, "content-security-policy": policy}
    if scope["path"].startswith("/api/"):
        added["cache-control"] = "no-store"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in added.items() if name.encode() not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _token(headers: dict[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
