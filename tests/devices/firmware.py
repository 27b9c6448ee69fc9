"""The rows of real firmware that the estimators are held against."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tuner.devices.kernel_memory import ArenaTarget
from tuner.devices.scratch import Isa
from tuner.graph import Graph
from tuner.tflite.read import read_graph

ISA = {"m0": Isa.PLAIN, "m3": Isa.PLAIN, "m4": Isa.DSP, "m7": Isa.DSP, "m33": Isa.DSP, "m55": Isa.MVE}
CORE = {"m0": "cortex-m0plus", "m3": "cortex-m3", "m4": "cortex-m4f", "m7": "cortex-m7", "m33": "cortex-m33"}
CORE |= {"m55": "cortex-m55"}


@dataclass(frozen=True)
class Firmware:
    """One model linked, loaded and run on one core."""

    model: str
    stack: str
    graph: Graph
    row: dict[str, str]

    @property
    def target(self) -> ArenaTarget:
        cmsis_nn = self.row["kernels"] == "cmsis"
        return ArenaTarget(cmsis_nn, ISA[self.row["cpu"]] if cmsis_nn else Isa.PLAIN)

    def bytes(self, column: str) -> int:
        return int(float(self.row[column]))


def firmwares(shared: Path) -> Iterator[Firmware]:
    folder = shared / "measurements" / "firmware"
    with (folder / "models.csv").open() as file:
        for row in csv.DictReader(file):
            stack = f"{row['cpu']}-{row['kernels']}-{row['opt']}"
            yield Firmware(row["model"], stack, _graph(folder / row["file"]), row)


@cache
def _graph(path: Path) -> Graph:
    return read_graph(path.read_bytes())
