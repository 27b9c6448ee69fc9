"""Published measurements, each with the model, device and stack that an estimate needs."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tuner.devices.profile import DeviceProfile, load_profile  # noqa: E402
from tuner.graph import Graph, Tensor  # noqa: E402
from tuner.tflite.read import read_graph  # noqa: E402

MEASUREMENTS = ROOT.parent / "shared" / "measurements"


@dataclass(frozen=True)
class Stack:
    """How rows of one source, board and runtime map to a device profile."""

    source: str
    board: str
    runtime: str
    """Beginning of the runtime's name."""
    profile: str
    kernels: str
    build: str
    clock_mhz: float | None = None
    """Where the source leaves it out: the part's maximum."""
    arena: str | None = None
    """The memory region that held the arena, where it is not the profile's."""


STACKS = (
    Stack("EdgeMark (DTU)", "NUCLEO-L4R5ZI", "TFLM + CMSIS-NN (-Os)", "nucleo-l4r5zi", "cmsis-nn", "os"),
    Stack("EdgeMark (DTU)", "NUCLEO-L4R5ZI", "TFLM + CMSIS-NN", "nucleo-l4r5zi", "cmsis-nn", "o3"),
    Stack("EdgeMark (DTU)", "Renesas RX65N", "TFLM (reference", "rx65n-cloud-kit", "reference", "o3", 120),
    Stack("MicroNets paper", "NUCLEO-F446RE", "TFLM + CMSIS-NN", "nucleo-f446re", "cmsis-nn", "o3"),
    Stack("MicroNets paper", "NUCLEO-F746ZG", "TFLM + CMSIS-NN", "nucleo-f746zg", "cmsis-nn", "o3"),
    Stack("MicroNets paper", "NUCLEO-F767ZI", "TFLM + CMSIS-NN", "nucleo-f767zi", "cmsis-nn", "o3"),
    Stack("MCUNet README", "STM32F746", "TF-Lite Micro (TF 2.1", "stm32f746g-discovery", "cmsis-nn", "o3"),
    Stack("TinyEngine README", "STM32H743", "TFLM + CMSIS-NN", "nucleo-h743zi2", "cmsis-nn", "o3", 480),
    Stack("TinyEngine README", "STM32H743", "TFLM @713b6ed (ref", "nucleo-h743zi2", "reference", "o3", 480),
    # Simplicity Studio builds with -Os: the cycles of each layer are 1.07 to 1.11 times its instructions then.
    Stack("Silicon Labs MLTK", "xG24 (BRD2601)", "TFLM + CMSIS-NN", "xg24-dk2601b", "cmsis-nn", "os"),
    Stack("MCUNetESP", "XIAO ESP32-S3 Sense", "esp-tflite-micro", "xiao-esp32-s3-sense", "esp-nn", "o3", arena="psram"),
)
"""Runtimes that profiles can name; the first that fits a row is taken."""


@dataclass(frozen=True)
class Published:
    """One published latency with what it was measured on."""

    source: str
    board: str
    runtime: str
    model: str
    precision: str
    quality: str
    split: str
    stack: Stack
    graph: Graph
    clock_mhz: float
    latency_ms: float
    ram_kb: float | None
    flash_kb: float | None

    @property
    def cycles(self) -> float:
        """Cycles of the published latency."""
        return 1e3 * self.clock_mhz * self.latency_ms

    @property
    def key(self) -> str:
        """What rows share that were measured with one board and stack."""
        return f"{self.board}, {self.stack.kernels} {self.stack.build}, {self.source}"

    def device(self) -> DeviceProfile:
        """Return the profile of the board, with the stack and clock that the row states."""
        profile = load_profile(self.stack.profile)
        runtime = profile.runtime.model_copy(update={"kernels": self.stack.kernels, "build": self.stack.build})
        update: dict[str, object] = {"clock": 1e6 * self.clock_mhz}
        if "no FPU" in self.runtime:
            update["fpu"] = "none"
        processor = profile.processor.model_copy(update=update)
        ram = profile.ram
        if self.stack.arena is not None:
            ram = tuple(region.model_copy(update={"arena": region.name == self.stack.arena}) for region in ram)
        return profile.model_copy(update={"runtime": runtime, "processor": processor, "ram": ram})


def published_rows(measurements: Path = MEASUREMENTS) -> list[Published]:
    """Return the rows whose model is at hand and whose runtime a profile can name.

    A row without a model of its own takes that of another row of the same source and model name: the architecture
    is the same, only the weights differ. Floating-point rows take the int8 model's architecture.
    """
    path = measurements / "measurements.csv"
    if not path.is_file():
        sys.exit(f"no measurements in {measurements}: put the folder 'shared' beside the checkout, or name it")
    table = pd.read_csv(path)
    files = table.dropna(subset="model_file").drop_duplicates(["source", "model_name"])
    known = {(row.source, row.model_name): row.model_file for row in files.itertuples()}
    rows = []
    for record in table[table.latency_ms.notna() & (table.suggested_split != "exclude")].to_dict("records"):
        stack = _stack(record)
        file = record["model_file"]
        if not isinstance(file, str):
            file = known.get((record["source"], record["model_name"]))
        own_only = record["precision"] == "int8 (float io)"
        if stack is None or file is None or (own_only and file != record["model_file"]):
            continue
        if record["precision"] not in ("int8", "int8 io", "int8 (float io)", "float32"):
            continue
        rows.append(_published(record, stack, _graph(measurements / file)))
    return rows


def _stack(record: dict[str, object]) -> Stack | None:
    return next(
        (
            stack
            for stack in STACKS
            if str(record["source"]).startswith(stack.source)
            and "accelerator" not in str(record["runtime"])
            and record["board"] == stack.board
            and str(record["runtime"]).startswith(stack.runtime)
            and ("(-Os)" in str(record["runtime"])) == ("(-Os)" in stack.runtime)
        ),
        None,
    )


def _published(record: dict[str, object], stack: Stack, graph: Graph) -> Published:
    def number(name: str) -> float | None:
        value = record[name]
        return float(value) if isinstance(value, float) and value == value else None  # noqa: PLR0124 - NaN differs from itself

    clock = number("clock_mhz") or stack.clock_mhz
    assert clock is not None
    is_float = record["precision"] == "float32"
    return Published(
        source=str(record["source"]),
        board=stack.board,
        runtime=str(record["runtime"]),
        model=str(record["model_name"]),
        precision=str(record["precision"]),
        quality=str(record["quality"]),
        split=str(record["suggested_split"]),
        stack=stack,
        graph=in_float(graph) if is_float else graph,
        clock_mhz=clock,
        latency_ms=float(record["latency_ms"]),  # type: ignore[arg-type]
        ram_kb=None if is_float else number("ram_kb"),
        flash_kb=None if is_float else number("flash_kb"),
    )


@cache
def _graph(path: Path) -> Graph:
    return read_graph(path.read_bytes())


def in_float(graph: Graph) -> Graph:
    """Return the architecture in floating point."""

    def converted(tensor: Tensor) -> Tensor:
        quantized = tensor.scales > 0 and tensor.dtype in ("int8", "uint8", "int32")
        return dataclasses.replace(tensor, dtype="float32", scales=0) if quantized else tensor

    return dataclasses.replace(graph, tensors=tuple(converted(tensor) for tensor in graph.tensors))
