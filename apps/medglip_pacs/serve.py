# SPDX-License-Identifier: Apache-2.0
"""Running a worker with its status page, and the two smaller commands of a site."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import uvicorn

from apps.medglip_pacs.adoption import adopt_jobs
from apps.medglip_pacs.durable_queue import JobEntry, queue_database
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.page_access import PageAccess
from apps.medglip_pacs.pipeline import Pipeline
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.settings import PageSettings, Settings
from apps.medglip_pacs.site_secrets import ORTHANC_PASSWORD, PAGE_PASSWORD, QUEUE_URL, secret
from apps.medglip_pacs.status_page import status_page
from monai_medglip.errors import ConfigurationError

__all__ = ["adopt", "check", "serve"]

_SHORTEST_PASSWORD = 12
_logger = logging.getLogger(__name__)


def serve(settings: Settings, *, redactor: Redactor) -> None:
    """Work and serve the status page, until the process is told to stop.

    Args:
        settings: of the site.
        redactor: what keeps patients out of logs and reasons.

    Raises:
        ConfigurationError: when the page has no password, or another worker runs in the state folder.
    """
    access = _page_access(settings.page)
    pipeline = Pipeline(settings, redactor=redactor)
    try:
        pipeline.start()
        _page_server(settings.page, pipeline, access).run()
    finally:
        pipeline.close()
        _logger.info("%s has stopped", settings.worker)


def check(settings: Settings) -> None:
    """Check secrets and Orthanc, and log what was found.

    Raises:
        ConfigurationError: when a secret is missing, or Orthanc does not know a destination.
        LaterError: when Orthanc does not answer.
    """
    _page_access(settings.page)
    orthanc = Orthanc(settings.orthanc, password=secret(ORTHANC_PASSWORD))
    _logger.info("Orthanc %s answers", orthanc.version())
    known = orthanc.modalities()
    for destination in settings.destinations:
        if destination.name not in known:
            raise ConfigurationError(
                f"expected destination {destination.name} among Orthanc's DicomModalities, which are {list(known)}"
            )
    _logger.info("settings, secrets and %d destinations are in order", len(settings.destinations))


def adopt(settings: Settings, worker: str) -> None:
    """Queue again what a worker had begun that will not come back.

    Args:
        settings: of any worker on the same queue, which may be running.
        worker: name of the lost one.

    Raises:
        LaterError: when the queue does not answer.
    """
    jobs = adopt_jobs(worker, url=queue_database(settings, secret(QUEUE_URL)))
    for job in jobs:
        _logger.info("job %s is queued again", job)
    _logger.info("%d jobs of %s were queued again", len(jobs), worker)


class _WorkerFacts:
    """What the page asks, of one pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._queue = pipeline.queue
        self.worker = pipeline.settings.worker
        self.counts = self._queue.counts
        self.finished_since = self._queue.finished_since
        self.state = self._queue.state
        self.retry = self._queue.retry
        self.cancel = pipeline.cancel

    def model(self) -> Mapping[str, str]:
        return self._pipeline.model.facts

    def orthanc_answers(self) -> bool:
        return self._pipeline.discovery.reachable

    def latest(self, count: int) -> list[JobEntry]:
        return self._queue.latest(count)

    def failures(self, count: int) -> list[JobEntry]:
        return self._queue.failures(count)

    def metrics(self) -> bytes:
        return self._pipeline.metrics.page(self._queue.counts(), self._pipeline.model.facts)


def _page_access(settings: PageSettings) -> PageAccess:
    password = secret(PAGE_PASSWORD)
    if password is None:
        raise ConfigurationError(f"expected a password for the status page in {PAGE_PASSWORD} or {PAGE_PASSWORD}_FILE")
    if len(password) < _SHORTEST_PASSWORD:
        raise ConfigurationError(
            f"expected at least {_SHORTEST_PASSWORD} characters in the status page's password, got {len(password)}; "
            "nothing else keeps guesses out"
        )
    return PageAccess(settings.user, password)


def _page_server(settings: PageSettings, pipeline: Pipeline, access: PageAccess) -> uvicorn.Server:
    app = status_page(_WorkerFacts(pipeline), access, is_https=settings.certificate is not None)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)
