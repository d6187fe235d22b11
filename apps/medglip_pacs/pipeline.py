# SPDX-License-Identifier: Apache-2.0
"""One worker put together: Orthanc, the model's process, the queue and discovery."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from apps.medglip_pacs.discovery import Discovery
from apps.medglip_pacs.durable_queue import DurableQueue
from apps.medglip_pacs.metrics import Metrics
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.series_job import SeriesJob, SeriesResult
from apps.medglip_pacs.settings import Settings
from apps.medglip_pacs.site_secrets import ORTHANC_PASSWORD, QUEUE_URL, secret
from apps.medglip_pacs.warm_model import WarmModel
from monai_medglip.errors import ConfigurationError

__all__ = ["Pipeline"]

_logger = logging.getLogger(__name__)


class Pipeline:
    """A worker; `start` begins the work, `close` ends it.

    Args:
        settings: of the site.
        redactor: what keeps patients out of logs and reasons.
    """

    def __init__(self, settings: Settings, *, redactor: Redactor) -> None:
        self.settings = settings
        self.redactor = redactor
        folder = Path(settings.state_folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _only_worker_here(folder)
        self.metrics = Metrics()
        self.orthanc = Orthanc(settings.orthanc, password=secret(ORTHANC_PASSWORD))
        self.model = WarmModel(settings.model, timeout_s=settings.limits.job_timeout_s)
        self.queue = DurableQueue(settings, self, redactor=redactor, metrics=self.metrics, url=secret(QUEUE_URL))
        self.discovery = Discovery(self.orthanc, self.queue, settings.series, metrics=self.metrics)
        self._series_job = SeriesJob(
            self.orthanc,
            self.model,
            limits=settings.limits,
            folder=_work_folder(folder),
            redactor=redactor,
            metrics=self.metrics,
            earlier_results=self.queue.earlier_results,
        )

    def start(self) -> None:
        """Begin to work; the model is loaded with the first series."""
        self.queue.launch()
        self.discovery.start()
        _logger.info("%s works with Orthanc at %s", self.settings.worker, self.settings.orthanc.url)

    def close(self) -> None:
        """End the work; what runs is begun again at the next start."""
        self.discovery.close()
        self.queue.close()
        self.model.close()
        self.orthanc.close()
        self._lock.close()

    def ground(self, job: str) -> SeriesResult:
        """Make one try at a series, for the queue."""
        return self._series_job.run(job)

    def deliver(self, instances: Sequence[str], destination: str) -> None:
        """Offer results to a destination once, for the queue."""
        self.orthanc.send(instances, destination)

    def cancel(self, job: str) -> None:
        """Take a job out of the queue, and end the model's process if it works on it."""
        self.queue.cancel(job)
        self.model.abort(job)


def _only_worker_here(folder: Path) -> IO[str]:
    """Hold the state folder, so that no second worker takes up the jobs of this one."""
    lock = (folder / "worker.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationError(
            f"expected a state folder for this worker alone, but another one runs in {folder}; end it, or name another"
        ) from None
    return lock


def _work_folder(state: Path) -> Path:
    folder = state / "work"
    folder.mkdir(exist_ok=True)
    return folder
