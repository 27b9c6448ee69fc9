"""`tuner datasets`: what a data set holds, before a study is run on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.cli.console import errors, output, print_json
from tuner.errors import InputError
from tuner.files import write_atomically
from tuner.units import format_milliseconds, format_seconds

if TYPE_CHECKING:
    from tuner.data.inspection import Inspection
    from tuner.data.window_candidates import WindowCandidate

datasets = typer.Typer(help="Look at data sets.", no_args_is_help=True)


@datasets.callback()
def _datasets() -> None:
    """Keep `inspect` a command of its own, although it is the only one."""


@datasets.command()
def inspect(
    path: Annotated[Path, typer.Argument(help="Folder, or file with several recordings.")],
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-o", metavar="KEY=VALUE", help="What dataset.yaml would say, e.g. 'frequency=50 Hz'."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Draw it into an HTML file.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what cannot be used, and exit with 0.")
    ] = False,
) -> None:
    """Summarise a data set, name all that is wrong with it, and propose windows.

    Exits with 2 if some of it cannot be used, unless --skip-bad is given.
    """
    from tuner.data import open_dataset  # noqa: PLC0415 - help must not wait for it
    from tuner.data.inspection import inspect as inspected  # noqa: PLC0415

    options = _options(option or [])
    with errors.status("looking for files") as status:
        dataset = open_dataset(path, skip_bad=True, progress=lambda n: status.update(f"{n} recordings read"), **options)
        status.update(f"looking at {len(dataset.recordings)} recordings")
        inspection = inspected(dataset)
    if html is not None:
        from tuner.data.page import page  # noqa: PLC0415 - plotly

        write_atomically(html, page(inspection))
    if json:
        print_json(inspection.to_json())
    else:
        _print(inspection)
        if html is not None:
            output.print(f"drawn in {escape(str(html))}", soft_wrap=True)
    if inspection.problems and not skip_bad:
        raise typer.Exit(2)


def _options(written: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in written:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--option {text}: expected KEY=VALUE", hint="e.g. --option 'frequency=50 Hz'")
        try:
            options[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"--option {text}: the value is not YAML: {error}") from error
    return options


def _print(inspection: Inspection) -> None:
    dataset = inspection.dataset
    count = len(dataset.recordings)
    output.print(f"[bold]{escape(dataset.name)}[/]  {dataset.task}, {count} recordings, read as {dataset.reader.name}")
    if dataset.is_images:
        height, width = dataset.image_size
        output.print(f"images of mostly {width} × {height} pixels, {len(dataset.axes)} channels")
    else:
        shortest, typical, longest = (format_milliseconds(1000 * seconds) for seconds in inspection.durations_s)
        rates = ", ".join(f"{rate:g} Hz" for rate, _ in inspection.rates_hz)
        output.print(
            f"{format_seconds(inspection.seconds)} at {rates}; recordings of {shortest} to {longest}, mostly {typical}"
        )
    output.print(f"[dim]fingerprint {dataset.fingerprint[:16]}[/]")
    if inspection.classes:
        output.print(_classes(inspection))
    output.print(_axes(inspection))
    for kind, candidates in (("events", inspection.windows.event), ("continuous data", inspection.windows.continuous)):
        if candidates:
            output.print(_windows(kind, candidates))
    for remark in inspection.remarks:
        output.print(f"[yellow]note:[/] {escape(remark)}", soft_wrap=True)
    if dataset.ignored:
        more = len(dataset.ignored) - 8
        shown = ", ".join(dataset.ignored[:8]) + (f" and {more} more files" if more > 0 else "")
        output.print(
            f"[dim]{len(dataset.ignored)} files are no data of this format: {escape(shown)}[/]", soft_wrap=True
        )
    for problem in inspection.problems:
        output.print(f"[bold red]problem:[/] {escape(str(problem))}", soft_wrap=True)
    for hint in dict.fromkeys(problem.hint for problem in inspection.problems if problem.hint):
        output.print(f"[bold]hint:[/] {escape(hint)}", soft_wrap=True)
    if inspection.problems:
        output.print("--skip-bad goes on without what cannot be used")


def _classes(inspection: Inspection) -> Table:
    table = _table("class", "recordings", "duration", "boxes", "groups", "given splits")
    is_detection, is_series = inspection.dataset.task == "detection", not inspection.dataset.is_images
    for summary in inspection.classes:
        table.add_row(
            escape(summary.label),
            str(summary.recordings),
            format_seconds(summary.seconds) if is_series else "–",
            str(summary.boxes) if is_detection else "–",
            str(summary.groups or "–"),
            ", ".join(f"{split} {count}" for split, count in summary.splits) or "–",
        )
    return table


def _axes(inspection: Inspection) -> Table:
    table = _table("axis", "minimum", "maximum", "mean", "deviation", "clipped")
    for axis in inspection.axes:
        figures = (f"{value:.4g}" for value in (axis.minimum, axis.maximum, axis.mean, axis.deviation))
        table.add_row(escape(axis.name), *figures, f"{100 * axis.clipped:.2g} %" if axis.clipped else "–")
    return table


def _windows(kind: str, candidates: tuple[WindowCandidate, ...]) -> Table:
    table = _table(f"windows for {kind}", "stride", "samples", "windows", "fewest", "balance", "padded", "left out")
    for candidate in candidates:
        fewest = min(count for _, count in candidate.per_class)
        table.add_row(
            format_milliseconds(candidate.window.size_ms),
            format_milliseconds(candidate.window.stride_ms),
            str(candidate.samples),
            str(candidate.count),
            f"{fewest}{'' if candidate.is_enough else ' [yellow]few[/]'}",
            f"{candidate.balance:.2f}",
            f"{candidate.padded:.0%}" if candidate.padded else "–",
            str(candidate.left_out or "–"),
        )
    return table


def _table(first: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column(first, overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table
