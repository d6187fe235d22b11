# SPDX-License-Identifier: Apache-2.0
"""Finds the series to ground: Orthanc's changes tell soon, a comparison of all series with the queue tells surely.

Orthanc loses its stable events when it is restarted before they were due, so the changes are only a nudge: nothing is
kept of them, and every start begins with a comparison.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from apps.medglip_pacs.durable_queue import DurableQueue
from apps.medglip_pacs.errors import GoneError, LaterError
from apps.medglip_pacs.metrics import Metrics
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import SeriesSettings
from apps.medglip_pacs.stored_series import StoredSeries

__all__ = ["Discovery"]

_BATCH = 200
_logger = logging.getLogger(__name__)


class Discovery:
    """Asks Orthanc for series in a thread of its own and queues what is new.

    Args:
        orthanc: the DICOM node.
        queue: where jobs go.
        settings: which series, and how often.
        metrics: where figures go.
    """

    def __init__(self, orthanc: Orthanc, queue: DurableQueue, settings: SeriesSettings, *, metrics: Metrics) -> None:
        self._orthanc = orthanc
        self._queue = queue
        self._settings = settings
        self._metrics = metrics
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="discovery", daemon=True)
        self._since = 0
        self.reachable = False

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def reconcile(self) -> int:
        """Compare all series with the queue, and return how many jobs were added."""
        self._since = self._orthanc.last_change()
        for job in self._queue.resume_dropped():
            _logger.warning("job %s counted as running but did not; it is queued again", job)
        self._queue.forget_old()
        return self._add(self._orthanc.all_series())

    def follow_changes(self) -> int:
        """Queue the series that have become stable since the last time, and return how many jobs were added."""
        added, done = 0, False
        while not done:
            changes = self._orthanc.changes(self._since)
            added += self._add(filter(None, map(self._series, changes.stable_series)))
            self._since, done = changes.last, changes.is_done
        return added

    def _run(self) -> None:
        due = 0.0
        while not self._stop.is_set():
            # Also once Orthanc answers again: it may have been restarted, and have lost stable events by that.
            if time.monotonic() >= due or not self.reachable:
                if self._try(self.reconcile):
                    due = time.monotonic() + self._settings.reconcile_every_s
            else:
                self._try(self.follow_changes)
            self._stop.wait(self._settings.poll_every_s)

    def _try(self, ask: Callable[[], int]) -> bool:
        """Ask Orthanc once; whether it answered."""
        try:
            added = ask()
        except LaterError as error:
            if self.reachable:
                _logger.warning("%s; asking again", error)
            self.reachable = False
            return False
        except Exception:  # the thread must live: without it nothing new is found
            _logger.exception("looking for new series failed; trying again")
            return False
        self.reachable = True
        if added:
            _logger.info("%d series queued", added)
        return True

    def _series(self, series: str) -> StoredSeries | None:
        try:
            return self._orthanc.series(series)
        except GoneError:
            return None

    def _add(self, found: Iterable[StoredSeries]) -> int:
        """Queue those series that are wanted and new."""
        chosen, hours = self._settings.modalities, self._settings.look_back_hours
        jobs = [series.job for series in found if series.wanted(chosen, look_back_hours=hours)]
        added = 0
        for start in range(0, len(jobs), _BATCH):
            for job in self._queue.unknown(jobs[start : start + _BATCH]):
                self._queue.add(job)
                self._metrics.queued.inc()
                added += 1
        return added
