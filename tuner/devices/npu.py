"""What a model costs on an Arm Ethos-U: its own compiler, Vela, is asked.

Vela compiles the operators that the unit can run into one command stream and leaves the others to the core, so the
answer is for the bytes of one model: memory, cycles, and what stays on the core.
"""

from __future__ import annotations

import ctypes
import functools
import os
import tempfile
import threading
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tuner.devices.profile import Npu
from tuner.errors import ConfigError, ModelError, nearest
from tuner.estimate import Estimate, Method, Unit
from tuner.tflite.read import read_graph

NPU_OPERATOR = "CUSTOM:ethos-u"
"""The operator that a compiled model holds in place of those that the unit runs."""

_CYCLE_ERROR = 0.3
"""Half-width of the interval. Against the cycle-approximate Corstone-300 model, Vela is within 5 % on three published
networks; no published row of real hardware names model, clock and memories, hence the width."""

_STANDARD_OUTPUT = threading.Lock()


@dataclass(frozen=True, slots=True)
class NpuCost:
    """What Vela says of one model on one Ethos-U."""

    compiled: bytes
    """The model as the device would carry it: `.tflite` with the unit's commands and compressed weights."""
    sram_bytes: int
    """SRAM that the unit needs for activations, and for weights where the memory mode keeps them there."""
    cycles: int
    """Of the unit, memory transfers included; nothing of the operators left to the core."""
    latency: Estimate
    """Milliseconds of the unit at its clock."""
    cpu_operators: tuple[str, ...]
    """Operators left to the core, in order of execution."""

    @property
    def flash_bytes(self) -> int:
        """Size of the compiled model."""
        return len(self.compiled)


def vela(model: bytes, npu: Npu) -> NpuCost:
    """Compile an int8 `.tflite` for an Ethos-U.

    A model of which the unit can run nothing (float32, say) comes back unchanged with zero cycles.

    Raises:
        ConfigError: Vela does not know the system configuration or the memory mode.
        ModelError: Vela cannot read the model.
        ValueError: the unit is no Ethos-U.
    """
    if not npu.is_ethos_u:
        raise ValueError(f"Vela compiles for Ethos-U, not for {npu.accelerator}")
    from ethosu import regor  # noqa: PLC0415 (loads a compiler; profiles are read without it)

    read_graph(model)  # a compiler is no place to find out that the bytes are no model
    family, architecture, options = _compiler_settings(npu)
    with _quiet():
        try:
            result = regor.compile(family, model, "TFLITE", architecture, options=options, verbose=False)
        except RuntimeError as error:
            raise ModelError(f"Vela cannot compile the model for {npu.accelerator}: {error}") from error
    report = result.perf_report
    milliseconds = 1e3 * report.totalCycles / npu.clock
    source = f"Vela {version('ethos-u-vela')}: {npu.accelerator}, {npu.system_config}, {npu.memory_mode}"
    return NpuCost(
        compiled=bytes(result.model),
        sram_bytes=sum(memory.peakUsage for name, memory in report.memories.items() if str(name) == "Sram"),
        cycles=int(report.totalCycles),
        latency=Estimate.within(milliseconds, _CYCLE_ERROR, Unit.MILLISECONDS, Method.SIMULATED, source),
        cpu_operators=_left_to_the_core(bytes(result.model)),
    )


def _left_to_the_core(compiled: bytes) -> tuple[str, ...]:
    kinds = (operator.kind for operator in read_graph(compiled).operators)
    return tuple(kind for kind in kinds if kind != NPU_OPERATOR)


@functools.lru_cache(maxsize=32)
def _compiler_settings(npu: Npu) -> tuple[str, str, str]:
    """Return the compiler's name for the family, its description of hardware and memories, and its options.

    Raises:
        ConfigError: Vela does not know the system configuration or the memory mode.
    """
    from ethosu.vela import architecture_features as features  # noqa: PLC0415

    path = Path(features.CONFIG_FILES_PATH) / "Arm" / "vela.ini"
    _check_section(path, "System_Config", npu.system_config)
    _check_section(path, "Memory_Mode", npu.memory_mode)
    hardware: Any = features.ArchitectureFeatures(
        vela_config_files=[str(path)],
        accelerator_config=npu.accelerator,
        system_config=npu.system_config,
        memory_mode=npu.memory_mode,
        max_blockdep=features.ArchitectureFeatures.MAX_BLOCKDEP,
        verbose_config=False,
        arena_cache_size=None,
    )
    architecture = (
        f"[architecture]\nmacs={hardware.num_macs_per_cycle}\ncores={hardware.ncores}\n"
        f"[vela]\nsystem_config_name={npu.system_config}\nmemory_mode_name={npu.memory_mode}\n"
        f"{path.read_text(encoding='utf-8')}"
    )
    options = (
        "[compiler]\noutput_format=TFLite\ncop_format=COP1\n"
        f"[scheduler]\noptimize=Performance\narena_size_limit={hardware.arena_cache_size}\n"
        "disable_feature=\ncpu_tensor_alignment=16\ntensor_allocator=HillClimb\n[graph]\n"
    )
    return "".join(part.capitalize() for part in npu.accelerator.split("-")[:-1]), architecture, options


def _check_section(path: Path, kind: str, name: str | None) -> None:
    config = ConfigParser()
    config.read(path, encoding="utf-8")
    known = [section.removeprefix(f"{kind}.") for section in config.sections() if section.startswith(f"{kind}.")]
    if name not in known:
        raise ConfigError(f"Vela has no {kind.lower()} '{name}'", hint=nearest(str(name), known))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the compiler's remarks, one a tensor, off the terminal; it writes to the file descriptor itself."""
    libc = ctypes.CDLL(None)
    with _STANDARD_OUTPUT, tempfile.TemporaryFile() as sink:
        libc.fflush(None)
        terminal = os.dup(1)
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            libc.fflush(None)
            os.dup2(terminal, 1)
            os.close(terminal)
