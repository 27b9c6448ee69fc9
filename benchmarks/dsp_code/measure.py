"""Compile `blocks.c` and print the size of each routine and of the parts of the C library they call.

    python benchmarks/dsp_code/measure.py

Needs `arm-none-eabi-gcc` with newlib (Debian: gcc-arm-none-eabi, libnewlib-arm-none-eabi). The figures of
`tuner/dsp/code_size.py` are copied from the output, and a test repeats the measurement where the compiler is there.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("blocks.c")
FLAGS = [
    "-O2",
    "-mthumb",
    "-mcpu=cortex-m4",
    "-mfpu=fpv4-sp-d16",
    "-mfloat-abi=hard",
    "-ffunction-sections",
    "-ffast-math",
    "-fno-math-errno",
    "-fno-inline",
]
LIBRARY = ("log10f", "logf", "expf", "powf", "cosf", "sqrtf")


def routine_sizes() -> dict[str, int]:
    """Bytes of code of each routine and block, by name."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "routines.o"
        subprocess.run(["arm-none-eabi-gcc", *FLAGS, "-c", str(SOURCE), "-o", str(target)], check=True)
        table = _output("arm-none-eabi-size", "-A", str(target))
    return {name: int(size) for name, size in re.findall(r"^\.text\.(\w+)\s+(\d+)", table, re.MULTILINE)}


def library_sizes() -> dict[str, int]:
    """Bytes that a call of each function of the C library adds to a program that has `errno` already."""
    empty = _linked("")
    return {name: _linked(name) - empty for name in LIBRARY}


def _linked(name: str) -> int:
    call = f"float {name}(float{', float' if name == 'powf' else ''});" if name else ""
    body = f"x = {name}(x{', x' if name == 'powf' else ''});" if name else ""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "main.c"
        target = Path(folder) / "main.elf"
        source.write_text(
            f"#include <errno.h>\nvolatile float x; {call}\n"
            f"int main(void) {{ {body} return errno; }} void _exit(int c) {{ for (;;); }}\n"
        )
        flags = [flag for flag in FLAGS if flag != "-ffast-math"]
        link = ["-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main", "-Wl,--no-warn-rwx-segments"]
        subprocess.run(
            ["arm-none-eabi-gcc", *flags, *link, "-fno-builtin", str(source), "-o", str(target), "-lm"], check=True
        )
        table = _output("arm-none-eabi-size", str(target))
    text, data = table.splitlines()[1].split()[:2]
    return int(text) + int(data)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    for sizes in (routine_sizes(), library_sizes()):
        for name, size in sizes.items():
            print(f"{name:24} {size:6}")
