"""`tuner spaces`: which search spaces are shipped, what one holds, and how much of it fits a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from tuner.cli.console import output, print_json
from tuner.devices.profile import load_profile
from tuner.errors import InputError
from tuner.estimate import DeviceCost
from tuner.report.words import detail
from tuner.units import format_bytes, format_milliseconds

if TYPE_CHECKING:
    from tuner.search_space import PythonSpace, SearchSpace
    from tuner.search_space.schema import DataSpec
    from tuner.search_space.survey import Survey
    from tuner.search_space.values import Options, Range

DEVICES = ("raspberry-pi-pico", "arduino-nano-33-ble-sense", "stm32f746g-discovery")
"""Shown unless others are asked for: a core without FPU, one with, and a fast one."""


def spaces(
    name: Annotated[str | None, typer.Argument(help="Space, or path of a file; left out: list all.")] = None,
    device: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Device to cost candidates on; may be given several times.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Candidates to draw.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the search spaces, or show what one holds and how much of it fits devices, without training."""
    from tuner.search_space import (  # noqa: PLC0415 - spaces know the blocks, which load SciPy
        load_space,
        open_space,
        space_names,
    )

    if name is None:
        listed = [load_space(known) for known in space_names()]
        if as_json:
            print_json([_summary(space) for space in listed])
        else:
            _print_list(listed)
        return
    space = open_space(name)
    found = _survey(space, device or DEVICES, samples, seed)
    if as_json:
        print_json(_summary(space) | _survey_json(found) | {"space": space.to_json()})
    else:
        _print_space(space, found)


def _survey(space: SearchSpace | PythonSpace, devices: Sequence[str], samples: int, seed: int) -> Survey:
    import numpy as np  # noqa: PLC0415

    from tuner.search.suggest import RandomSuggest  # noqa: PLC0415
    from tuner.search_space.survey import survey  # noqa: PLC0415

    profiles = [load_profile(known) for known in devices]
    return survey(space, RandomSuggest(np.random.default_rng(seed)), _data(space), profiles, count=samples)


def _data(space: SearchSpace | PythonSpace) -> DataSpec:
    if space.data is None:
        raise InputError(
            f"{space.name}: what candidates need depends on the data, and the space has no key 'data'",
            hint="add e.g. 'data: {axes: 3, frequency_hz: 50, classes: 5}'",
        )
    return space.data


def _summary(space: SearchSpace | PythonSpace) -> dict[str, Any]:
    return {
        "name": space.name,
        "title": space.title,
        "size": space.size(),
        "parameters": {name: value.to_json() for name, value in space.parameters().items()},
    }


def _survey_json(found: Survey) -> dict[str, Any]:
    example = found.example
    return {
        "drawn": found.drawn,
        "built": found.built,
        "broken": dict(found.broken),
        "feasible": {device: count / found.drawn for device, count in found.fitting.items()},
        "example": None
        if example is None
        else {
            "candidate": example.candidate.to_json(),
            "costs": [
                {
                    "device": cost.device,
                    "ram_bytes": cost.ram.total.value,
                    "flash_bytes": cost.flash.total.value,
                    "latency_ms": cost.latency.total.value,
                }
                for cost in example.costs
            ],
        },
    }


def _print_list(listed: list[SearchSpace]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("for")
    table.add_column("parameters", justify="right")
    table.add_column("candidates", justify="right", no_wrap=True)
    for space in listed:
        table.add_row(space.name, escape(space.title), str(len(space.parameters())), _size(space))
    output.print(table)
    output.print("[dim]`tuner spaces NAME` shows what one holds and how much of it fits a device.[/]")


def _print_space(space: SearchSpace | PythonSpace, found: Survey) -> None:
    output.print(f"[bold]{space.name}[/]  {escape(space.title)}")
    output.print(f"{_size(space)} candidates, {len(space.parameters())} parameters")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("parameter", no_wrap=True)
    table.add_column("may be")
    for name, value in space.parameters().items():
        table.add_row(escape(name), escape(_domain(value)))
    output.print(table)
    if found.example is not None:
        output.print(f"[bold]one of them[/]  {escape(detail(found.example.candidate))}")
        output.print(_costs(found.example.costs, found))
        output.print(f"[dim]feasible: the share of {found.drawn} random candidates that fits the whole board[/]")
    for reason, count in sorted(found.broken.items(), key=lambda item: -item[1]):
        output.print(f"[dim]{count} of {found.drawn} cannot be built: {escape(reason)}[/]")


def _costs(costs: tuple[DeviceCost, ...], found: Survey) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("device", no_wrap=True)
    for column in ("RAM", "flash", "latency", "feasible"):
        table.add_column(column, justify="right", no_wrap=True)
    for cost in costs:
        table.add_row(
            cost.device,
            format_bytes(cost.ram.total.value),
            format_bytes(cost.flash.total.value),
            format_milliseconds(cost.latency.total.value),
            f"{found.fitting[cost.device] / found.drawn:.0%}",
        )
    return table


def _size(space: SearchSpace | PythonSpace) -> str:
    size = space.size()
    if size is None:
        return "endless"
    return f"{size:,}".replace(",", " ") if size < 10**7 else f"{size:.1e}"


def _domain(value: Options | Range) -> str:
    from tuner.search_space.values import Options  # noqa: PLC0415

    if isinstance(value, Options):
        return ", ".join(str(option).lower() if isinstance(option, bool) else str(option) for option in value.values)
    step = f" by {value.step:g}" if value.step is not None else ""
    return f"{value.low:g} … {value.high:g}{step}{', logarithmic' if value.log else ''}"
