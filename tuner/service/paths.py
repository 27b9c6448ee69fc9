"""Which paths the network may name: those below an allowed root, wherever their links lead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuner.service.refusals import ForbiddenError, MissingError


def confined(path: str, roots: Sequence[Path]) -> Path:
    """Return a path below one of the roots, with all links followed.

    Args:
        path: relative ones start at the first root.
        roots: where paths may lie.

    Raises:
        ForbiddenError: it lies elsewhere, or there are no roots.
        MissingError: there is nothing.
    """
    if not roots:
        raise ForbiddenError(
            "this server takes no data sets by path", hint="upload it, or have the server started with --data-root"
        )
    if "\0" in path:
        raise MissingError("a path with a zero byte")
    try:
        resolved = (roots[0] / path).resolve()
        inside = any(resolved.is_relative_to(root.resolve()) for root in roots)
        there = inside and resolved.exists()
    except OSError as error:  # too long, or links in a circle
        raise MissingError(f"{path[:200]}: {error.strerror}") from error
    if not inside:
        places = ", ".join(str(root) for root in roots)
        raise ForbiddenError(f"{path} lies outside of what this server may read", hint=f"allowed: below {places}")
    if not there:
        raise MissingError(f"{path}: there is no such file or folder")
    return resolved
