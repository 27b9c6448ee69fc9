"""What commands print with: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from tuner.errors import TunerError

_FILE_WIDTH = 120

output = Console(highlight=False, width=None if sys.stdout.isatty() else _FILE_WIDTH)
"""For results; as wide as the terminal, and wide enough for every table where there is none."""
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
