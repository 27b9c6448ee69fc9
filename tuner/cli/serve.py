"""`tuner serve`: the service, with the dashboard in it."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.api import DEFAULT_FOLDER
from tuner.cli.console import errors
from tuner.errors import InputError
from tuner.units import parse_bytes

if TYPE_CHECKING:
    from tuner.service.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_TLS = """\
[yellow]The server is reachable from other machines, and speaks plain HTTP.[/] Put TLS in front of it, or tokens and
data can be read on the way. With Caddy, for example: \
[bold]caddy reverse-proxy --from tuner.example.org --to {address}[/]"""


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need --token-file.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8400,
    studies: Annotated[Path, typer.Option("--studies", help="The folder in which studies lie.")] = DEFAULT_FOLDER,
    data_root: Annotated[
        list[Path] | None,
        typer.Option("--data-root", metavar="DIR", help="Data sets below it may be used by path; repeatable."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the token that requests must bear, or its SHA-256.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another name by which the server is addressed, e.g. behind TLS."),
    ] = None,
    studies_at_once: Annotated[int, typer.Option(min=1, help="Studies that run at the same time.")] = 1,
    upload_limit: Annotated[str, typer.Option(metavar="SIZE", help="Largest upload.")] = "1 GiB",
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run Python code that studies bring; trust everybody who may ask.")
    ] = False,
) -> None:
    """Serve studies: an HTTP interface, and the dashboard in the browser. Studies go on when it is stopped."""
    from tuner.service.settings import Settings  # noqa: PLC0415 - help must not wait for the web

    if host not in LOOPBACK and token_file is None:
        raise InputError(
            f"--host {host} is reachable from other machines, and no token is asked for",
            hint="write a secret into a file and give it as --token-file, or listen on 127.0.0.1",
        )
    names = {*LOOPBACK, *(allow_host or ())} | ({host} if host not in {"0.0.0.0", "::"} else set())
    settings = Settings(
        studies=studies.absolute(),
        data_roots=tuple(_folder(root) for root in data_root or ()),
        studies_at_once=studies_at_once,
        token=None if token_file is None else _token(token_file),
        hosts=frozenset() if host in {"0.0.0.0", "::"} and not allow_host else frozenset(names),
        allow_code=allow_code,
        upload_limit_bytes=parse_bytes(upload_limit),
    )
    if host not in LOOPBACK:
        errors.print(_TLS.format(address=f"127.0.0.1:{port}"), soft_wrap=True)
    _run(settings, host, port)


def _run(settings: Settings, host: str, port: int) -> None:
    import socket  # noqa: PLC0415

    import uvicorn  # noqa: PLC0415

    from tuner.service.app import create_app  # noqa: PLC0415
    from tuner.service.in_process import in_process_client  # noqa: PLC0415

    try:
        settings.studies.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{settings.studies}: cannot be made: {error.strerror}", hint="give another --studies"
        ) from error
    app = create_app(settings)
    if importlib.util.find_spec("tuner.dashboard") is not None:
        importlib.import_module("tuner.dashboard").attach(app, in_process_client(app))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise InputError(
                f"{host}:{port} cannot be listened on: {error.strerror}", hint="give another --port"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        errors.print(
            f"serving {settings.studies} at [bold]http://{shown}:{listener.getsockname()[1]}[/]", soft_wrap=True
        )
        config = uvicorn.Config(
            app, log_level="warning", proxy_headers=False, server_header=False, timeout_graceful_shutdown=3
        )
        uvicorn.Server(config).run(sockets=[listener])


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise InputError(f"--data-root {path}: there is no such folder")
    return path.resolve()


_LEAST_TOKEN = 16


def _token(file: Path) -> str:
    """Return the hash of the token in a file; the file may hold the hash itself."""
    from tuner.service.guard import hashed  # noqa: PLC0415

    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--token-file {file}: cannot be read: {error}") from error
    kind, _, digest = token.partition(":")
    if kind == "sha256":
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise InputError(f"--token-file {file}: after 'sha256:' 64 hexadecimal digits are expected")
        return digest
    if len(token) < _LEAST_TOKEN:
        raise InputError(
            f"--token-file {file}: the token has {len(token)} characters, at least {_LEAST_TOKEN} are needed",
            hint="make one with: openssl rand -hex 32",
        )
    return hashed(token)
