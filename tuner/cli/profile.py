"""`tuner profile` and `tuner check`: what a model needs on devices, and a gate on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.cli.console import output, print_json
from tuner.cli.remote import Server, connect, need_no
from tuner.devices.budget import Budget, default_budget
from tuner.devices.profile import Build, DeviceProfile, Kernels, load_profile, profile_names
from tuner.errors import InputError, ModelError, nearest
from tuner.files import write_atomically
from tuner.inspection.document import to_json
from tuner.inspection.inspect import UNIT_REFUSES, Inspection, inspect, with_runtime
from tuner.units import format_bytes, format_milliseconds, parse_bytes, parse_milliseconds

_KERNELS = ("cmsis-nn", "reference", "esp-nn")

if TYPE_CHECKING:
    from tuner.messages.profile import Profile

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="The model: a .tflite, Keras or ONNX file, or a SavedModel.")
]
Devices = Annotated[
    list[str] | None, typer.Option("--device", metavar="NAME", help="A device, or the path of a profile; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def profile(
    model: Model,
    device: Devices = None,
    server: Server = None,
    every: Annotated[bool, typer.Option("--all", help="All known devices (the default).")] = False,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures.")] = None,
    kernels: Annotated[str | None, typer.Option(help="Kernels to assume: cmsis-nn, reference or esp-nn.")] = None,
    build: Annotated[str | None, typer.Option(help="Build to assume: o3, os or tflm.")] = None,
) -> None:
    """Show what a model needs on devices: RAM, flash, latency and energy, and whether it fits."""
    if every and device:
        raise InputError("--all and --device are both given", hint="leave one of them out")
    if server is not None:
        need_no(server, {"--html": html, "--kernels": kernels, "--build": build})
        told = connect(server).profile(read_model(model), f"{model.stem}.tflite", device or ())
        _print_told(told, as_json=as_json)
        return
    chosen = [_with_runtime(load_profile(name), kernels, build) for name in device or profile_names()]
    inspections = inspect(read_model(model), chosen)
    if html is not None:
        from tuner.inspection.page import render  # noqa: PLC0415 - plotly takes a while to import

        _write(html, render(model.name, inspections))
    if as_json:
        print_json(to_json(inspections))
        return
    output.print(_devices_table(model, inspections))
    for inspection in inspections:
        if inspection.unit_refuses:
            output.print(f"[yellow]{inspection.profile.name}[/]: {UNIT_REFUSES}", soft_wrap=True)
    if len(inspections) == 1:
        output.print(_operators_table(inspections[0]))
    if html is not None:
        output.print(f"page: {escape(str(html))}", soft_wrap=True)


def _print_told(told: Profile, *, as_json: bool) -> None:
    """Print what a server says of a model."""
    if as_json:
        print_json([device.model_dump(mode="json") for device in told.devices])
        return
    title = f"{escape(told.model)}  {format_bytes(told.model_bytes)}, {told.operators} operators"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for name in ("device", "fits", "arena", "RAM", "flash", "latency", "why not"):
        table.add_column(name, justify="left" if name in {"device", "why not"} else "right", overflow="fold")
    for device in told.devices:
        table.add_row(
            device.device,
            "[green]yes[/]" if device.fits else "[red]no[/]",
            format_bytes(device.ram.arena_min_bytes),
            format_bytes(device.ram.total_bytes),
            format_bytes(device.flash.total_bytes),
            format_milliseconds(device.latency.ms),
            escape("; ".join(device.reasons)),
        )
    output.print(table)


def check(
    model: Model,
    device: Annotated[list[str], typer.Option("--device", metavar="NAME", help="A device; repeatable.")],
    max_latency: Annotated[str | None, typer.Option(metavar="TIME", help="Like '20ms'.")] = None,
    max_ram: Annotated[str | None, typer.Option(metavar="SIZE", help="Like '32KiB'; default: what is free.")] = None,
    max_flash: Annotated[str | None, typer.Option(metavar="SIZE", help="Like '128KiB'; default: what is free.")] = None,
    as_json: AsJson = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report.")] = None,
) -> None:
    """Exit with 1 if a model exceeds a limit on a device: a gate for continuous integration."""
    latency_ms = None if max_latency is None else parse_milliseconds(max_latency)
    ram = None if max_ram is None else parse_bytes(max_ram)
    flash = None if max_flash is None else parse_bytes(max_flash)

    def budget(profile: DeviceProfile) -> Budget:
        board = default_budget(profile)
        return Budget(
            board.ram_bytes if ram is None else ram, board.flash_bytes if flash is None else flash, latency_ms
        )

    inspections = inspect(read_model(model), [load_profile(name) for name in device], budget=budget)
    if junit is not None:
        from tuner.inspection.junit import report  # noqa: PLC0415 - needed here alone

        _write(junit, report(model.name, inspections))
    if as_json:
        print_json(to_json(inspections))
    else:
        _print_verdicts(inspections)
    if not all(inspection.fits for inspection in inspections):
        raise typer.Exit(1)


def read_model(path: Path) -> bytes:
    """Return a model as `.tflite` bytes; Keras and ONNX files and SavedModels are converted as they stand.

    Raises:
        ModelError: there is no such file, or it is of another kind.
        InputError: it is an ONNX model and the package that reads these is not installed.
    """
    if not path.exists():
        raise ModelError(f"{path}: no such file", hint="give a .tflite, Keras or ONNX file, or a SavedModel folder")
    if path.is_dir() or path.suffix in (".keras", ".h5", ".hdf5", ".onnx"):
        from tuner.training.foreign import convert_foreign  # noqa: PLC0415 - loads TensorFlow

        return convert_foreign(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", hint="check the file's permissions") from error


def _write(path: Path, content: str) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="choose another file or folder") from error


def _with_runtime(profile: DeviceProfile, kernels: str | None, build: str | None) -> DeviceProfile:
    for option, value, known in (("--kernels", kernels, _KERNELS), ("--build", build, get_args(Build))):
        if value is not None and value not in known:
            raise InputError(f"{option} is '{value}', expected {', '.join(known)}", hint=nearest(value, known))
    chosen: Kernels | None = next((known for known in get_args(Kernels) if known == kernels), None)
    return with_runtime(profile, chosen, next((known for known in get_args(Build) if known == build), None))


def _devices_table(model: Path, inspections: tuple[Inspection, ...]) -> Table:
    graph = inspections[0].graph
    title = f"{escape(model.name)}  {format_bytes(graph.model_bytes)}, {len(graph.operators)} operators"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("device", no_wrap=True)
    for name in ("fits", "arena", "RAM", "flash", "latency", "90 % within", "energy"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why not", overflow="fold")
    for inspection in inspections:
        cost = inspection.cost
        latency = cost.latency.total
        table.add_row(
            inspection.profile.name,
            "[green]yes[/]" if inspection.fits else "[red]no[/]",
            format_bytes(inspection.arena_bytes),
            format_bytes(cost.ram.total.value),
            format_bytes(cost.flash.total.value),
            format_milliseconds(latency.value),
            f"{format_milliseconds(latency.low)} – {format_milliseconds(latency.high)}",
            "–" if cost.energy is None else f"{cost.energy.value:.3g} mJ",
            "; ".join(str(shortfall) for shortfall in inspection.shortfalls),
        )
    return table


def _operators_table(inspection: Inspection) -> Table:
    peak = inspection.arena.peak
    caption = "" if peak is None else f"[dim]the arena is fullest at operator {peak.operator}, {peak.kind}[/]"
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for name in ("#", "operator", "output", "kernel", "MACs", "instructions", "latency", "weights", "arena in use"):
        left = name in ("operator", "output", "kernel")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for operator in inspection.operators:
        table.add_row(
            str(operator.index),
            operator.kind if operator.supported else f"[red]{escape(operator.kind)}[/]",
            "×".join(str(size) for size in operator.output_shape),
            operator.kernel,
            f"{operator.macs:,}",
            f"{operator.instructions:,.0f}",
            "–" if operator.milliseconds is None else format_milliseconds(operator.milliseconds),
            format_bytes(operator.weight_bytes),
            format_bytes(operator.live_bytes),
            style="bold" if peak is not None and operator.index == peak.operator else "",
        )
    return table


def _print_verdicts(inspections: tuple[Inspection, ...]) -> None:
    for inspection in inspections:
        name = escape(inspection.profile.name)
        if inspection.fits:
            output.print(f"[green]fits[/]  {name}")
        for shortfall in inspection.shortfalls:
            output.print(f"[red]over[/]  {name}: {escape(str(shortfall))}", soft_wrap=True)
