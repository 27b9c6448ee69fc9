"""Break files of every format in every way and see that each is read or named: no traceback, none dropped.

Usage: python -m benchmarks.data_corruption [VARIANTS] [SEED]

Prints a row for each format: variants in which the file was named as broken, those in which nothing could be found
wrong (a changed digit is still a number), tracebacks, and files of which nothing was said. Exits with 1 if there is any
of the last two.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from tests.data.corruption import FORMATS, corrupt, dropped
from tuner.data import open_dataset
from tuner.data.inspection import inspect
from tuner.errors import DataError


def main() -> None:
    variants = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    outcomes: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        valid = {name: Path(scratch) / "valid" / name for name in FORMATS}
        options = {name: make(valid[name]) for name, make in FORMATS.items()}
        for number in range(variants):
            name = list(FORMATS)[number % len(FORMATS)]
            folder = Path(scratch) / "broken"
            shutil.copytree(valid[name], folder)
            path = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
            path.write_bytes(corrupt(path.read_bytes(), chance))
            outcomes[name, _outcome(folder, options[name])] += 1
            shutil.rmtree(folder)
    kinds = ("named", "read", "traceback", "dropped")
    print(f"{'format':14}" + "".join(f"{kind:>11}" for kind in kinds))
    for name in FORMATS:
        print(f"{name:14}" + "".join(f"{outcomes[name, kind]:11}" for kind in kinds))
    totals = {kind: sum(outcomes[name, kind] for name in FORMATS) for kind in kinds}
    print(f"{'all':14}" + "".join(f"{totals[kind]:11}" for kind in kinds))
    sys.exit(1 if totals["traceback"] or totals["dropped"] else 0)


def _outcome(folder: Path, options: dict[str, object]) -> str:
    try:
        dataset = open_dataset(folder, skip_bad=True, **options)
        inspect(dataset)
    except DataError:
        return "named"
    except Exception:
        traceback.print_exc()
        return "traceback"
    if dropped(dataset, folder):
        return "dropped"
    return "named" if dataset.skipped else "read"


if __name__ == "__main__":
    main()
