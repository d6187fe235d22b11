# SPDX-License-Identifier: Apache-2.0
"""The same results wherever tasks run, also when processes die; with a real pool and a real Dask cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monai_medglip.data_engine.build.schedulers import DaskCluster, InProcess, LocalPool, scheduler_for
from monai_medglip.errors import ConfigurationError, DataError

NUMBERS = range(30)
SQUARES = [number**2 for number in NUMBERS]


def square(number: int) -> int:
    return number**2


def square_dying_once(task: tuple[int, str]) -> int:
    """Ends its process the first time that it has one of two numbers."""
    number, folder = task
    mark = Path(folder) / str(number)
    if number in (5, 17) and not mark.exists():
        mark.touch()
        os._exit(1)
    return number**2


def die(number: int) -> int:
    os._exit(1)


@pytest.mark.parametrize("scheduler", [InProcess(), LocalPool(2)], ids=["here", "pool"])
def test_all_results_come(scheduler) -> None:
    assert sorted(scheduler.run(square, iter(NUMBERS))) == SQUARES


def test_tasks_of_a_process_that_dies_are_done_by_another(tmp_path) -> None:
    tasks = ((number, str(tmp_path)) for number in NUMBERS)
    assert set(LocalPool(2).run(square_dying_once, tasks)) == set(SQUARES)


def test_a_pool_whose_processes_die_again_and_again_gives_up() -> None:
    with pytest.raises(DataError, match="is there memory"):
        list(LocalPool(2).run(die, iter(NUMBERS)))


def test_no_tasks_give_no_results() -> None:
    assert list(LocalPool(2).run(square, iter(()))) == []


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_also_when_a_worker_dies(tmp_path) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is in the extra 'data'")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster:
        tasks = ((number, str(tmp_path)) for number in NUMBERS)
        found = DaskCluster(cluster.scheduler_address).run(square_dying_once, tasks)
        assert set(found) == set(SQUARES)


def test_a_cluster_that_does_not_answer_is_told() -> None:
    pytest.importorskip("distributed", reason="Dask is in the extra 'data'")
    with pytest.raises(ConfigurationError, match="expected a Dask scheduler"):
        list(DaskCluster("tcp://127.0.0.1:1").run(square, iter(NUMBERS)))


def test_one_process_is_this_one_and_more_are_a_pool() -> None:
    assert isinstance(scheduler_for(1, None), InProcess)
    assert scheduler_for(3, None) == LocalPool(3)
    assert scheduler_for(1, "tcp://host:8786") == DaskCluster("tcp://host:8786")


@pytest.mark.parametrize(("processes", "address"), [(0, None), (2, "tcp://host:8786")])
def test_neither_or_both_is_refused(processes, address) -> None:
    with pytest.raises(ConfigurationError, match="processes"):
        scheduler_for(processes, address)
