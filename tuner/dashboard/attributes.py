"""Values of properties that Dash has no words of its own for."""

from __future__ import annotations

import base64
from typing import Any


def aria(**told: str | int) -> dict[str, Any]:
    """Return what screen readers are told: `aria(label="Find")` is `aria-label="Find"`."""
    return {f"aria-{name}": value for name, value in told.items()}


def download(content: bytes, filename: str) -> dict[str, Any]:
    """Return a file as `dcc.Download` takes it."""
    return {"content": base64.b64encode(content).decode(), "filename": filename, "base64": True}
