import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tuner import Client, InputError
from tuner.service.app import create_app
from tuner.service.guard import Attempts, hashed
from tuner.service.in_process import InProcessTransport, in_process_client
from tuner.service.settings import Settings

TOKEN = "correct horse battery staple"


def served(studies: Path, **settings: object) -> httpx.Client:
    app = create_app(Settings(studies=studies, **settings))
    return httpx.Client(base_url="http://localhost", transport=InProcessTransport(app))


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[httpx.Client]:
    with served(tmp_path, token=hashed(TOKEN)) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/api/v1/studies", "/api/v1/openapi.json", "/metrics", "/"])
def test_without_the_token_nothing_is_told(locked: httpx.Client, path: str) -> None:
    response = locked.get(path)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert locked.get(path, headers=bearer(TOKEN)).status_code != 401


def test_health_needs_no_token(locked: httpx.Client) -> None:
    assert locked.get("/api/v1/health").json()["status"] == "ok"


def test_the_client_gives_its_token_and_the_dashboard_its_own(tmp_path: Path) -> None:
    app = create_app(Settings(studies=tmp_path, token=hashed(TOKEN)))

    with Client("http://localhost", TOKEN, transport=InProcessTransport(app)) as client:
        assert client.studies() == ()
    with in_process_client(app) as client:
        assert client.studies() == ()
    with (
        Client("http://localhost", "wrong", transport=InProcessTransport(app)) as client,
        pytest.raises(InputError, match="the token is wrong"),
    ):
        client.studies()


def test_guessing_tokens_is_slowed_down_also_for_the_right_one(locked: httpx.Client) -> None:
    statuses = [locked.get("/api/v1/studies", headers=bearer(f"guess {n}")).status_code for n in range(12)]
    right = locked.get("/api/v1/studies", headers=bearer(TOKEN))

    assert statuses == [401] * 10 + [429] * 2
    assert right.status_code == 429
    assert 0 < int(right.headers["retry-after"]) <= 61


def test_wrong_tokens_are_forgotten_in_time_and_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(most=2, within_s=60, addresses=3)
    for address in ("a", "a", "b", "c", "d"):
        attempts.failed(address)
    assert len(attempts._failed) == 3
    attempts.failed("d")
    assert attempts.wait_s("d") > 0

    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)

    assert attempts.wait_s("d") == 0


def test_a_browser_signs_in_once_and_keeps_a_cookie_that_scripts_cannot_read(locked: httpx.Client) -> None:
    page = locked.get("/", headers={"accept": "text/html"})
    assert page.headers["location"] == "/login"
    assert "<form" in locked.get("/login").text

    assert locked.post("/login", data={"token": "wrong"}).status_code == 401
    signed_in = locked.post("/login", data={"token": TOKEN})

    cookie = signed_in.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert locked.get("/api/v1/studies").status_code == 200


def test_pages_of_other_sites_change_nothing(http: httpx.Client) -> None:
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        refused = http.post("/api/v1/devices/validate", json={"text": ""}, headers=foreign)
        assert refused.status_code == 403

    own = http.post("/api/v1/devices/validate", json={"text": ""}, headers={"origin": "http://localhost"})

    assert own.status_code == 200


def test_names_that_are_not_the_server_s_are_refused(http: httpx.Client) -> None:
    assert http.get("/api/v1/studies", headers={"host": "rebound.example"}).status_code == 400
    assert http.get("/api/v1/studies", headers={"host": "127.0.0.1:8400"}).status_code == 200


def test_forms_cannot_pass_for_json(http: httpx.Client) -> None:
    """A form of another site's page may be sent without asking; a body in JSON may not."""
    sent = http.post("/api/v1/devices/validate", content='{"text": ""}', headers={"content-type": "text/plain"})

    assert sent.status_code == 422


def test_browsers_are_told_to_run_nothing_else(http: httpx.Client) -> None:
    answer = http.get("/api/v1/studies")
    page = http.get("/login")

    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in page.headers["content-security-policy"]  # falls back to default-src 'self'
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for response in (answer, page):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"


def test_bodies_have_a_limit_whatever_they_say_of_themselves(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(64):
            yield b"x" * 1024
        yield b'"}'

    with served(tmp_path, body_limit_bytes=10_000) as http:
        told = http.post("/api/v1/spaces/validate", json={"text": "x" * 20_000})
        silent = http.post("/api/v1/spaces/validate", content=parts(), headers={"content-type": "application/json"})

    assert told.status_code == silent.status_code == 413
    assert told.json()["error"] == "InputError"


def test_tokens_are_compared_as_hashes(locked: httpx.Client) -> None:
    assert locked.get("/api/v1/studies", headers=bearer(hashed(TOKEN))).status_code == 401
