"""The command line: each command is one function, and says what the Python interface says."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the process ends with 0, 1, 2 or 130."""
    from tuner.cli.app import run  # noqa: PLC0415 - importing this package must cost nothing

    run()
