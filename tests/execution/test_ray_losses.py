from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from tuner.execution.executor import Limits
from tuner.execution.ray import RayExecutor

pytestmark = pytest.mark.ray

Finish = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, toy_job: type) -> Iterator[Any]:
    """Two workers; one Ray for all tests, for each start takes seconds."""
    limits = Limits(seconds=60, memory_bytes=4 << 30, attempts=2)
    with closing(RayExecutor(toy_job(tmp_path_factory.mktemp("pair")), limits, workers=2)) as made:
        yield made


def test_a_slow_task_does_not_hold_the_other_worker_up(pair: Any, finish: Finish) -> None:
    pair.submit(("wait", 8))
    quick = []
    for number in range(10, 16):
        pair.submit(("add", number))
        (outcome,) = finish(pair)
        quick.append(outcome.task)

    (slow,) = finish(pair)

    assert quick == [("add", number) for number in range(10, 16)]
    assert slow.task == ("wait", 8)


@pytest.mark.parametrize("lost", ["gcs_server", "raylet"])
def test_a_lost_head_is_started_anew_and_what_ran_is_tried_again(pair: Any, finish: Finish, lost: str) -> None:
    pair.submit(("wait", 4))
    head = next(process for process in psutil.Process().children() if process.name() == lost)

    head.kill()
    (outcome,) = finish(pair)

    assert outcome.result == 104
    assert outcome.attempts == 2
    assert pair.room == 2
