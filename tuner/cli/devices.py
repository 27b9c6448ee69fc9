"""`tuner devices`: which boards are known, what is known of one, and a file for a board of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from tuner.cli.console import output, print_json
from tuner.devices.profile import (
    ActivePower,
    DeviceProfile,
    Flash,
    Npu,
    Ram,
    load_profile,
    new_profile,
    profile_names,
    profile_yaml,
)
from tuner.errors import InputError
from tuner.files import write_atomically
from tuner.units import format_bytes, write_bytes, write_hertz, write_milliwatts

_NEW_FILE = """\
# A board of your own: change what differs and say of every figure where it stands.
# Use it by its path, in a study file or on the command line; `tuner devices PATH` checks it.
"""


class _ShowByDefault(TyperGroup):
    """`tuner devices`, `tuner devices NAME` and `tuner devices new NAME` side by side."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asked = args and args[0] in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if asked else ["show", *args])


devices = typer.Typer(cls=_ShowByDefault, help="List boards, show one, or write a profile of your own.")


@devices.command()
def show(
    name: Annotated[str | None, typer.Argument(help="Device, or path of a profile; left out: list all.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the known devices, or show what is known of one and where every figure stands."""
    if name is None:
        profiles = [load_profile(known) for known in profile_names()]
        if json:
            print_json([_summary(profile) for profile in profiles])
        else:
            _print_list(profiles)
        return
    profile = load_profile(name)
    if json:
        print_json({**_summary(profile), "profile": profile.model_dump(mode="json", exclude_none=True)})
    else:
        _print_profile(profile)


@devices.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new device, like 'my-board'.")],
    base: Annotated[str, typer.Option("--from", help="Device to start from, like 'cortex-m4f-80mhz'.")],
    file: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
) -> None:
    """Write a profile of your own, to be changed in an editor."""
    profile = new_profile(name, load_profile(base))
    if file.exists():
        raise InputError(f"{file} exists already", hint="choose another --output; nothing was written")
    if not file.parent.is_dir():
        raise InputError(f"{file}: the folder {file.parent} does not exist", hint="create it first")
    write_atomically(file, _NEW_FILE + profile_yaml(profile))
    output.print(f"wrote {escape(str(file))}, a copy of {profile_title(load_profile(base))} to change", soft_wrap=True)


def profile_title(profile: DeviceProfile) -> str:
    """Return "STM32F746G Discovery (stm32f746g-discovery)"."""
    return f"{escape(profile.title)} [dim]({profile.name})[/]"


def _summary(profile: DeviceProfile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "title": profile.title,
        "vendor": profile.vendor,
        "mcu": profile.mcu,
        "core": profile.core,
        "clock_hz": profile.clock_hz,
        "ram_for_model_bytes": profile.ram_for_model,
        "flash_for_model_bytes": profile.flash_for_model,
        "runtime": profile.runtime.name,
        "kernels": profile.kernels,
        "build": profile.build,
        "npu": None if profile.npu is None else profile.npu.accelerator,
        "active_power_mw": None if profile.power is None else profile.power.active,
    }


def _print_list(profiles: list[DeviceProfile]) -> None:
    generic = [profile for profile in profiles if profile.vendor == "generic"]
    boards = [profile for profile in profiles if profile.vendor != "generic"]
    output.print(_table(f"{len(boards)} boards", boards))
    output.print(_table(f"{len(generic)} generic cores, to start from", generic))
    output.print("[dim]RAM and flash: what is free for a model. `tuner devices NAME` shows more, with sources.[/]")


def _table(title: str, profiles: list[DeviceProfile]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("name", "core", "clock", "RAM", "flash", "NPU"):
        table.add_column(column, justify="right" if column in {"clock", "RAM", "flash"} else "left", no_wrap=True)
    for profile in profiles:
        table.add_row(
            profile.name,
            profile.core,
            write_hertz(profile.clock_hz),
            format_bytes(profile.ram_for_model),
            format_bytes(profile.flash_for_model),
            "" if profile.npu is None else profile.npu.accelerator,
        )
    return table


def _print_profile(profile: DeviceProfile) -> None:
    table = Table(title=profile_title(profile), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", style="bold", no_wrap=True)
    table.add_column("what", ratio=2)
    table.add_column("source", style="dim", ratio=3)
    processor, runtime = profile.processor, profile.runtime
    table.add_row("made by", f"{escape(profile.vendor)}, {escape(profile.mcu)}", "")
    abilities = [f"FPU {processor.fpu}" if profile.has_fpu else "no FPU", "DSP" if processor.dsp else "no DSP"]
    abilities += [processor.vector.upper()] if processor.vector != "none" else []
    clock = write_hertz(processor.clock)
    table.add_row("core", f"{processor.core} at {clock}, {', '.join(abilities)}", escape(processor.source))
    for region in profile.ram:
        _add_region(table, "RAM", region, f"{region.speed}{'' if region.arena else ', no arena'}")
    for store in profile.flash:
        _add_region(table, "flash", store, f"{store.kind}{'' if store.image else ', no program'}")
    table.add_row("runtime", f"{runtime.name}, {runtime.kernels}, built {runtime.build}", escape(runtime.source))
    if profile.latency is not None:
        speed = f"{profile.latency.cycles_per_instruction:.3g} cycles per instruction ± {profile.latency.spread:.0%}"
        table.add_row("latency", speed, escape(profile.latency.source))
    _add_options(table, profile.power, profile.npu)
    output.print(table)
    free = f"RAM {format_bytes(profile.ram_for_model)}, flash {format_bytes(profile.flash_for_model)}"
    output.print(f"free for a model: [bold]{free}[/]")


def _add_region(table: Table, kind: str, region: Ram | Flash, note: str) -> None:
    table.add_row(kind, f"{escape(region.name)}: {write_bytes(region.size)}, {note}", escape(region.source))
    for kept in region.reserved:
        table.add_row("", f"– {write_bytes(kept.size)} {escape(kept.purpose)}", escape(kept.source))


def _add_options(table: Table, power: ActivePower | None, npu: Npu | None) -> None:
    if power is not None:
        text = f"{write_milliwatts(power.active)} active at {write_hertz(power.clock)}"
        table.add_row("power", text, escape(power.source))
    if npu is not None:
        memory = f", {npu.system_config}, {npu.memory_mode}" if npu.is_ethos_u else ""
        table.add_row("NPU", f"{npu.accelerator} at {write_hertz(npu.clock)}{memory}", escape(npu.source))
