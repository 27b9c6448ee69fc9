"""Flash that the code of runtime and kernels takes: a core, each kernel's own code, and shared code once.

The figures stand in `flash_code.json`; `reports/validation/fit_flash.py` refits them on linked firmware.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from tuner.devices.cores import Core
from tuner.devices.profile import Build, Kernels

_UNKNOWN_KERNEL = 3000.0
"""Bytes of a kernel that was never linked: the middle of the small ones."""
_LINKED_SPREAD = 0.02
"""Half-width that holds nine of ten left-out models on a stack that was linked."""


@dataclass(frozen=True, slots=True)
class FirmwareCode:
    """Bytes of code and its constants."""

    runtime: float
    """Interpreter, C library and start-up code, which every model needs."""
    kernels: float
    spread: float
    """Half-width, as a share, of the interval that holds nine firmwares of ten."""
    source: str

    @property
    def total(self) -> float:
        """Runtime and kernels."""
        return self.runtime + self.kernels


@dataclass(frozen=True, slots=True)
class _Relative:
    """The linked stack nearest to a combination."""

    stack: str
    scale: float
    spread: float


_FAMILIES: Mapping[Core, str] = {
    "cortex-m0": "m0",
    "cortex-m0plus": "m0",
    "cortex-m3": "m3",
    "cortex-m4": "m4",
    "cortex-m4f": "m4",
    "cortex-m7": "m7",
    "cortex-m23": "m23",
    "cortex-m33": "m33",
    "cortex-m52": "m52",
    "cortex-m55": "m55",
    "cortex-m85": "m85",
}
_NEAREST: Mapping[str, tuple[str, float]] = {
    "m3": ("m4", 0.02),
    "m7": ("m4", 0.02),
    "m33": ("m4", 0.02),
    "m23": ("m0", 0.05),
    "m52": ("m55", 0.05),
    "m85": ("m55", 0.05),
    "m0": ("m4", 0.08),
    "m55": ("m4", 0.1),
}
"""The family whose firmware is most alike, and how much less sure that makes the figure."""
_TENSORFLOW_LITE = FirmwareCode(3.0e6, 1.0e6, 0.5, "size of TensorFlow Lite's library with XNNPACK, in round figures")
_OTHER_CORES = _Relative("m4-ref", 1.2, 0.35)
"""RISC-V, Xtensa and the others, and vendors' own kernels: never linked, taken for less dense than Thumb-2."""


@lru_cache(maxsize=1024)
def code_bytes(kinds: Collection[str], core: Core, kernels: Kernels, build: Build) -> FirmwareCode:
    """Return the code of a firmware whose resolver registers these operators alone."""
    if kernels == "xnnpack":
        return _TENSORFLOW_LITE
    relative = _relative(core, kernels, build)
    table = _table()["stacks"][relative.stack]
    shared = _table()["shared"]
    parts = [table.get(kind, 0.0) for kind in kinds]
    parts += [table.get(name, 0.0) for name, users in shared.items() if not users.isdisjoint(kinds)]
    unknown = [kind for kind in kinds if kind not in _table()["linked"]]
    known_bytes = relative.scale * (table["base"] + sum(parts))
    unknown_bytes = relative.scale * _UNKNOWN_KERNEL * len(unknown)
    spread = _LINKED_SPREAD + relative.spread + unknown_bytes / (known_bytes + unknown_bytes)
    source = f"linked firmware, stack {relative.stack}"
    return FirmwareCode(relative.scale * table["base"], relative.scale * sum(parts) + unknown_bytes, spread, source)


@lru_cache(maxsize=256)
def _relative(core: Core, kernels: Kernels, build: Build) -> _Relative:
    stacks = _table()["stacks"]
    family = _FAMILIES.get(core)
    if family is None or kernels in ("esp-nn", "vendor"):
        return _Relative(f"{_OTHER_CORES.stack}-{_linked_build(build)}", _OTHER_CORES.scale, _OTHER_CORES.spread)
    library = "cmsis" if kernels == "cmsis-nn" else "ref"
    spread = 0.0
    while True:
        if f"{family}-{library}-{build}" in stacks:
            return _Relative(f"{family}-{library}-{build}", 1.0, spread)
        if family not in _NEAREST:
            return _scaled_build(f"{family}-{library}", build, spread)
        family, less_sure = _NEAREST[family]
        spread += less_sure


def _scaled_build(stack: str, build: Build, spread: float) -> _Relative:
    """Return the stack's -O3 figures for a build that was not linked: TFLM's default lies between the others."""
    return _Relative(f"{stack}-o3", {"o3": 1.0, "os": 0.76, "tflm": 0.9}[build], spread + 0.08)


def _linked_build(build: Build) -> str:
    return "os" if build == "os" else "o3"


@cache
def _table() -> dict[str, Any]:
    text = resources.files("tuner.devices").joinpath("flash_code.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    table["shared"] = {name: frozenset(users) for name, users in table["shared"].items()}
    table["linked"] = frozenset(table["linked"])
    return table
