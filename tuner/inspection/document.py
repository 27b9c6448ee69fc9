"""The JSON that `tuner profile` prints: an interface, with its schema in `docs/schemas/profile.schema.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, TypeAdapter

from tuner.devices.profile import Ram
from tuner.inspection.inspect import Inspection, OperatorCost


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegionDocument(_Object):
    """One region of the device's RAM."""

    name: str = Field(description="As the datasheet has it.")
    speed: str = Field(description="fast, slow or external.")
    size_bytes: NonNegativeInt
    reserved_bytes: NonNegativeInt = Field(description="What the model cannot have of it.")
    model_bytes: NonNegativeInt = Field(
        description="What the model takes in it. Arena, buffers and stack lie together, in the region with most room."
    )


class RamDocument(_Object):
    """RAM in bytes; the arena's figures are exact for TensorFlow Lite Micro on Arm Cortex-M."""

    arena_used_bytes: NonNegativeInt = Field(description="What the runtime reports as used: head and tail.")
    arena_min_bytes: NonNegativeInt = Field(description="The smallest arena that works; can exceed what is used.")
    arena_head_bytes: NonNegativeInt = Field(description="Activations and scratch buffers, as planned.")
    arena_tail_bytes: NonNegativeInt = Field(description="What lasts: objects of the runtime, data of kernels.")
    total_bytes: NonNegativeInt = Field(description="Smallest arena, interpreter and stack.")
    regions: tuple[RegionDocument, ...] = Field(description="Where that lies.")


class FlashDocument(_Object):
    """Flash in bytes."""

    model_bytes: NonNegativeInt = Field(description="Size of the model file.")
    code_bytes: NonNegativeInt = Field(description="Runtime and the kernels of the file's operators.")
    total_bytes: NonNegativeInt


class LatencyDocument(_Object):
    """Time of one inference."""

    ms: NonNegativeFloat
    low_ms: NonNegativeFloat = Field(description="Lower end of the interval that holds nine of ten.")
    high_ms: NonNegativeFloat = Field(description="Upper end of that interval.")
    instructions: NonNegativeInt = Field(description="Executed instructions, on the core.")


class OperatorDocument(_Object):
    """One operator, in the order of execution."""

    index: NonNegativeInt
    kind: str = Field(description="Name in the TensorFlow Lite schema.")
    kernel: str = Field(description="The loops that run it, or the neural processing unit.")
    output_shape: tuple[NonNegativeInt, ...]
    macs: NonNegativeInt
    instructions: NonNegativeInt
    ms: NonNegativeFloat | None = Field(description="null where a neural processing unit runs it.")
    weight_bytes: NonNegativeInt = Field(description="Constants that it reads from the model.")
    live_bytes: NonNegativeInt = Field(description="Bytes of the arena's head in use while it runs.")
    supported: bool


class DeviceDocument(_Object):
    """The model on one device."""

    device: str
    fits: bool
    reasons: tuple[str, ...] = Field(description="Why it does not fit; empty if it does.")
    ram: RamDocument
    flash: FlashDocument
    latency: LatencyDocument
    energy_mj: NonNegativeFloat | None = Field(description="Per inference; null where no power is published.")
    operators: tuple[OperatorDocument, ...]


_DOCUMENT = TypeAdapter(Annotated[tuple[DeviceDocument, ...], Field(title="tuner profile --json")])


def to_json(inspections: Sequence[Inspection]) -> list[dict[str, Any]]:
    """Return one object per device."""
    return [document.model_dump(mode="json") for document in documents(inspections)]


def documents(inspections: Sequence[Inspection]) -> tuple[DeviceDocument, ...]:
    """Return one document per device."""
    return tuple(_device(inspection) for inspection in inspections)


def json_schema() -> dict[str, Any]:
    """Return the schema of what `to_json` gives."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "profile.schema.json",
        **_DOCUMENT.json_schema(mode="serialization"),
    }


def _device(inspection: Inspection) -> DeviceDocument:
    cost = inspection.cost
    latency = cost.latency.total
    return DeviceDocument(
        device=inspection.profile.name,
        fits=inspection.fits,
        reasons=tuple(str(shortfall) for shortfall in inspection.shortfalls),
        ram=_ram(inspection),
        flash=FlashDocument(
            model_bytes=inspection.graph.model_bytes,
            code_bytes=round(inspection.code_bytes),
            total_bytes=round(cost.flash.total.value),
        ),
        latency=LatencyDocument(
            ms=latency.value, low_ms=latency.low, high_ms=latency.high, instructions=round(inspection.instructions)
        ),
        energy_mj=None if cost.energy is None else cost.energy.value,
        operators=tuple(_operator(operator) for operator in inspection.operators),
    )


def _ram(inspection: Inspection) -> RamDocument:
    arena, needed = inspection.arena, inspection.arena_bytes
    # A neural processing unit's compiler plans the head by itself: it is what remains beside what lasts.
    head = max(needed - arena.tail, 0) if inspection.accelerated else arena.head
    return RamDocument(
        arena_used_bytes=needed if inspection.accelerated else arena.used,
        arena_min_bytes=needed,
        arena_head_bytes=head,
        arena_tail_bytes=needed - head if inspection.accelerated else arena.tail,
        total_bytes=round(inspection.cost.ram.total.value),
        regions=tuple(_region(region, inspection) for region in inspection.profile.ram),
    )


def _region(region: Ram, inspection: Inspection) -> RegionDocument:
    is_home = region == inspection.profile.arena_region
    return RegionDocument(
        name=region.name,
        speed=region.speed,
        size_bytes=region.size,
        reserved_bytes=region.size - region.free,
        model_bytes=round(inspection.cost.ram.total.value) if is_home else 0,
    )


def _operator(operator: OperatorCost) -> OperatorDocument:
    return OperatorDocument(
        index=operator.index,
        kind=operator.kind,
        kernel=operator.kernel,
        output_shape=operator.output_shape,
        macs=operator.macs,
        instructions=round(operator.instructions),
        ms=operator.milliseconds,
        weight_bytes=operator.weight_bytes,
        live_bytes=operator.live_bytes,
        supported=operator.supported,
    )
