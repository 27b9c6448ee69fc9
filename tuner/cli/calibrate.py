"""`tuner calibrate`: fit a board's speed to its owner's measurements."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.cli.console import output, print_json
from tuner.devices.calibrate import Calibrated, Check, read_measurements
from tuner.devices.calibrate import calibrate as fit
from tuner.devices.profile import load_profile, profile_yaml
from tuner.errors import InputError
from tuner.files import write_atomically
from tuner.units import format_milliseconds


def calibrate(
    measurements: Annotated[
        Path, typer.Argument(metavar="MEASUREMENTS.csv", help="Columns: model (a .tflite file) and latency_ms.")
    ],
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="The board, or the path of its profile.")],
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Profile to write; default: NAME.yaml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Refit a board's profile from your own measurements, and show the error before and after."""
    profile = load_profile(device)
    target = file or Path(f"{profile.name}.yaml")
    if target.exists():
        raise InputError(f"{target} exists already", hint="choose another --output; nothing was written")
    if not target.parent.is_dir():
        raise InputError(f"{target}: the folder {target.parent} does not exist", hint="create it first")
    measured = read_measurements(measurements)
    result = fit(profile, measured, source=f"{measurements.name}: {len(measured)} models, fitted by tuner calibrate")
    write_atomically(target, profile_yaml(result.profile))
    if as_json:
        print_json(_document(result, target))
        return
    output.print(_table(result))
    output.print(f"wrote {escape(str(target))}; give its path to --device", soft_wrap=True)


def _document(result: Calibrated, target: Path) -> dict[str, object]:
    calibration = result.profile.latency
    assert calibration is not None
    return {
        "device": result.profile.name,
        "profile": str(target),
        "latency": calibration.model_dump(mode="json"),
        "median_error_before": _median(result, "before"),
        "median_error_after": _median(result, "after"),
        "median_error_left_out": _median(result, "left_out"),
        "models": [
            {
                "model": check.model,
                "measured_ms": check.measured_ms,
                "before_ms": check.before_ms,
                "after_ms": check.after_ms,
                "left_out_ms": check.left_out_ms,
            }
            for check in result.checks
        ],
    }


def _table(result: Calibrated) -> Table:
    calibration = result.profile.latency
    assert calibration is not None
    table = Table(
        title=f"{escape(result.profile.title)}: {calibration.cycles_per_instruction:g} cycles per instruction, "
        f"90 % of models within {calibration.spread:.0%}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("model", overflow="fold")
    for name in ("measured", "before", "error", "after", "error", "model left out", "error"):
        table.add_column(name, justify="right", no_wrap=True)
    for check in result.checks:
        cells = [check.model, format_milliseconds(check.measured_ms)]
        for milliseconds in (check.before_ms, check.after_ms, check.left_out_ms):
            cells += (
                ["–", "–"]
                if milliseconds is None
                else [format_milliseconds(milliseconds), _signed(milliseconds, check)]
            )
        table.add_row(*(escape(cell) for cell in cells))
    medians = (_median(result, step) for step in ("before", "after", "left_out"))
    before, after, left_out = ("–" if median is None else f"{median:.1%}" for median in medians)
    table.add_section()
    table.add_row("[bold]median error[/]", "", "", before, "", after, "", left_out)
    return table


def _signed(milliseconds: float, check: Check) -> str:
    return f"{milliseconds / check.measured_ms - 1:+.1%}"


def _median(result: Calibrated, step: str) -> float | None:
    pairs = [(getattr(check, f"{step}_ms"), check.measured_ms) for check in result.checks]
    errors = [abs(milliseconds / measured - 1) for milliseconds, measured in pairs if milliseconds is not None]
    return statistics.median(errors) if errors else None
