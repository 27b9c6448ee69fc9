"""Count the instructions that preprocessing executes on simulated cores, and compare them with the estimates.

    python -m benchmarks.dsp_code.count [--write]

Each block is built from `blocks.c`, plain C, and run once in QEMU with one tick of its clock per instruction. The
estimate is what `tuner.devices.latency` makes of the operations that the block states, in cycles of a board with that
core. Needs arm-none-eabi-gcc with newlib and qemu-system-arm. `--write` puts the table in
`reports/benchmarks/preprocessing_instructions.md`.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from tuner.candidate import Settings
from tuner.devices.latency import preprocessing_latency
from tuner.devices.profile import load_profile
from tuner.dsp.mel import filter_bank
from tuner.dsp.registry import block
from tuner.estimate import Method
from tuner.files import write_atomically
from tuner.signal import Signal

FOLDER = Path(__file__).parent
REPORT = FOLDER.parents[1] / "reports" / "benchmarks" / "preprocessing_instructions.md"
FLAGS = ["-O2", "-mthumb", "-ffunction-sections", "-ffast-math", "-fno-math-errno", "-fno-inline"]
CORES = {
    "Cortex-M4F": ("arduino-nano-33-ble-sense", ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]),
    "Cortex-M0+": ("raspberry-pi-pico", ["-mcpu=cortex-m0plus", "-mfloat-abi=soft"]),
}
"""A board that has the core, and the compiler's flags."""

MOTION = Signal(125, ("x", "y", "z"), 62.5)
LONG_MOTION = Signal(320, ("x", "y", "z"), 62.5)
SOUND = Signal(16000, ("audio",), 16000.0, sample_bytes=2)
FILTERED = {"fft-length": 64, "filter-type": "low", "filter-cutoff": 3.0}
BLOCKS: dict[str, tuple[Settings, Signal]] = {
    "spectral-16": (Settings("spectral-analysis"), MOTION),
    "spectral-64-filtered": (Settings("spectral-analysis", tuple(FILTERED.items())), MOTION),
    "wavelet": (Settings("spectral-analysis", (("analysis-type", "Wavelet"),)), LONG_MOTION),
    "flatten": (Settings("flatten", (("scale-axes", 2.0),)), MOTION),
    "mfcc-unnormalized": (Settings.of("mfcc", fft_length=512, win_size=0), SOUND),
    "mfcc": (Settings.of("mfcc", fft_length=512), SOUND),
    "mfe": (Settings.of("mfe", fft_length=512, frame_stride=0.02), SOUND),
    "spectrogram": (Settings.of("spectrogram", frame_stride=0.02), SOUND),
}
"""The same as `main` in `count.c` runs, by the name it prints."""


def executed(flags: list[str]) -> dict[str, int]:
    """Instructions of each block on a core."""
    weights = [
        f"-D{name}={int((filter_bank(filters, 512, 16000.0, 0, 0).weights > 0).sum())}"
        for name, filters in (("MFCC_WEIGHTS", 32), ("MFE_WEIGHTS", 40))
    ]
    has_fpu = "-mfloat-abi=hard" in flags
    machine = ["-M", "mps2-an386", "-cpu", "cortex-m4"] if has_fpu else ["-M", "mps2-an385", "-cpu", "cortex-m3"]
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "count.elf")
        build = ["arm-none-eabi-gcc", *FLAGS, *flags, f"-DHAS_FPU={int(has_fpu)}", *weights, str(FOLDER / "count.c")]
        link = ["-nostartfiles", "-T", str(FOLDER / "count.ld"), "-lm", "-Wl,--no-warn-rwx-segments", "-o", program]
        subprocess.run([*build, *link], check=True)
        simulate = ["qemu-system-arm", *machine, "-nographic", "-semihosting", "-icount", "shift=6", "-kernel", program]
        output = subprocess.run(simulate, check=True, capture_output=True, text=True, timeout=300).stderr
    return {name: int(count) for name, count in (line.split() for line in output.splitlines())}


def estimated(board: str, name: str) -> float:
    """Cycles of a block as the product estimates them."""
    settings, signal = BLOCKS[name]
    profile = load_profile(board)
    latency = preprocessing_latency(block(settings).cost(signal).operations, profile, Method.PREDICTED)
    return latency.value * profile.clock_hz / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.name}")
    options = parser.parse_args()
    rows = []
    for core, (board, flags) in CORES.items():
        for name, count in executed(flags).items():
            cycles = estimated(board, name)
            print(f"{core:12} {name:22} {count:12} instructions {cycles:12.0f} cycles  {cycles / count:5.2f}")
            rows.append(f"| {core} | {name} | {count} | {cycles:.0f} | {cycles / count:.2f} |")
    if options.write:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(REPORT, "\n".join([*HEAD, *rows, ""]))


HEAD = [
    "# Preprocessing: instructions executed and cycles estimated",
    "",
    "Instructions that each block, in plain C (`benchmarks/dsp_code/blocks.c`, -O2), executes for one window in",
    "QEMU, beside the cycles that the product estimates from the operations the block states. Cycles lie above",
    "instructions by the core's cycles per instruction, about 1.1 to 1.5 for such loops in fast memory, which QEMU",
    "does not know. Windows: 2 s of 3 axes at 62.5 Hz (wavelet: 5.12 s), 1 s of sound at 16 kHz.",
    "`python -m benchmarks.dsp_code.count` repeats it.",
    "",
    "| core | block | instructions | estimated cycles | ratio |",
    "|---|---|---:|---:|---:|",
]


if __name__ == "__main__":
    main()
