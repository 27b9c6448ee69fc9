from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import TrainingError, WorkerError
from tuner.execution.executor import Executor, Limits
from tuner.execution.inline import InlineExecutor
from tuner.execution.simulated import SimulatedExecutor

Finish = Callable[..., list[Any]]

LIMITS = Limits(seconds=20, memory_bytes=4 << 30)


@pytest.fixture(params=["inline", "simulated", pytest.param("ray", marks=pytest.mark.ray)], scope="module")
def executor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, toy_job: type
) -> Iterator[Executor[Any, Any]]:
    job = toy_job(tmp_path_factory.mktemp("job"))
    if request.param == "inline":
        with closing(InlineExecutor(job, LIMITS)) as made:
            yield made
        return
    if request.param == "simulated":
        with closing(SimulatedExecutor(job, LIMITS, workers=3, seconds=lambda task: 10.0 - task[1])) as made:
            yield made
        return
    from tuner.execution.ray import RayExecutor

    with closing(RayExecutor(job, LIMITS, workers=2)) as made:
        yield made


class TestEveryExecutor:
    def test_gives_back_the_result_of_a_task(self, executor: Executor[Any, Any], finish: Finish) -> None:
        executor.submit(("add", 7))

        (outcome,) = finish(executor)

        assert (outcome.task, outcome.result, outcome.error, outcome.attempts) == (("add", 7), 107, None, 1)

    def test_has_room_for_another_task_only_while_a_worker_is_free(
        self, executor: Executor[Any, Any], finish: Finish
    ) -> None:
        room = executor.room

        for number in range(room):
            executor.submit(("add", number))

        assert executor.room == 0
        assert executor.busy == room
        with pytest.raises(ValueError, match="task"):
            executor.submit(("add", 99))
        assert sorted(outcome.result for outcome in finish(executor, room)) == [100 + n for n in range(room)]
        assert (executor.room, executor.busy) == (room, 0)

    def test_waiting_without_a_task_returns_at_once(self, executor: Executor[Any, Any]) -> None:
        assert executor.wait(5.0) == []

    def test_a_failed_task_says_why_and_the_next_one_works(self, executor: Executor[Any, Any], finish: Finish) -> None:
        executor.submit(("fail", 3))
        (failed,) = finish(executor)
        executor.submit(("add", 4))
        (worked,) = finish(executor)

        assert isinstance(failed.error, TrainingError)
        assert failed.error.message == "loss became NaN in trial 3"
        assert failed.error.hint == "lower the learning rate"
        assert worked.result == 104

    def test_a_bug_in_a_task_ends_that_task_alone(self, executor: Executor[Any, Any], finish: Finish) -> None:
        executor.submit(("bug", 0))

        (outcome,) = finish(executor)

        assert isinstance(outcome.error, WorkerError)
        assert outcome.error.message == "ZeroDivisionError: a bug"

    def test_a_shared_part_that_cannot_be_made_fails_the_task_with_its_reason(
        self, executor: Executor[Any, Any], finish: Finish
    ) -> None:
        executor.submit(("unpreparable", 11))

        (outcome,) = finish(executor)

        # The parts of odd tasks were made before in this executor, so the task may also just work.
        assert outcome.result == 111 or "nothing to prepare" in str(outcome.error)


def test_tasks_of_one_key_are_prepared_once(tmp_path: Path, toy_job: type, finish: Finish) -> None:
    with closing(InlineExecutor(toy_job(tmp_path), LIMITS)) as executor:
        for number in range(6):
            executor.submit(("add", number))
            finish(executor)

    assert (tmp_path / "part-0").read_text() == "made\n"
    assert (tmp_path / "part-1").read_text() == "made\n"


def test_simulated_tasks_come_back_in_the_order_in_which_they_are_done(tmp_path: Path, toy_job: type) -> None:
    with closing(SimulatedExecutor(toy_job(tmp_path), LIMITS, workers=3, seconds=lambda task: task[1])) as executor:
        for number in (7, 3, 5):
            executor.submit(("add", number))

        done = [outcome.result for _ in range(3) for outcome in executor.wait(1.0)]

    assert done == [103, 105, 107]
    assert (executor.clock_s, executor.worked_s) == (7, 15)
