"""Peak memory of opening, inspecting and cutting a folder of WAV files larger than memory.

Usage: python benchmarks/data_memory.py [GIB]

Makes GIB (default 0.25) of 16-bit sound in files of up to 1 GiB, sparse on disk, and reports for each step its time and
the peak memory of a fresh process that does it, less what the process took after importing.
"""

from __future__ import annotations

import multiprocessing
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import scipy.signal  # noqa: F401  so that it counts as an import
import soundfile  # noqa: F401

from tuner.candidate import Window
from tuner.data import open_dataset
from tuner.data.inspection import inspect
from tuner.data.windows import stretches

_RATE = 16000
_FILE_BYTES = 1 << 30


def main() -> None:
    size = int((float(sys.argv[1]) if len(sys.argv) > 1 else 0.25) * 2**30)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number, start in enumerate(range(0, size, _FILE_BYTES)):
            _write(folder / "ab"[number % 2] / f"{number}.wav", min(_FILE_BYTES, size - start))
        print(f"{size / 2**30:.2f} GiB of sound in {-(-size // _FILE_BYTES)} files")
        for step in (_open, _inspect, _cut):
            seconds, peak = _measured(step, folder)
            print(f"{step.__name__[1:]:8} {seconds:7.1f} s   peak {peak / 2**20:6.0f} MiB above the imports")


def _write(path: Path, size: int) -> None:
    path.parent.mkdir(exist_ok=True)
    size -= 44
    form = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    with path.open("wb") as file:
        file.write(form + struct.pack("<4sI", b"data", size))
        file.truncate(44 + size)


def _open(folder: Path) -> None:
    open_dataset(folder)


def _inspect(folder: Path) -> None:
    inspect(open_dataset(folder))


def _cut(folder: Path) -> None:
    dataset = open_dataset(folder)
    ids = [recording.id for recording in dataset.recordings]
    for _ in stretches(dataset, ids, Window(size_ms=1000, stride_ms=500, frequency_hz=8000)):
        pass


def _measured(step: Callable[[Path], None], folder: Path) -> tuple[float, int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(step, folder, there))
    process.start()
    seconds, peak = here.recv()
    process.join()
    return seconds, peak


def _run(step: Callable[[Path], None], folder: Path, connection: Connection) -> None:
    before = _peak_bytes()
    began = time.perf_counter()
    step(folder)
    connection.send((time.perf_counter() - began, _peak_bytes() - before))


def _peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
