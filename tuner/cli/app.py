"""All commands in one place, and how errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tuner import __version__
from tuner.cli.calibrate import calibrate
from tuner.cli.console import errors, show_error
from tuner.cli.datasets import datasets
from tuner.cli.devices import devices
from tuner.cli.profile import check, profile
from tuner.cli.results import compare, export, report, select
from tuner.cli.running import cancel, extend, pause, resume, status
from tuner.cli.running import run as run_study
from tuner.cli.serve import serve
from tuner.cli.spaces import spaces
from tuner.errors import InputError, NothingFitsError, TunerError

app = typer.Typer(
    name="tuner",
    help="Device-aware AutoML for microcontrollers: search models, compare them, select one for a board.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done · 1 nothing feasible found · 2 bad input · 3 broken study · 130 interrupted.",
)

_RUN, _READ, _LOOK = "Run studies", "Read results", "Look around"

app.command(rich_help_panel=_RUN)(run_study)
app.command(rich_help_panel=_RUN)(resume)
app.command(rich_help_panel=_RUN)(extend)
app.command(rich_help_panel=_RUN)(status)
app.command(rich_help_panel=_RUN)(serve)
app.command(rich_help_panel=_RUN)(pause)
app.command(rich_help_panel=_RUN)(cancel)
app.command(rich_help_panel=_READ)(report)
app.command(rich_help_panel=_READ)(compare)
app.command(rich_help_panel=_READ)(select)
app.command(rich_help_panel=_READ)(export)
app.command(rich_help_panel=_LOOK)(profile)
app.command(rich_help_panel=_LOOK)(check)
app.command(rich_help_panel=_LOOK)(calibrate)
app.add_typer(datasets, name="datasets", rich_help_panel=_LOOK)
app.add_typer(devices, name="devices", rich_help_panel=_LOOK)
app.command(rich_help_panel=_LOOK)(spaces)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"edge-tuner {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run a command and turn what it raises into a message and an exit code."""
    try:
        app()
    except NothingFitsError as error:
        show_error(error)
        sys.exit(1)
    except InputError as error:
        show_error(error)
        sys.exit(2)
    except TunerError as error:
        show_error(error)
        sys.exit(3)
    except KeyboardInterrupt:
        errors.print("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`tuner status | head`): point stdout elsewhere, or Python complains when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
