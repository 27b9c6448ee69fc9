from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import StageError, TrialTimeoutError, WorkerError
from tuner.execution.executor import Limits
from tuner.execution.ray import RayExecutor

pytestmark = pytest.mark.ray

Finish = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ray")


@pytest.fixture(scope="module")
def workers(folder: Path, toy_job: type) -> Iterator[Any]:
    limits = Limits(seconds=6, memory_bytes=700 << 20, attempts=2)
    with closing(RayExecutor(toy_job(folder), limits, workers=1, tasks_per_worker=4)) as made:
        yield made


class TestRayWorkers:
    def test_share_what_was_prepared_through_the_object_store(self, workers: Any, finish: Finish, folder: Path) -> None:
        for number in (0, 2, 4):
            workers.submit(("add", number))
            finish(workers)

        assert (folder / "part-0").read_text() == "made\n"

    def test_that_die_are_replaced_and_their_task_is_tried_again(self, workers: Any, finish: Finish) -> None:
        workers.submit(("die once", 0))

        (outcome,) = finish(workers)

        assert (outcome.result, outcome.attempts) == (100, 2)

    def test_that_die_every_time_end_the_task(self, workers: Any, finish: Finish) -> None:
        workers.submit(("die", 0))

        (outcome,) = finish(workers)

        assert isinstance(outcome.error, WorkerError)
        assert "lost 2 times" in outcome.error.message

    def test_that_abort_in_native_code_end_the_task_and_say_so(self, workers: Any, finish: Finish) -> None:
        workers.submit(("abort", 0))

        (outcome,) = finish(workers)

        assert isinstance(outcome.error, WorkerError)
        assert outcome.attempts == 2
        assert "lost 2 times" in outcome.error.message

    def test_that_hang_are_ended_at_the_time_limit(self, workers: Any, finish: Finish) -> None:
        workers.submit(("hang", 0))

        (outcome,) = finish(workers)

        assert isinstance(outcome.error, TrialTimeoutError)
        assert "the limit is 6 s" in outcome.error.message

    def test_that_take_too_much_memory_are_ended(self, workers: Any, finish: Finish) -> None:
        workers.submit(("eat", 0))

        (outcome,) = finish(workers)

        assert isinstance(outcome.error, StageError)
        assert "GiB of memory, the limit is 0.68 GiB" in outcome.error.message

    def test_work_on_after_all_that(self, workers: Any, finish: Finish) -> None:
        workers.submit(("add", 2))

        (outcome,) = finish(workers)

        assert outcome.result == 102

    def test_are_replaced_after_so_many_tasks_before_their_memory_grows(self, workers: Any, finish: Finish) -> None:
        processes = []
        for number in range(8):
            workers.submit(("who", number))
            processes += [outcome.result for outcome in finish(workers)]

        assert len(set(processes)) in {2, 3}
