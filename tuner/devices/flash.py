"""Flash that the code of runtime and kernels takes: a core, each kernel's own code, and shared code once.

The figures stand in `flash_code.json`; `reports/validation/fit_flash.py` refits them on linked firmware.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources

from tuner.devices.cores import Core
from tuner.devices.profile import Build, Kernels

_UNKNOWN_KERNEL = 3000.0
"""Bytes of a kernel that was never linked: the middle of the small ones."""
_LINKED_SPREAD = 0.015
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

    def scaled(self, factor: float, less_sure: float) -> FirmwareCode:
        """Return the figures times a factor, with a wider interval."""
        return FirmwareCode(
            self.runtime * factor, self.kernels * factor, self.spread + less_sure, f"{self.source}, scaled"
        )


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
    "m3": ("m4", 0.05),
    "m7": ("m4", 0.02),
    "m33": ("m4", 0.02),
    "m23": ("m0", 0.05),
    "m52": ("m55", 0.05),
    "m85": ("m55", 0.05),
    "m0": ("m4", 0.1),
    "m55": ("m4", 0.1),
}
"""The family whose firmware is most alike, and how much less sure that makes the figure."""
_MOST_LINKED = "m4"
_OTHER_BUILD_SPREAD = 0.06
_OTHER_CORE_SCALE, _OTHER_CORE_SPREAD = 1.2, 0.35
"""RISC-V, Xtensa and the others, and vendors' own kernels: never linked, taken for less dense than Thumb-2."""
_TENSORFLOW_LITE = FirmwareCode(3.0e6, 1.0e6, 0.5, "size of TensorFlow Lite's library with XNNPACK, in round figures")


@lru_cache(maxsize=1024)
def code_bytes(kinds: tuple[str, ...], core: Core, kernels: Kernels, build: Build) -> FirmwareCode:
    """Return the code of a firmware whose resolver registers these operators alone."""
    if kernels == "xnnpack":
        return _TENSORFLOW_LITE
    known = [kind for kind in kinds if kind in _table().linked]
    family = _FAMILIES.get(core)
    if family is None or kernels in ("esp-nn", "vendor"):
        code = _linked(known, _MOST_LINKED, "ref", build).scaled(_OTHER_CORE_SCALE, _OTHER_CORE_SPREAD)
    else:
        code = _linked(known, family, "cmsis" if kernels == "cmsis-nn" else "ref", build)
    unknown = _UNKNOWN_KERNEL * (len(kinds) - len(known))
    return replace(code, kernels=code.kernels + unknown, spread=code.spread + unknown / (code.total + unknown))


def _linked(kinds: Collection[str], family: str, library: str, build: Build) -> FirmwareCode:
    """Return what was linked, or the nearest to it.

    A build that was not linked for a family differs from one that was as it does on the core with the most
    builds; a family that was not linked at all is taken for its nearest.
    """
    stacks = _table().stacks
    if f"{family}-{library}-{build}" in stacks:
        return _sum(kinds, f"{family}-{library}-{build}")
    reference = f"{_MOST_LINKED}-{library}"
    for other in ("o3", "os"):
        if f"{family}-{library}-{other}" in stacks and f"{reference}-{build}" in stacks:
            ratio = _sum(kinds, f"{reference}-{build}").total / _sum(kinds, f"{reference}-{other}").total
            return _sum(kinds, f"{family}-{library}-{other}").scaled(ratio, _OTHER_BUILD_SPREAD)
    if family not in _NEAREST:
        # The runtime's default build, core -Os and kernels -O2, lies between the two that were linked.
        small, fast = _sum(kinds, f"{reference}-os"), _sum(kinds, f"{reference}-o3")
        return fast.scaled((small.total + fast.total) / (2 * fast.total), _OTHER_BUILD_SPREAD)
    nearest, less_sure = _NEAREST[family]
    return _linked(kinds, nearest, library, build).scaled(1.0, less_sure)


def _sum(kinds: Collection[str], stack: str) -> FirmwareCode:
    parts = _table().stacks[stack]
    own = sum(parts.get(kind, 0.0) for kind in kinds)
    shared = sum(parts.get(name, 0.0) for name, users in _table().shared.items() if not users.isdisjoint(kinds))
    return FirmwareCode(parts["base"], own + shared, _LINKED_SPREAD, f"linked firmware, stack {stack}")


@dataclass(frozen=True, slots=True)
class _Table:
    stacks: Mapping[str, Mapping[str, float]]
    """Bytes by part, by stack."""
    shared: Mapping[str, frozenset[str]]
    """Which kernels need a shared part."""
    linked: frozenset[str]
    """Operators that were linked."""


@cache
def _table() -> _Table:
    table = json.loads(resources.files("tuner.devices").joinpath("flash_code.json").read_text(encoding="utf-8"))
    shared = {name: frozenset(users) for name, users in table["shared"].items()}
    return _Table(table["stacks"], shared, frozenset(table["linked"]))
