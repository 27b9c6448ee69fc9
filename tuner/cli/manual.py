"""The manual of the command line, written from the commands themselves: `python -m tuner.cli.manual`."""

from __future__ import annotations

import html
import re
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from tuner.cli.app import app
from tuner.files import write_atomically

_INTRODUCTION = """\
<!-- Written by `python -m tuner.cli.manual` from the commands in tuner/cli. -->

# Manual

Results go to standard output, messages to standard error. Every command that prints results takes `--json`.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | nothing feasible: a study without a candidate that fits, a selection without a match, a model over its limits |
| 2 | bad input; one message says what was found where and what to do |
| 3 | the study cannot go on: its record cannot be written, another process works on it, Ray cannot be reached |
| 130 | interrupted; `tuner resume` goes on |

"""


def manual() -> str:
    """Return the manual as Markdown."""
    command = typer.main.get_command(app)
    pages = get_docs_for_click(obj=command, ctx=typer.Context(command), name="tuner")
    # Typer escapes for HTML, which Markdown shows as written; completion is the shell's business, not ours.
    text = re.sub(r"\* `--(install|show)-completion`.*\n", "", html.unescape(pages))
    return _INTRODUCTION + "## " + text[text.index("`tuner run`") :].rstrip() + "\n"


if __name__ == "__main__":
    write_atomically(Path(__file__).parents[2] / "docs" / "manual.md", manual())
