"""Device profiles: what a board has, every figure beside the source it came from.

A profile is a YAML file; the shipped ones lie in `device_profiles/`, a user's own anywhere. A number stands only in
an object that also has a `source`, so a figure without one cannot be written down.
"""

from __future__ import annotations

import difflib
import functools
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from tuner.config import read_mapping, validated
from tuner.devices.cores import ABILITIES, Core, Fpu, Vector
from tuner.devices.operators import RUNTIME_OPERATORS
from tuner.errors import ConfigError
from tuner.package_data import data_folder
from tuner.units import Bytes, Hertz, Milliwatts, format_bytes, write_bytes, write_hertz, write_milliwatts

Kernels = Literal["cmsis-nn", "reference", "esp-nn", "xnnpack", "vendor"]
Build = Literal["o3", "os", "tflm"]
Accelerator = Literal[
    "ethos-u55-32",
    "ethos-u55-64",
    "ethos-u55-128",
    "ethos-u55-256",
    "ethos-u65-256",
    "ethos-u65-512",
    "ethos-u85-128",
    "ethos-u85-256",
    "ethos-u85-512",
    "ethos-u85-1024",
    "ethos-u85-2048",
    "neural-art",
    "mvp",
]

Size = Annotated[Bytes, Field(gt=0), PlainSerializer(write_bytes, when_used="json")]
Frequency = Annotated[Hertz, Field(gt=0), PlainSerializer(write_hertz, when_used="json")]
Power = Annotated[Milliwatts, Field(gt=0), PlainSerializer(write_milliwatts, when_used="json")]
Source = Annotated[
    str, Field(min_length=8, description="Where the figures of this object stand: datasheet by title, or measurement.")
]


class _Facts(BaseModel):
    """Facts about a device: frozen, nothing beside the stated keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Processor(_Facts):
    """The core that runs the network."""

    core: Core = Field(description="Core, by its maker's name.")
    clock: Frequency = Field(description="Clock of the core in normal use, like '80 MHz'.")
    fpu: Fpu = Field(description="Widest floating-point format in hardware.")
    dsp: bool = Field(description="Packed 16-bit multiply-accumulate (the Arm DSP extension and its like).")
    vector: Vector = Field(description="Vector instructions.")
    source: Source

    @model_validator(mode="after")
    def _abilities_are_those_of_the_core(self) -> Self:
        abilities = ABILITIES[self.core]
        for name, possible in (("fpu", abilities.fpu), ("dsp", abilities.dsp), ("vector", abilities.vector)):
            found = getattr(self, name)
            if found not in possible:
                expected = " or ".join(str(value).lower() for value in possible)
                raise ValueError(f"a {self.core} has {name}: {expected}, found {str(found).lower()}")
        return self


class Reservation(_Facts):
    """A part of a memory that the model cannot have."""

    size: Size = Field(description="How much, like '16 KiB'.")
    purpose: str = Field(min_length=3, description="What it is kept for: radio stack, bootloader, the application.")
    source: Source


class _Memory(_Facts):
    name: str = Field(min_length=1, description="Name of the region, as the datasheet has it.")
    size: Size = Field(description="Contiguous bytes, like '264 KiB'.")
    reserved: tuple[Reservation, ...] = Field(description="What the model cannot have of it; [] for nothing.")
    source: Source

    @property
    def free(self) -> int:
        """Bytes that are not reserved."""
        return self.size - sum(reservation.size for reservation in self.reserved)

    @model_validator(mode="after")
    def _reservations_fit(self) -> Self:
        if self.free < 0:
            reserved = format_bytes(self.size - self.free)
            raise ValueError(f"{self.name}: {reserved} are reserved of {format_bytes(self.size)}")
        return self


class Ram(_Memory):
    """One contiguous region of RAM."""

    speed: Literal["fast", "slow", "external"] = Field(
        description="fast: as fast as the core; slow: behind a bus with wait states; external: another chip."
    )
    arena: bool = Field(description="Whether the tensor arena may lie here.")


class Flash(_Memory):
    """One contiguous region of non-volatile memory."""

    kind: Literal["internal", "xip", "external"] = Field(
        description="internal: on the chip; xip: another chip, executed in place; external: must be copied to RAM."
    )
    image: bool = Field(description="Whether the program and the model may lie here.")


class Runtime(_Facts):
    """The software that runs the network."""

    name: Literal["tflm", "tflite"] = Field(description="tflm: TensorFlow Lite Micro; tflite: TensorFlow Lite.")
    kernels: Kernels = Field(description="Library that the operators' kernels come from.")
    build: Build = Field(
        description="Compiler options of runtime and kernels: o3 (all -O3), os (all -Os) "
        "or tflm (TensorFlow Lite Micro's default: core -Os, kernels -O2)."
    )
    operators: tuple[str, ...] | None = Field(
        None, description="All operators that the firmware has, by the schema's names; left out: all of the runtime."
    )
    source: Source

    @model_validator(mode="after")
    def _operators_are_known(self) -> Self:
        known = RUNTIME_OPERATORS[self.name]
        for operator in self.operators or ():
            if known is not None and operator not in known:
                similar = difflib.get_close_matches(operator, known, n=1)
                meant = f", did you mean '{similar[0]}'?" if similar else ""
                raise ValueError(f"{self.name} has no operator '{operator}'{meant}")
        return self


class Calibration(_Facts):
    """How fast the board executes the runtime's kernels, fitted on measurements."""

    cycles_per_instruction: float = Field(gt=0, description="Cycles per executed instruction of the runtime's kernels.")
    spread: float = Field(gt=0, lt=10, description="Relative half-width of the interval that holds 90 % of models.")
    cycles_per_weight_byte: float = Field(
        ge=0, description="Cycles that each byte of weights adds: flash wait states and cache misses."
    )
    source: Source


class ActivePower(_Facts):
    """Power of the board's chip while it computes."""

    active: Power = Field(description="Power while the core computes, like '25 mW'.")
    clock: Frequency = Field(description="Clock at which that was measured.")
    source: Source


class Npu(_Facts):
    """A neural processing unit beside the core."""

    accelerator: Accelerator = Field(description="Kind and, for Ethos-U, multiply-accumulates per cycle.")
    clock: Frequency = Field(description="Clock of the unit.")
    system_config: str | None = Field(None, description="Vela's description of the memories around an Ethos-U.")
    memory_mode: str | None = Field(None, description="Vela's rule for what lies in which memory of an Ethos-U.")
    source: Source

    @model_validator(mode="after")
    def _vela_is_told_the_memories(self) -> Self:
        for name in ("system_config", "memory_mode"):
            if self.is_ethos_u != (getattr(self, name) is not None):
                raise ValueError(f"{name} is {'needed for an Ethos-U' if self.is_ethos_u else 'for Ethos-U alone'}")
        return self

    @property
    def is_ethos_u(self) -> bool:
        """Whether Vela compiles for it."""
        return self.accelerator.startswith("ethos-u")


class DeviceProfile(_Facts):
    """One board, or a generic core."""

    schema_version: Literal[1] = Field(description="Version of this schema.")
    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Name that studies use; also the file's name.")
    title: str = Field(min_length=3, description="Name as people write it.")
    vendor: str = Field(min_length=2, description="Maker of the board.")
    mcu: str = Field(min_length=2, description="Chip, as its datasheet names it.")
    processor: Processor = Field(description="The core that runs the network.")
    ram: tuple[Ram, ...] = Field(description="Regions of RAM.")
    flash: tuple[Flash, ...] = Field(description="Regions of flash.")
    runtime: Runtime = Field(description="The software that runs the network.")
    latency: Calibration | None = Field(None, description="Fitted speed; left out: the core's generic one, less sure.")
    power: ActivePower | None = Field(None, description="Active power; left out where none is published.")
    npu: Npu | None = Field(None, description="Neural processing unit; left out where there is none.")

    @model_validator(mode="after")
    def _model_has_a_place(self) -> Self:
        if not any(region.arena for region in self.ram):
            raise ValueError("ram: no region has 'arena: true', so the tensor arena has no place")
        if not any(region.image for region in self.flash):
            raise ValueError("flash: no region has 'image: true', so the model has no place")
        return self

    @property
    def arena_region(self) -> Ram:
        """The region with the most free bytes among those where the arena may lie."""
        return max((region for region in self.ram if region.arena), key=lambda region: region.free)

    @property
    def image_region(self) -> Flash:
        """The region with the most free bytes among those where program and model may lie."""
        return max((region for region in self.flash if region.image), key=lambda region: region.free)

    @property
    def ram_for_model(self) -> int:
        """Bytes free for arena, buffers and runtime: those of one region, for the arena must be contiguous."""
        return self.arena_region.free

    @property
    def flash_for_model(self) -> int:
        """Bytes free for the model and the code that runs it."""
        return self.image_region.free

    @property
    def core(self) -> Core:
        """Processor core."""
        return self.processor.core

    @property
    def clock_hz(self) -> float:
        """Clock of the core."""
        return self.processor.clock

    @property
    def has_fpu(self) -> bool:
        """Whether float32 is computed in hardware."""
        return self.processor.fpu != "none"

    @property
    def has_dsp(self) -> bool:
        """Whether CMSIS-NN's DSP kernels run."""
        return self.processor.dsp

    @property
    def has_mve(self) -> bool:
        """Whether CMSIS-NN's MVE (Helium) kernels run."""
        return self.processor.vector == "mve"

    @property
    def kernels(self) -> Kernels:
        """Library that the operators' kernels come from."""
        return self.runtime.kernels

    @property
    def build(self) -> Build:
        """Compiler options of runtime and kernels."""
        return self.runtime.build

    def supports(self, operator: str) -> bool:
        """Whether the runtime has the operator, given by `tuner.graph.Operator.kind`."""
        known = self.runtime.operators if self.runtime.operators is not None else RUNTIME_OPERATORS[self.runtime.name]
        return known is None or operator in known


def profile_names() -> tuple[str, ...]:
    """Return the names of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in data_folder("device_profiles").glob("*.yaml")))


def load_profile(name_or_path: str | Path) -> DeviceProfile:
    """Return a shipped profile by name, or a user's own by the path of its YAML file.

    Raises:
        ConfigError: there is no such profile, or its file is wrong.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, str) and not text.endswith((".yaml", ".yml", ".json")) and "/" not in text:
        path = data_folder("device_profiles") / f"{text}.yaml"
        if not path.is_file():
            raise ConfigError(f"unknown device '{text}'", hint=_similar_devices(text))
    else:
        path = Path(name_or_path)
    modified = path.stat().st_mtime_ns if path.is_file() else 0
    return _read(path, modified)


def _similar_devices(name: str) -> str:
    names = profile_names()
    similar = difflib.get_close_matches(name, names, n=3) or [known for known in names if name.lower() in known]
    meant = f"did you mean {' or '.join(repr(known) for known in similar[:3])}? " if similar else ""
    return f"{meant}'tuner devices' lists all; a board of your own is given by the path of its YAML file"


@functools.lru_cache(maxsize=256)
def _read(path: Path, _modified: int) -> DeviceProfile:
    """Read a profile once for each change of its file."""
    return validated(DeviceProfile, read_mapping(path), source=path.name)


def new_profile(name: str, base: DeviceProfile) -> DeviceProfile:
    """Return a profile like `base` under another name, for its owner to change.

    Raises:
        ConfigError: the name is none that a profile can have.
    """
    facts = base.model_dump(mode="json", exclude_none=True) | {"name": name, "title": f"{name}, after {base.title}"}
    return validated(DeviceProfile, facts, source="a new profile")


def profile_yaml(profile: DeviceProfile) -> str:
    """Return the canonical text of a profile, which `load_profile` reads back to an equal one."""
    data = _source_last(profile.model_dump(mode="json", exclude_none=True))
    return yaml.dump(data, Dumper=_IndentedLists, sort_keys=False, allow_unicode=True, width=110)


def _source_last(data: Any) -> Any:
    """Order the keys as people read them: figures, what is taken from them, where they stand."""
    if isinstance(data, list):
        return [_source_last(item) for item in data]
    if isinstance(data, dict):
        last = [key for key in ("reserved", "source") if key in data]
        return {key: _source_last(data[key]) for key in [*(key for key in data if key not in last), *last]}
    return data


class _IndentedLists(yaml.SafeDumper):
    """Indents the items of a list below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)
