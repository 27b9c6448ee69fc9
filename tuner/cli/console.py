"""What commands print with: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from tuner.errors import TunerError

output = Console(soft_wrap=False, highlight=False)
"""For results."""
errors = Console(stderr=True, highlight=False)
"""For messages, progress and errors."""


def show_error(error: TunerError) -> None:
    """Print what is wrong, and what to do about it."""
    errors.print(f"[bold red]error:[/] {escape(error.message)}", soft_wrap=True)
    if error.hint:
        errors.print(f"[bold]hint:[/] {escape(error.hint)}", soft_wrap=True)


def print_json(data: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a JSON document, for programs."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
