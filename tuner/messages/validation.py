"""What is wrong with a text somebody is editing, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.messages.base import Message


class Text(Message):
    """YAML or JSON as somebody typed it."""

    text: Annotated[str, Field(max_length=1_000_000)]


class TextProblem(Message):
    """One thing that is wrong."""

    line: int
    """From 1; the line of the key at fault, or of the nearest one around it."""
    column: int
    """From 1."""
    key: str
    """The dotted path of the key, such as "training.epochs"; empty for the text as a whole."""
    message: str
    hint: str = ""


class Validation(Message):
    """The verdict on a text."""

    valid: bool
    problems: tuple[TextProblem, ...]
