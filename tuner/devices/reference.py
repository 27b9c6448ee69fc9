"""The reference of device profiles, written from their schema: `python -m tuner.devices.reference`."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from tuner.devices.cores import ABILITIES
from tuner.devices.profile import DeviceProfile, load_profile, profile_names, profile_yaml
from tuner.files import write_atomically
from tuner.package_data import data_folder
from tuner.units import write_bytes, write_hertz, write_milliwatts

_INTRODUCTION = """\
<!-- Written by `python -m tuner.devices.reference` from the schema in tuner/devices/profile.py. -->

# Device profiles

One YAML file a board. A profile says what a board has, what of it a model can have, and what software runs the
model; the estimators of RAM, flash, latency and energy know nothing else of the board. Every number stands in an
object with a `source`: a datasheet by its title, a measurement, or the plain word that it is an allowance or an
assumption. A file with an unknown or a missing key is refused, with the nearest valid key.

`tuner devices` lists what is here: {boards} boards and {cores} generic cores. `tuner devices NAME` shows one.

## A board of your own

    tuner devices new my-board --from cortex-m4f-80mhz --output my-board.yaml

writes a file to change. Name it by its path wherever a device is named, in a study file or on the command line.
What is left out of the optional keys is not guessed: without `latency` the speed of the core's other boards is
taken, with a wider interval; without `power` there is no energy figure.

## What a model can have

- RAM: the region with the most free bytes among those with `arena: true`, less what is `reserved` in it. Regions are
  not added up, for the tensor arena must be contiguous; banks that lie one behind the other are one region. External
  RAM has `arena: false` in the shipped profiles: set it to true in a copy to put the arena there.
- Flash: likewise the region with the most free bytes among those with `image: true`.
- `reserved` is what the model cannot have: bootloader, radio stack, operating system, data and code of the
  application. Interpreter, kernels and stack of the runtime are not in it; they are part of the estimates.

## Keys
"""

_EXAMPLE = "xiao-nrf52840-sense"

_WRITTEN = {
    write_bytes: "size, like `128 KiB`",
    write_hertz: "frequency, like `80 MHz`",
    write_milliwatts: "power, like `25 mW`",
}


def profile_reference() -> str:
    """Return the reference as Markdown."""
    profiles = [load_profile(name) for name in profile_names()]
    cores = sum(profile.vendor == "generic" for profile in profiles)
    parts = [_INTRODUCTION.format(boards=len(profiles) - cores, cores=cores)]
    for path, model in _sections(DeviceProfile, ""):
        parts.append(_section(path, model))
    parts.append(_cores())
    parts.append(f"## Example\n\n```yaml\n{profile_yaml(load_profile(_EXAMPLE))}```\n")
    return "\n".join(parts)


def _section(path: str, model: type[BaseModel]) -> str:
    heading = f"### `{path}`" if path else "### The file"
    lines = [
        heading,
        "",
        (model.__doc__ or "").strip(),
        "",
        "| key | written as | needed | meaning |",
        "|---|---|---|---|",
    ]
    # As in the files: what is taken from a memory, and where the figures stand, come last.
    last = ("reserved", "source")
    for name, field in sorted(model.model_fields.items(), key=lambda item: (item[0] in last, item[0] == "source")):
        needed = "yes" if field.is_required() else "no"
        lines.append(f"| `{name}` | {_written(field)} | {needed} | {field.description} |")
    return "\n".join([*lines, ""])


def _sections(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, model
    for name, field in model.model_fields.items():
        for inner in _inner(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                many = typing.get_origin(field.annotation) is tuple
                yield from _sections(inner, f"{path}.{name}".lstrip(".") + ("[]" if many else ""))


def _written(field: FieldInfo) -> str:
    for mark in field.metadata:
        if isinstance(mark, PlainSerializer) and mark.func in _WRITTEN:
            return _WRITTEN[mark.func]
    return _kind(field.annotation)


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments) if len(arguments) < 14 else "a core, see below"
    if origin is types.UnionType:
        return next(_kind(argument) for argument in arguments if argument is not type(None))
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys below"
    return {bool: "`true`, `false`", str: "text", float: "number"}[annotation]


def _inner(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in typing.get_args(annotation):
        yield from _inner(argument)


def _cores() -> str:
    lines = ["### Cores", "", "| core | `fpu` | `dsp` | `vector` |", "|---|---|---|---|"]
    for core, abilities in ABILITIES.items():
        columns = (abilities.fpu, (str(value).lower() for value in abilities.dsp), abilities.vector)
        lines.append(f"| `{core}` | {' | '.join(' or '.join(values) for values in columns)} |")
    return "\n".join([*lines, ""])


def reference_file() -> Path:
    """Return where the reference lies."""
    return data_folder("device_profiles") / "README.md"


if __name__ == "__main__":
    write_atomically(reference_file(), profile_reference())
