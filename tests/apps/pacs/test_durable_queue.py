# SPDX-License-Identifier: Apache-2.0
"""The queue with steps that do what a test wants; the queue itself is the real one, in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from apps.medglip_pacs.adoption import adopt_jobs
from apps.medglip_pacs.durable_queue import DurableQueue
from apps.medglip_pacs.errors import GoneError, LaterError, ModelDiedError, QuarantineError
from apps.medglip_pacs.metrics import Metrics
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.series_job import SeriesResult
from apps.medglip_pacs.settings import DestinationSettings, LimitSettings, Settings
from tests.apps.pacs.running_site import wait_until

DONE = SeriesResult("done", "", ("i1",), "CT")


class _Steps:
    """Gives prepared outcomes, one for each try, the last again and again."""

    def __init__(self) -> None:
        self.series: list[SeriesResult | Exception] = [DONE]
        self.deliveries: list[Exception | None] = [None]
        self.tried: list[str] = []
        self.offered: list[tuple[tuple[str, ...], str]] = []

    def ground(self, job: str) -> SeriesResult:
        self.tried.append(job)
        outcome = self.series.pop(0) if len(self.series) > 1 else self.series[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def deliver(self, instances: Sequence[str], destination: str) -> None:
        self.offered.append((tuple(instances), destination))
        outcome = self.deliveries.pop(0) if len(self.deliveries) > 1 else self.deliveries[0]
        if outcome is not None:
            raise outcome


@pytest.fixture
def steps() -> _Steps:
    return _Steps()


@pytest.fixture
def make_queue(tmp_path: Path, steps: _Steps) -> Iterator[Callable[..., DurableQueue]]:
    """Launches a queue in the test's folder; one at a time."""
    made: list[DurableQueue] = []

    def make(*destinations: DestinationSettings) -> DurableQueue:
        limits = LimitSettings(retry_first_s=0.01, retry_longest_s=0.02, model_deaths=2)
        settings = Settings(state_folder=str(tmp_path), limits=limits, destinations=destinations)
        made.append(DurableQueue(settings, steps, redactor=Redactor(), metrics=Metrics()))
        made[-1].launch()
        return made[-1]

    yield make
    made[-1].close()


@pytest.fixture
def queue(make_queue: Callable[..., DurableQueue]) -> DurableQueue:
    return make_queue()


def _settled(queue: DurableQueue, job: str, state: str) -> None:
    wait_until(lambda: queue.state(job) == state)


def test_a_job_that_is_added_again_is_done_once(queue: DurableQueue, steps: _Steps) -> None:
    for _ in range(3):
        queue.add("s.1")
    _settled(queue, "s.1", "done")
    queue.add("s.1")
    assert queue.unknown(["s.1", "s.2"]) == ["s.2"]
    assert steps.tried == ["s.1"]


def test_what_passes_is_waited_for(queue: DurableQueue, steps: _Steps) -> None:
    steps.series = [LaterError("away"), LaterError("away"), DONE]
    queue.add("s.1")
    _settled(queue, "s.1", "done")
    assert len(steps.tried) == 3


@pytest.mark.parametrize(
    ("outcome", "state", "tries", "word"),
    [
        (QuarantineError("broken"), "failed", 1, "broken"),
        (ModelDiedError("it crashed"), "failed", 2, "it crashed"),
        (ZeroDivisionError("of 1.2.840.10008.5.1"), "failed", 1, "ZeroDivisionError: of [uid]"),
        (SeriesResult("refused", "a gap", ("i1",), "CT"), "failed", 1, "a gap"),
        (SeriesResult("not selected", "no rule", (), "CT"), "done", 1, "not selected: no rule"),
        (GoneError("removed"), "done", 1, "gone: removed"),
    ],
)
def test_each_outcome_ends_as_it_should(
    queue: DurableQueue, steps: _Steps, outcome: SeriesResult | Exception, state: str, tries: int, word: str
) -> None:
    steps.series = [outcome]
    queue.add("s.1")
    _settled(queue, "s.1", state)
    assert len(steps.tried) == tries
    assert word in queue.latest(1)[0].result
    assert [entry.job for entry in queue.failures(9)] == (["s.1"] if state == "failed" else [])


def test_a_failed_job_can_be_begun_again(queue: DurableQueue, steps: _Steps) -> None:
    steps.series = [QuarantineError("broken"), DONE]
    queue.add("s.1")
    _settled(queue, "s.1", "failed")
    queue.retry("s.1")
    _settled(queue, "s.1", "done")
    assert steps.tried == ["s.1", "s.1"]


def test_a_waiting_job_can_be_cancelled_and_says_why_it_waits(queue: DurableQueue, steps: _Steps) -> None:
    steps.series = [LaterError("disk full")]
    queue.add("s.1")
    wait_until(lambda: "waiting: disk full" in queue.latest(1)[0].result)
    queue.cancel("s.1")
    _settled(queue, "s.1", "cancelled")


def test_results_go_to_each_destination_until_they_are_taken(
    make_queue: Callable[..., DurableQueue], steps: _Steps
) -> None:
    steps.deliveries = [LaterError("refused"), None]
    queue = make_queue(*(DestinationSettings(name, attempts=3, first_wait_s=0.01) for name in ("pacs", "archive")))
    queue.add("s.1")
    wait_until(lambda: queue.counts() == {"done": 3})
    assert sorted(set(steps.offered)) == [(("i1",), "archive"), (("i1",), "pacs")]
    assert len(steps.offered) == 3


def test_a_destination_that_never_takes_them_is_set_aside_and_the_series_is_done(
    make_queue: Callable[..., DurableQueue], steps: _Steps
) -> None:
    steps.deliveries = [LaterError("refused")]
    queue = make_queue(DestinationSettings("pacs", attempts=2, first_wait_s=0.01))
    queue.add("s.1")
    wait_until(lambda: queue.counts() == {"done": 1, "failed": 1})
    assert queue.failures(9)[0].result == "offered 2 times; the last time: refused"


def test_the_results_of_other_jobs_for_a_series_are_known_failed_ones_too(queue: DurableQueue, steps: _Steps) -> None:
    steps.series = [SeriesResult("refused", "a gap", ("i1",), "CT"), SeriesResult("done", "", ("i2", "i3"), "CT"), DONE]
    for job in ("s.1", "s.2", "t.1"):
        queue.add(job)
        wait_until(lambda job=job: queue.state(job) in ("done", "failed"))  # type: ignore[misc]
    assert queue.earlier_results("s.3") == {"i1", "i2", "i3"}
    assert queue.earlier_results("s.2") == {"i1"}


def test_nothing_that_runs_is_taken_for_dropped(queue: DurableQueue, steps: _Steps, tmp_path: Path) -> None:
    steps.series = [LaterError("away")]
    queue.add("s.1")
    wait_until(lambda: queue.state("s.1") == "running")
    assert queue.resume_dropped() == []
    assert adopt_jobs("another worker", url=f"sqlite:///{tmp_path}/queue.sqlite") == []


def test_series_that_were_finished_are_counted_from_a_moment_on_and_deliveries_are_not(
    make_queue: Callable[..., DurableQueue], steps: _Steps
) -> None:
    before = datetime.now(timezone.utc)
    queue = make_queue(DestinationSettings("pacs"))
    queue.add("s.1")
    wait_until(lambda: queue.counts() == {"done": 2})
    assert queue.finished_since(before) == 1
    assert queue.finished_since(datetime.now(timezone.utc) + timedelta(seconds=1)) == 0


def test_a_queue_that_cannot_be_opened_is_for_later(make_queue: Callable[..., DurableQueue], tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(LaterError, match="cannot be opened"):
        make_queue()
