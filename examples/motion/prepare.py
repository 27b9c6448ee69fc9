"""Make the motion data set of the example: smartwatch recordings of seven shoulder exercises by ten people.

The recordings come with the PyPI package seglearn 1.2.5 (BSD-3-Clause; D. M. Burns et al., "Shoulder physiotherapy
exercise recognition", Physiological Measurement 39, 2018, arXiv:1802.01489). Install it without its dependencies, for
only its data file is read: `pip install --no-deps seglearn==1.2.5`.

Usage: python prepare.py OUTPUT_DIR

Writes OUTPUT_DIR/<exercise>/person<NN>_<n>.csv, 140 files of 20 repetitions each at 50 Hz: acceleration ax, ay, az in g
and angular rate wx, wy, wz in rad/s; and dataset.yaml. Does nothing if they are there already.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tempfile
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

_FILE = "seglearn/data/watch_dataset.npy"
_SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"

_DESCRIPTION = r"""name: shoulder exercises
task: classification
frequency: 50 Hz
axes: [ax, ay, az, wx, wy, wz]
group_pattern: 'person\d+'
source: PyPI seglearn 1.2.5, seglearn/data/watch_dataset.npy; arXiv:1802.01489
licence: BSD-3-Clause
"""


def load_watch_data() -> dict[str, Any]:
    """Return the data set as seglearn ships it, without importing seglearn.

    It is a pickle, and reading one can run code, so only the very file that was looked at is read.
    """
    try:
        path = Path(str(distribution("seglearn").locate_file(_FILE)))
        content = path.read_bytes()
    except (PackageNotFoundError, FileNotFoundError):
        sys.exit("The recordings come with seglearn. Run: pip install --no-deps seglearn==1.2.5")
    if hashlib.sha256(content).hexdigest() != _SHA256:
        sys.exit(f"{path} is not the file of seglearn 1.2.5. Run: pip install --no-deps seglearn==1.2.5")
    data: dict[str, Any] = np.load(io.BytesIO(content), allow_pickle=True).item()
    return data


def write(data: dict[str, Any], folder: Path) -> None:
    """Write one CSV file a recording, with the six digits after the point that the data have."""
    taken: Counter[tuple[str, int]] = Counter()
    for values, number, person in zip(data["X"], data["y"], data["subject"], strict=True):
        exercise = data["y_labels"][number]
        taken[exercise, person] += 1
        path = folder / exercise / f"person{person:02d}_{taken[exercise, person]}.csv"
        path.parent.mkdir(exist_ok=True)
        rows = [",".join(f"{value:.6f}" for value in row) for row in values.tolist()]
        path.write_text("\n".join([",".join(data["X_labels"]), *rows, ""]), encoding="utf-8")
    (folder / "dataset.yaml").write_text(_DESCRIPTION, encoding="utf-8")


def main() -> None:
    """Write the data set beside its place and move it there, so that it is there whole or not at all."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python prepare.py OUTPUT_DIR")
    output = Path(sys.argv[1])
    if (output / "dataset.yaml").is_file():
        print(f"{output} is there already")
        return
    if output.exists():
        sys.exit(f"{output} exists, but is not this data set: choose another folder")
    data = load_watch_data()
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        write(data, beside)
        beside.chmod(0o755)
        beside.rename(output)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    print(f"{output}: {len(data['X'])} recordings of {len(data['y_labels'])} exercises")


if __name__ == "__main__":
    main()
