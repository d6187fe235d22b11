# SPDX-License-Identifier: Apache-2.0
"""The queue: jobs that survive a killed worker, on DBOS; a file by default, PostgreSQL for several workers.

A job is a DBOS workflow whose name is the job's, so that a series is queued once however often it is found. A try at a
series, and an offer to a destination, is one step: made at least once, and again when the worker was killed in it.
Why DBOS: ``docs/decisions/0014-durable-queue.md``.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, Protocol

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus
from sqlalchemy.exc import SQLAlchemyError

from apps.medglip_pacs.back_off import wait_s
from apps.medglip_pacs.errors import GoneError, LaterError, ModelDiedError, QuarantineError
from apps.medglip_pacs.metrics import Metrics
from apps.medglip_pacs.queue_counts import QueueCounts
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.series_job import SeriesResult
from apps.medglip_pacs.settings import Settings

__all__ = ["DurableQueue", "JobEntry", "Steps", "queue_database"]

SERIES_JOB, DELIVERY = "series_job", "delivery"
_SERIES_QUEUE = "series"
_FORMAT = "1"
"""Jobs of another format are not resumed; a release that keeps the format resumes what the one before it left."""

_STARTS = 50
"""How often a job may be begun by a worker that is then killed, before it is set aside."""

_DELIVERIES_AT_ONCE = 2
_FAILED = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_SETTLED = ("SUCCESS", "CANCELLED", *_FAILED)
_WAITING = ("ENQUEUED", "DELAYED", "PENDING")
_STATES = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_logger = logging.getLogger(__name__)


class Steps(Protocol):
    """The two things that jobs do; both raise `LaterError`, `QuarantineError` or `GoneError`."""

    def ground(self, job: str) -> SeriesResult:
        """Make one try at a series."""

    def deliver(self, instances: Sequence[str], destination: str) -> None:
        """Offer stored results to a destination once."""


@dataclass(frozen=True)
class JobEntry:
    """One job as the status page shows it.

    Attributes:
        job: its name; for a delivery the series' job, ``>`` and the destination.
        is_delivery: whether it sends results on rather than grounds a series.
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        result: what came of it, with the reason where it failed.
        queued: when it was queued, in UTC.
        seconds: from being queued to its end [s]; None before it has ended.
    """

    job: str
    is_delivery: bool
    state: str
    result: str
    queued: datetime
    seconds: float | None


class DurableQueue:
    """The jobs of this site. One at a time can exist in a process.

    Args:
        settings: of the site.
        steps: what jobs do.
        redactor: what keeps patients out of reasons.
        metrics: where figures go.
        url: as for `queue_database`.
    """

    def __init__(
        self, settings: Settings, steps: Steps, *, redactor: Redactor, metrics: Metrics, url: str | None = None
    ) -> None:
        self._settings = settings
        self._steps = steps
        self._redactor = redactor
        self._metrics = metrics
        self._destinations = {destination.name: destination for destination in settings.destinations}
        self._running: set[str] = set()
        self._lock = threading.Lock()
        place = queue_database(settings, url)
        self._counts = QueueCounts(place)
        DBOS(config=_config(settings, place))
        _send_log_through_ours()
        self._try_series = DBOS.step(name="try_series")(lambda job: self._attempt_series(job))
        self._try_delivery = DBOS.step(name="try_delivery")(lambda *order: self._attempt_delivery(*order))
        register = partial(DBOS.workflow, max_recovery_attempts=_STARTS)
        self._series_job = register(name=SERIES_JOB)(lambda job: self._run_series(job))
        self._delivery = register(name=DELIVERY)(lambda *order: self._run_delivery(*order))

    def launch(self) -> None:
        """Start to work, first on what a killed worker left.

        Raises:
            LaterError: when the database cannot be used, as when the disk is full.
        """
        try:
            DBOS.launch()
        except SQLAlchemyError as error:
            raise LaterError(f"the queue cannot be opened: {_first_line(error)}; start the worker again") from error
        DBOS.register_queue(
            _SERIES_QUEUE,
            worker_concurrency=self._settings.series.at_once,
            polling_interval_sec=0.5,
            on_conflict="always_update",
        )
        for name in self._destinations:
            DBOS.register_queue(
                _delivery_queue(name), worker_concurrency=_DELIVERIES_AT_ONCE, on_conflict="always_update"
            )

    def close(self) -> None:
        """Stop to work; what runs is begun again at the next launch."""
        DBOS.destroy(destroy_registry=True)
        self._counts.close()

    def unknown(self, jobs: Collection[str]) -> list[str]:
        """Return those of some jobs that were never queued."""
        known = {entry.workflow_id for entry in _listed(workflow_ids=list(jobs))} if jobs else set()
        return [job for job in jobs if job not in known]

    def add(self, job: str) -> None:
        """Queue the job of a series; one that is known is left as it is."""
        with SetWorkflowID(job):
            DBOS.enqueue_workflow(_SERIES_QUEUE, self._series_job, job)

    def retry(self, job: str) -> None:
        """Begin a job that failed or was cancelled from its start."""
        queue = next(entry.queue_name for entry in _listed(workflow_ids=[job]))
        DBOS.rewind_workflow(job, queue_name=queue if queue and not queue.startswith("_") else _SERIES_QUEUE)

    def cancel(self, job: str) -> None:
        """Take a job out of the queue, or stop it before its next step."""
        DBOS.cancel_workflow(job)

    def state(self, job: str) -> str | None:
        """Return the state of a job; None where there is no such job."""
        return next((_STATES[entry.status] for entry in _listed(workflow_ids=[job])), None)

    def counts(self) -> dict[str, int]:
        """Return the number of jobs by state, series and deliveries together."""
        found: Counter[str] = Counter()
        for status, count in self._counts.by_status().items():
            found[_STATES[status]] += count
        return dict(found)

    def finished_since(self, moment: datetime) -> int:
        """Return how many series were finished since a moment."""
        return self._counts.succeeded_since(moment, name=SERIES_JOB)

    def latest(self, count: int) -> list[JobEntry]:
        """Return the jobs queued last."""
        return [_entry(status) for status in _listed(limit=count, sort_desc=True, load_output=True)]

    def failures(self, count: int) -> list[JobEntry]:
        """Return the jobs that failed last."""
        failed = _listed(status=list(_FAILED), limit=count, sort_desc=True, load_output=True)
        return [_entry(status) for status in failed]

    def earlier_results(self, job: str) -> set[str]:
        """Return the instances that other jobs for the same series stored."""
        series = job.partition(".")[0]
        others = [entry.workflow_id for entry in _listed(name=SERIES_JOB, workflow_id_prefix=f"{series}.")]
        return {instance for other in others if other != job for instance in _stored(other)}

    def resume_dropped(self) -> list[str]:
        """Queue again what counts as running here but does not, as when its end could not be recorded."""
        pending = _listed(status="PENDING", executor_id=self._settings.worker)
        with self._lock:
            dropped = [entry for entry in pending if entry.workflow_id not in self._running]
        for entry in dropped:
            DBOS.resume_workflow(entry.workflow_id, queue_name=entry.queue_name)
        return [entry.workflow_id for entry in dropped]

    def forget_old(self) -> int:
        """Remove the records of jobs that ended long ago, and return how many."""
        before = datetime.now(timezone.utc) - timedelta(days=self._settings.limits.keep_days)
        old = [entry.workflow_id for entry in _listed(status=list(_SETTLED), completed_before=before.isoformat())]
        if old:
            DBOS.delete_workflows(old)
        return len(old)

    def _run_series(self, job: str) -> dict[str, Any]:
        """A job: try until it is settled, send results on, and fail when a person has to look."""
        limits, deaths, attempt = self._settings.limits, 0, 0
        with self._marked(job):
            while True:
                tried = self._try_series(job)
                deaths += tried["status"] == "died"
                if tried["status"] == "later":
                    attempt += 1
                    DBOS.sleep(wait_s(attempt, first_s=limits.retry_first_s, longest_s=limits.retry_longest_s))
                elif tried["status"] != "died" or deaths >= limits.model_deaths:
                    break
            for destination in tried["destinations"]:
                order = (tried["stored"], destination)
                with SetWorkflowID(f"{job}>{destination}.{_digest(tried['stored'])}"):
                    DBOS.enqueue_workflow(_delivery_queue(destination), self._delivery, *order)
            self._metrics.jobs.labels(tried["status"]).inc()
            if tried["status"] in ("died", "quarantined", "refused"):
                _logger.warning("job %s is set aside: %s", job, tried["reason"])
                raise QuarantineError(tried["reason"])
            return tried

    def _run_delivery(self, instances: Sequence[str], destination: str) -> dict[str, Any]:
        """A delivery: offer results until they are taken, or often enough."""
        where = self._destinations.get(destination)
        if where is None:
            raise QuarantineError(f"{destination} is no longer among the destinations; put it back, then retry")
        with self._marked(str(DBOS.workflow_id)):
            for attempt in range(1, where.attempts + 1):
                reason = self._try_delivery(instances, destination)
                if reason is None:
                    return {"status": "delivered", "reason": ""}
                if attempt < where.attempts:
                    DBOS.sleep(wait_s(attempt, first_s=where.first_wait_s, longest_s=where.longest_wait_s))
            _logger.warning("results for %s are set aside: %s", destination, reason)
            raise QuarantineError(f"offered {where.attempts} times; the last time: {reason}")

    def _attempt_series(self, job: str) -> dict[str, Any]:
        """One try at a series, as a record: steps give values, since a recorded error loses its type."""
        empty: dict[str, Any] = {"stored": [], "destinations": []}
        try:
            result = self._steps.ground(job)
        except LaterError as error:
            self._metrics.retries.labels("later").inc()
            return {**empty, "status": "later", "reason": str(error)}
        except ModelDiedError as error:
            self._metrics.retries.labels("model died").inc()
            return {**empty, "status": "died", "reason": str(error)}
        except GoneError as error:
            return {**empty, "status": "gone", "reason": str(error)}
        except QuarantineError as error:
            return {**empty, "status": "quarantined", "reason": str(error)}
        except Exception as error:  # one series must not stop the queue; the log has the traceback
            _logger.exception("job %s failed in a way that was not foreseen", job)
            return {
                **empty,
                "status": "quarantined",
                "reason": self._redactor.redact(f"{type(error).__name__}: {error}"),
            }
        return {**asdict(result), "stored": list(result.stored), "destinations": self._targets(result)}

    def _attempt_delivery(self, instances: Sequence[str], destination: str) -> str | None:
        """One offer; None when the results were taken, else why they were not."""
        try:
            self._steps.deliver(instances, destination)
        except (LaterError, QuarantineError, GoneError) as error:
            self._metrics.deliveries.labels(destination, "not accepted").inc()
            return self._redactor.redact(str(error))
        self._metrics.deliveries.labels(destination, "accepted").inc()
        return None

    def _targets(self, result: SeriesResult) -> list[str]:
        return list(self._destinations) if result.stored else []

    @contextmanager
    def _marked(self, job: str) -> Iterator[None]:
        """Know that a job runs in this process."""
        with self._lock:
            self._running.add(job)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(job)


def queue_database(settings: Settings, url: str | None = None) -> str:
    """Return where the queue is kept.

    Args:
        settings: of the site.
        url: PostgreSQL database; None: a file in the state folder.
    """
    return url or f"sqlite:///{settings.state_folder}/queue.sqlite"


def _config(settings: Settings, url: str) -> DBOSConfig:
    return DBOSConfig(
        name="medglip_pacs",
        system_database_url=url,
        executor_id=settings.worker,
        application_version=_FORMAT,
        serializer=DBOSPortableJSONSerializer(),
        enable_otlp=False,
        log_level="WARNING",
    )


def _first_line(error: SQLAlchemyError) -> str:
    return str(error).partition("\n")[0]


def _send_log_through_ours() -> None:
    """DBOS prints on its own; let its records take the way of all others, where patients are kept out."""
    log = logging.getLogger("dbos")
    log.handlers.clear()
    log.propagate = True


def _listed(*, load_output: bool = False, **which: Any) -> list[WorkflowStatus]:
    return DBOS.list_workflows(load_input=False, load_output=load_output, **which)


def _stored(job: str) -> list[str]:
    """What the tries of one job have stored."""
    tries = (step["output"] for step in DBOS.list_workflow_steps(job) if step["function_name"] == "try_series")
    return [instance for tried in tries if tried for instance in tried["stored"]]


def _entry(status: WorkflowStatus) -> JobEntry:
    created = datetime.fromtimestamp((status.created_at or 0) / 1000, timezone.utc)
    seconds = (status.completed_at - status.created_at) / 1000 if status.completed_at and status.created_at else None
    return JobEntry(
        job=status.workflow_id,
        is_delivery=status.name == DELIVERY,
        state=_STATES[status.status],
        result=_result(status),
        queued=created,
        seconds=seconds,
    )


def _result(status: WorkflowStatus) -> str:
    if status.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return f"the worker ended {_STARTS} times while it had this job"
    if status.error is not None:
        return str(status.error)
    if status.status == "PENDING":
        return _why_waiting(status.workflow_id)
    if isinstance(status.output, Mapping):
        return ": ".join(filter(None, (status.output["status"], status.output["reason"])))
    return ""


def _why_waiting(job: str) -> str:
    """Why the last try of a running job is to be repeated; empty where there was none."""
    outputs = [step["output"] for step in DBOS.list_workflow_steps(job) if step["function_name"].startswith("try_")]
    last = outputs[-1] if outputs else None
    reason = last["reason"] if isinstance(last, Mapping) else last
    return f"waiting: {reason}" if reason else ""


def _delivery_queue(destination: str) -> str:
    return f"to-{destination}"


def _digest(instances: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(instances)).encode()).hexdigest()[:8]
