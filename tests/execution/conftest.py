import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle

from tuner.errors import TrainingError
from tuner.execution.executor import Executor


class ToyJob:
    """Tasks are (what to do, number); the shared part counts how often it was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, task: tuple[str, int]) -> str:
        return f"part-{task[1] % 2}"

    def prepare(self, task: tuple[str, int]) -> int:
        if task[0] == "unpreparable":
            raise TrainingError("there is nothing to prepare")
        with (self.folder / self.key(task)).open("a") as log:
            log.write("made\n")
        return 100

    def work(self, task: tuple[str, int], shared: int) -> int:
        what, number = task
        if what == "fail":
            raise TrainingError(f"loss became NaN in trial {number}", hint="lower the learning rate")
        if what == "bug":
            raise ZeroDivisionError("a bug\nin two lines")
        if what == "hang":
            time.sleep(60)
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "die once" and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "abort":
            os.abort()
        if what == "wait":
            time.sleep(number)
        if what == "where":
            import ray

            time.sleep(1)
            return ray.get_runtime_context().get_node_id()
        if what == "eat":
            eaten = bytearray(900 << 20)
            time.sleep(60)
            return len(eaten)
        if what == "who":
            return os.getpid()
        return shared + number


@pytest.fixture(scope="session")
def toy_job() -> type:
    """The toy job's class, sent to Ray's workers whole, for they cannot import this file."""
    cloudpickle.register_pickle_by_value(sys.modules[ToyJob.__module__])
    return ToyJob


@pytest.fixture(scope="session")
def finish() -> Callable[..., list[Any]]:
    """Waits until so many tasks have ended, and for a free worker: one that was lost is replaced in its own time."""

    def wait(executor: Executor[Any, Any], count: int = 1) -> list[Any]:
        done: list[Any] = []
        until = time.monotonic() + 90
        while len(done) < count and time.monotonic() < until:
            done += executor.wait(5.0)
        while not executor.busy and executor.room <= 0 and time.monotonic() < until:
            executor.wait(5.0)
        return done

    return wait
