# SPDX-License-Identifier: Apache-2.0
"""What Prometheus may read: counts, stages and lags; no label ever holds anything of a patient."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

__all__ = ["Metrics"]

_NAMESPACE = "medglip_pacs"
_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 900, 1800)


class Metrics:
    """The figures of one worker since it was started."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.queued = Counter("series_queued", "Series that became jobs", namespace=_NAMESPACE, registry=self._registry)
        self.jobs = Counter(
            "jobs", "Jobs that ended, by how", ["status"], namespace=_NAMESPACE, registry=self._registry
        )
        self.retries = Counter(
            "job_retries",
            "Tries of a job that are to be repeated, by why",
            ["reason"],
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self.deliveries = Counter(
            "deliveries",
            "Result sets offered to a destination",
            ["destination", "status"],
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self.model_starts = Gauge(
            "model_starts", "How often the model's process was started", namespace=_NAMESPACE, registry=self._registry
        )
        self.disk_used = Gauge(
            "disk_used_ratio",
            "Share of the disk under the state folder that is taken",
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self._stages = Histogram(
            "stage_seconds",
            "Time per stage of a job",
            ["stage"],
            buckets=_SECONDS,
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self.lag = Histogram(
            "lag_seconds",
            "Last instance received to results stored",
            buckets=_SECONDS,
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self._waiting = Gauge(
            "queue_jobs",
            "Jobs in the queue's records, by state",
            ["state"],
            namespace=_NAMESPACE,
            registry=self._registry,
        )
        self._model = Info("model", "The model that is loaded", namespace=_NAMESPACE, registry=self._registry)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of a job."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(time.perf_counter() - start)

    def page(self, queue: Mapping[str, int], model: Mapping[str, str]) -> bytes:
        """Return all figures in Prometheus' text form.

        Args:
            queue: number of jobs by state.
            model: name, version and checksum of the model.
        """
        self._waiting.clear()
        for state, count in queue.items():
            self._waiting.labels(state).set(count)
        self._model.info(dict(model))
        return generate_latest(self._registry)
