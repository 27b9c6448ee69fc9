"""A cluster of two nodes on this machine, as `--ray-address` finds one."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tuner.execution.executor import Limits
from tuner.execution.ray import RayExecutor

pytestmark = pytest.mark.ray

Finish = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield made
    made.shutdown()


def until(condition: Callable[[], bool], executor: Any) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        executor.wait(0.1)
        time.sleep(0.1)
    assert condition()


def test_workers_run_where_there_is_a_core_and_outlive_nodes_that_leave_and_join(
    cluster: Any, tmp_path_factory: pytest.TempPathFactory, toy_job: type, finish: Finish
) -> None:
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    limits = Limits(seconds=60, memory_bytes=4 << 30, attempts=2)
    with closing(
        RayExecutor(toy_job(tmp_path_factory.mktemp("job")), limits, workers=2, address=cluster.address)
    ) as pair:
        for number in (0, 2):
            pair.submit(("where", number))
        on_two = {outcome.result for outcome in finish(pair, 2)}

        for number in (5, 7):
            pair.submit(("wait", number))
        time.sleep(1)
        cluster.remove_node(second)
        ended = finish(pair, 2)
        room_after_loss = pair.room

        cluster.add_node(num_cpus=1)
        until(lambda: pair.room == 2, pair)
        for number in (0, 2):
            pair.submit(("where", number))
        on_two_again = {outcome.result for outcome in finish(pair, 2)}

    assert len(on_two) == 2
    # Both came to their end; the one whose node was lost was tried again on the node that was left.
    assert sorted(outcome.result for outcome in ended) == [105, 107]
    assert sorted(outcome.attempts for outcome in ended) == [1, 2]
    assert room_after_loss == 1
    assert len(on_two_again) == 2
