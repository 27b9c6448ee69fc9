"""How the service says no."""

from __future__ import annotations

from tuner.messages.base import Message


class ErrorMessage(Message):
    """The body of every answer with a status of 400 or more."""

    error: str
    """The kind: the name of the class that `tuner.Client` raises, such as "ConfigError"."""
    message: str
    """What was found where, and what was expected."""
    hint: str = ""
    """What to do about it."""
