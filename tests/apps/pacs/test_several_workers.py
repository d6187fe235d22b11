# SPDX-License-Identifier: Apache-2.0
"""Two workers on one queue in a real PostgreSQL, beside one real Orthanc, with a stand-in for the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.medglip_pacs import __main__ as commands
from apps.medglip_pacs.site_secrets import QUEUE_URL
from tests.apps.pacs.dicom_files import write_series
from tests.apps.pacs.postgresql import PostgreSql
from tests.apps.pacs.running_site import Node, Worker, wait_until

pytestmark = [pytest.mark.clinic, pytest.mark.slow]
DONE = 'medglip_pacs_jobs_total{status="done"}'


@pytest.fixture
def pair(
    make_worker: Callable[..., Worker], postgresql: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> tuple[Worker, Worker]:
    """Two workers with names and state folders of their own, not started."""
    monkeypatch.setenv(QUEUE_URL, postgresql.url)
    limits = {"job_timeout_s": 120, "disk_high_water": 1.0}
    return make_worker("one", worker="one", limits=limits), make_worker("two", worker="two", limits=limits)


def _put(node: Node, folder: Path, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        node.put(write_series(folder / "in", f"series{number}"))


def test_two_workers_share_the_work_and_do_each_series_once(
    node: Node, pair: tuple[Worker, Worker], tmp_path: Path
) -> None:
    for worker in pair:
        worker.start(STAND_IN_S="0.5")
    _put(node, tmp_path, 12)
    wait_until(lambda: pair[0].jobs("done") == 12)
    shares = [worker.figure(DONE) for worker in pair]
    assert sum(shares) == 12
    assert min(shares) > 0
    assert len(node.results()) == 12
    assert pair[1].jobs("done") == 12


def test_what_a_killed_worker_had_begun_is_adopted_by_the_other_while_it_works(
    node: Node, pair: tuple[Worker, Worker], tmp_path: Path
) -> None:
    lost, other = pair
    lost.start(STAND_IN_S="100")
    _put(node, tmp_path, 2)
    wait_until(lambda: lost.jobs("running") == 2)
    lost.kill()
    other.start()
    _put(node, tmp_path, 1, first=2)
    wait_until(lambda: other.jobs("done") == 1)
    assert other.jobs("running") == 2
    assert commands.main(["adopt", str(other.settings), "one"]) == 0
    wait_until(lambda: other.jobs("done") == 3)
    assert len(node.results()) == 3
    assert other.figure(DONE) == 3


def test_what_a_killed_worker_had_begun_is_done_once_after_it_came_back(
    node: Node, pair: tuple[Worker, Worker], tmp_path: Path
) -> None:
    for worker in pair:
        worker.start(STAND_IN_S="5")
    _put(node, tmp_path, 4)
    wait_until(lambda: pair[0].jobs("running") == 4)
    pair[0].kill()
    pair[0].start(STAND_IN_S="0")
    wait_until(lambda: pair[1].jobs("done") == 4)
    # Its jobs went back to the queue when it came back, so the other one may have taken them.
    assert sum(worker.figure(DONE) for worker in pair) == 4
    assert len(node.results()) == 4


def test_work_goes_on_after_the_database_broke_down(
    node: Node, pair: tuple[Worker, Worker], postgresql: PostgreSql, tmp_path: Path
) -> None:
    for worker in pair:
        worker.start(STAND_IN_S="1")
    _put(node, tmp_path, 6)
    wait_until(lambda: pair[0].jobs("running") > 0)
    postgresql.control("restart", mode="immediate")
    _put(node, tmp_path, 2, first=6)
    wait_until(lambda: len(node.results()) == 8)
    wait_until(lambda: pair[0].jobs("done") == 8)
