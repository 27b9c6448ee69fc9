"""A program that treats drivers of studies badly, and says what came of it as JSON.

    python driver.py kill STUDY_FOLDER KILLS TRIALS | full STUDY_FOLDER

Drivers are forked from this process, which has no threads, so that none needs seconds to load its packages.
"""

import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

from benchmarks.engine_overhead import search
from tuner import Study
from tuner.errors import StoreError


def work(folder: Path, trials: int, begun: int | None = None) -> None:
    """Search on; every change takes a moment, so that there are moments to be killed in.

    The pipe `begun` is told of every change.
    """

    def watch(*_: object) -> None:
        time.sleep(0.001)
        if begun is not None:
            os.write(begun, b".")

    search(Study.open(folder), trials, 1, watch)


def completed(folder: Path) -> dict[int, object]:
    return {trial.number: trial.training for trial in Study.open(folder).trials if trial.training is not None}


def kill(folder: Path, kills: int, trials: int) -> dict[str, object]:
    rng = random.Random(0)
    work(folder, 1)  # loads what every driver needs
    lost = changed = 0
    reached = []
    before = completed(folder)
    for _ in range(kills):
        ear, mouth = os.pipe()
        child = os.fork()
        if child == 0:
            work(folder, 100_000, mouth)
        os.read(ear, 1)
        time.sleep(rng.uniform(0.0, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ear)
        os.close(mouth)
        after = completed(folder)
        lost += sum(number not in after for number in before)
        changed += sum(number in after and after[number] != training for number, training in before.items())
        reached.append(len(after))
        before = after
    last = max([trials, *(count + 1 for count in reached)])
    work(folder, last)
    return {"lost": lost, "changed": changed, "reached": reached, "trained": len(completed(folder)), "asked": last}


def full(folder: Path) -> dict[str, object]:
    work(folder, 3)
    before = completed(folder)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = (folder / "study.db").stat().st_size + 20_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            work(folder, 1000)
        except StoreError as error:
            (folder / "told").write_text(str(error), encoding="utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    after = completed(folder)
    work(folder, len(after) + 2)
    kept = all(after[number] == training for number, training in before.items())
    more = len(completed(folder)) == len(after) + 2
    return {"told": (folder / "told").read_text(encoding="utf-8"), "kept": kept, "more": more, "grew": len(after) > 3}


if __name__ == "__main__":
    what, folder, *numbers = sys.argv[1:]
    result = {"kill": kill, "full": full}[what](Path(folder), *map(int, numbers))
    print(json.dumps(result))
