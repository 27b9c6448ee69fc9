"""What the operator decides when the server starts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server works."""

    studies: Path
    """The folder in which studies lie; the server keeps its own files in `.tuner` below it."""
    data_roots: tuple[Path, ...] = ()
    """Folders below which data sets may be registered by path."""
    studies_at_once: int = 1
    token: str | None = None
    """SHA-256 of the token that requests must bear, as hexadecimal digits; `None` asks for none."""
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "::1"})
    """Names under which the server may be addressed: others are pages that try to reach it behind its user's back
    (DNS rebinding). Empty: any."""
    allow_code: bool = False
    """Accept studies that bring Python code."""
    upload_limit_bytes: int = 1024 * MIB
    body_limit_bytes: int = 2 * MIB
    """Of requests that are no upload."""
    max_workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    """Ray workers that one study may ask for."""

    @property
    def own_folder(self) -> Path:
        """Where the server keeps its own files."""
        return self.studies / ".tuner"
