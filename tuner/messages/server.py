"""The server about itself."""

from __future__ import annotations

from typing import Literal

from tuner.messages.base import Message


class Health(Message):
    """Whether the server can do its work."""

    status: Literal["ok", "degraded"]
    checks: dict[str, str]
    """By what was looked at: "ok", or a sentence that says what is wrong."""


class ServerInfo(Message):
    """What this server is and allows."""

    version: str
    api: str
    """Version of the API: "v1"."""
    studies_at_once: int
    running: int
    queued: int
    cores: int
    data_roots: tuple[str, ...]
    """Folders under which data sets may be registered by path; uploads go elsewhere."""
    code_allowed: bool
    """Whether studies may bring Python code: blocks of one's own and networks written by hand."""
    upload_limit_bytes: int
    samplers: tuple[str, ...]
    tasks: tuple[str, ...]
    objectives: tuple[str, ...]
    max_workers: int
    """Ray workers that one study may ask for."""
