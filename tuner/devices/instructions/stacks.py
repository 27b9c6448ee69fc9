"""Which instruction counts serve a core, a set of kernels and a build.

A *stack* is one combination that was counted, e.g. "m4-cmsis-o3". A combination that was not is served by its
nearest relative, scaled by what is known of their ratio, with a wider interval.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from tuner.devices.instructions.loops import Loops, Path
from tuner.errors import ConfigError, nearest

FAMILIES: Mapping[str, str] = {
    "cortex-m0": "m0",
    "cortex-m0plus": "m0",
    "cortex-m23": "m0",
    "cortex-m3": "m3",
    "cortex-m4": "m4",
    "cortex-m4f": "m4",
    "cortex-m7": "m7",
    "cortex-m33": "m33",
    "cortex-m52": "m55",
    "cortex-m55": "m55",
    "cortex-m85": "m55",
    "cortex-a53": "a",
    "cortex-a72": "a",
    "cortex-a76": "a",
    "riscv32-imc": "riscv",
    "riscv32-imac": "riscv",
    "riscv32-imafc": "riscv",
    "xtensa-lx6": "lx6",
    "xtensa-lx7": "lx7",
    "rxv2": "rx",
}
"""Cores by the instructions they execute."""

KERNELS = ("cmsis-nn", "reference", "esp-nn", "xnnpack", "vendor")
BUILDS = ("o3", "os", "tflm")


_SAME_SOURCE = ("dsp", "plain", "mve", "reference")
"""Variants of a kernel that share their loops where CMSIS-NN has no special code for an instruction set."""


@dataclass(frozen=True, slots=True)
class _Relative:
    """The counted stack nearest to one that was not counted."""

    stack: str
    scale: float
    spread: float


_RELATIVES: Mapping[str, _Relative] = {
    # The same instruction set and compiler options: what differs is scheduling.
    "m7-cmsis-os": _Relative("m4-cmsis-os", 1.0, 0.05),
    "m33-cmsis-os": _Relative("m4-cmsis-os", 1.0, 0.05),
    "m7-cmsis-tflm": _Relative("m4-cmsis-tflm", 1.0, 0.08),
    "m33-cmsis-tflm": _Relative("m4-cmsis-tflm", 1.0, 0.08),
    "m7-ref-o3": _Relative("m4-ref-o3", 1.0, 0.08),
    "m33-ref-o3": _Relative("m4-ref-o3", 1.0, 0.08),
    "m7-ref-os": _Relative("m4-ref-os", 1.0, 0.1),
    "m33-ref-os": _Relative("m4-ref-os", 1.0, 0.1),
    "m3-ref-os": _Relative("m4-ref-os", 1.0, 0.1),
}
"""Combinations that were not counted, by what is known of their ratio to one that was."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Instructions of one turn of each loop of each kernel, on one core, by one set of kernels in one build."""

    name: str
    path: Path
    kernels: Mapping[str, Mapping[str, float]]
    call: float
    """Instructions of one inference beside its operators."""
    operator: float
    """Instructions of the interpreter for each operator."""
    spread: float
    """Half-width, as a share, of the interval that holds nine counts of ten."""
    moved: Mapping[str, float]
    """What an operator without a model of its own costs."""

    def instructions(self, loops: Loops) -> float:
        """Executed instructions of an operator."""
        turns = self._turns(loops.kernel)
        if turns is None:
            return self.moved["call"] + self.moved["element"] * max(loops.counts.values())
        return sum(turns.get(loop, 0.0) * count for loop, count in loops.counts.items())

    def knows(self, loops: Loops) -> bool:
        """Say whether the kernel was counted, on this stack or a relative."""
        return self._turns(loops.kernel) is not None

    def _turns(self, kernel: str) -> Mapping[str, float] | None:
        """Look the kernel up; where its C code was counted for another instruction set only, that must do."""
        turns = self.kernels.get(kernel)
        if turns is None:
            base, _, variant = kernel.rpartition("_")
            if variant in _SAME_SOURCE:
                return next(
                    (self.kernels[name] for other in _SAME_SOURCE if (name := f"{base}_{other}") in self.kernels), None
                )
        return turns


@cache
def stack(core: str, kernels: str, build: str) -> Stack:
    """Return the counts that serve a combination.

    Raises:
        ConfigError: the core, kernel set or build is none of those that are modelled.
    """
    for value, known, what in ((core, FAMILIES, "core"), (kernels, KERNELS, "kernels"), (build, BUILDS, "build")):
        if value not in known:
            raise ConfigError(f"no instruction counts for the {what} '{value}'", hint=nearest(value, known))
    family = FAMILIES[core]
    label = {"cmsis-nn": "cmsis", "reference": "ref"}.get(kernels, kernels)
    wanted = f"{family}-{label}-{build}"
    relative = _relative(wanted) or _distant(family, label, build)
    counted = _table()["stacks"][relative.stack]
    return Stack(
        name=wanted,
        path=path_of(relative.stack),
        kernels=_scaled(_with_relatives(relative.stack), relative.scale),
        call=relative.scale * counted["call"],
        operator=relative.scale * counted["operator"],
        spread=max(relative.spread, counted["spread"]),
        moved=_table()["moved"],
    )


def _relative(wanted: str) -> _Relative | None:
    return _Relative(wanted, 1.0, 0.0) if wanted in _table()["stacks"] else _RELATIVES.get(wanted)


def _distant(family: str, kernels: str, build: str) -> _Relative:
    """Return the stack of another instruction set or other compiler options."""
    small = "os" if build == "os" else "o3"
    if kernels == "ref":
        return _Relative("m0-ref-os", 0.4, 0.5) if family == "m0" else _Relative(f"m4-ref-{small}", 1.0, 0.3)
    if family in ("m0", "m3"):
        return _Relative("m0-cmsis-o3", 1.1 if family == "m0" else 0.7, 0.4)
    if family in ("m55", "a"):
        return _Relative("m55-cmsis-o3", 1.1 if build == "os" else 1.0, 0.3)
    return _Relative(f"m4-cmsis-{small}", 1.0, 0.3)


def path_of(name: str) -> Path:
    """Return the implementation that a counted stack runs."""
    core, kernels, _ = name.split("-")
    if kernels == "ref":
        return Path.REFERENCE
    return {"m0": Path.PLAIN, "m3": Path.PLAIN, "m55": Path.MVE}.get(core, Path.DSP)


def _with_relatives(name: str) -> Mapping[str, Mapping[str, float]]:
    """Return a stack's kernels; those it lacks come from its parent, scaled."""
    counted = _table()["stacks"][name]
    inherited = _with_relatives(counted["parent"]) if counted["parent"] else {}
    kernels: Mapping[str, Mapping[str, float]] = counted["kernels"]
    return {**_scaled(inherited, counted["parent_scale"]), **kernels}


def _scaled(kernels: Mapping[str, Mapping[str, float]], scale: float) -> Mapping[str, Mapping[str, float]]:
    return {kernel: {loop: scale * turn for loop, turn in turns.items()} for kernel, turns in kernels.items()}


@cache
def _table() -> dict[str, Any]:
    text = resources.files("tuner.devices.instructions").joinpath("coefficients.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
