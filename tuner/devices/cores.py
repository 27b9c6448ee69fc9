"""Processor cores and the instruction sets they can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Core = Literal[
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m3",
    "cortex-m4",
    "cortex-m4f",
    "cortex-m7",
    "cortex-m23",
    "cortex-m33",
    "cortex-m52",
    "cortex-m55",
    "cortex-m85",
    "cortex-a53",
    "cortex-a72",
    "cortex-a76",
    "riscv32-imc",
    "riscv32-imac",
    "riscv32-imafc",
    "xtensa-lx6",
    "xtensa-lx7",
    "rxv2",
]
"""A processor core, by its maker's name."""

Fpu = Literal["none", "single", "double"]
"""The widest floating-point format that the core computes in hardware."""

Vector = Literal["none", "mve", "neon", "pie"]
"""Vector instructions: Arm MVE (Helium) or Neon, Espressif PIE."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a core may have; where a tuple holds several, the maker of the chip chose."""

    fpu: tuple[Fpu, ...]
    dsp: tuple[bool, ...]
    """Packed 16-bit multiply-accumulate in ordinary registers (the Arm DSP extension and its like)."""
    vector: tuple[Vector, ...] = ("none",)


ABILITIES: Mapping[Core, Abilities] = MappingProxyType(
    {
        "cortex-m0": Abilities(("none",), (False,)),
        "cortex-m0plus": Abilities(("none",), (False,)),
        "cortex-m3": Abilities(("none",), (False,)),
        "cortex-m4": Abilities(("none",), (True,)),
        "cortex-m4f": Abilities(("single",), (True,)),
        "cortex-m7": Abilities(("none", "single", "double"), (True,)),
        "cortex-m23": Abilities(("none",), (False,)),
        "cortex-m33": Abilities(("none", "single"), (False, True)),
        "cortex-m52": Abilities(("none", "single", "double"), (True,), ("none", "mve")),
        "cortex-m55": Abilities(("none", "single", "double"), (True,), ("none", "mve")),
        "cortex-m85": Abilities(("none", "single", "double"), (True,), ("none", "mve")),
        "cortex-a53": Abilities(("double",), (True,), ("neon",)),
        "cortex-a72": Abilities(("double",), (True,), ("neon",)),
        "cortex-a76": Abilities(("double",), (True,), ("neon",)),
        "riscv32-imc": Abilities(("none",), (False,)),
        "riscv32-imac": Abilities(("none",), (False,)),
        "riscv32-imafc": Abilities(("single",), (False,), ("none", "pie")),
        "xtensa-lx6": Abilities(("single",), (False,)),
        "xtensa-lx7": Abilities(("none", "single"), (False,), ("none", "pie")),
        "rxv2": Abilities(("single",), (True,)),
    }
)

CORES: tuple[Core, ...] = get_args(Core)
