# SPDX-License-Identifier: Apache-2.0
"""One try at one series: fetch it, ground it, store the result set in Orthanc, remove the set that it replaces.

A try that is cut off anywhere is simply made again: its folder is emptied first, and the same series gives results with
the same UIDs, which Orthanc stores once.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from apps.medglip_pacs.disk import check_room, used_share
from apps.medglip_pacs.errors import GoneError, LaterError, PipelineError, QuarantineError
from apps.medglip_pacs.identifying_values import identifying_values
from apps.medglip_pacs.metrics import Metrics
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.settings import LimitSettings
from apps.medglip_pacs.stored_series import StoredSeries
from apps.medglip_pacs.warm_model import ModelOutcome, WarmModel

__all__ = ["SeriesJob", "SeriesResult"]

_MIB = 1 << 20
_DOWNLOADS = 8
"""Instances that are fetched at once: each answer of Orthanc takes some 70 ms on a busy machine, mostly waiting."""


@dataclass(frozen=True)
class SeriesResult:
    """What a try at a series gave.

    Attributes:
        status: ``done``, ``refused`` or ``not selected``.
        reason: why it was refused or not selected.
        stored: Orthanc's identifiers of the stored results.
        modality: of the series.
    """

    status: str
    reason: str
    stored: tuple[str, ...]
    modality: str


class SeriesJob:
    """Does the work of jobs.

    Args:
        orthanc: the DICOM node.
        model: what grounds a series.
        limits: what a series may cost.
        folder: where series lie while they are worked on.
        redactor: what keeps patients out of reasons.
        metrics: where figures go.
        earlier_results: gives the instances that earlier jobs for a series stored, the named job's own left out.
    """

    def __init__(
        self,
        orthanc: Orthanc,
        model: WarmModel,
        *,
        limits: LimitSettings,
        folder: Path,
        redactor: Redactor,
        metrics: Metrics,
        earlier_results: Callable[[str], Collection[str]],
    ) -> None:
        self._orthanc = orthanc
        self._model = model
        self._limits = limits
        self._folder = folder
        self._redactor = redactor
        self._metrics = metrics
        self._earlier_results = earlier_results

    def run(self, job: str) -> SeriesResult:
        """Make one try.

        Args:
            job: name of the job, of which Orthanc's identifier of the series is the part before the dot.

        Raises:
            LaterError: when it is to be tried again.
            QuarantineError: when it is not.
            GoneError: when the series is no longer there, or no longer the same.
        """
        series = self._orthanc.series(job.partition(".")[0])
        if series.job != job:
            raise GoneError("the series has changed since; there is, or will be, another job for it")
        hide = identifying_values(self._orthanc.header(series.id))
        with self._redactor.hiding(hide), self._plain_reasons(), self._own_folder(job) as folder:
            return self._work(series, folder, hide)

    def _work(self, series: StoredSeries, folder: Path, hide: Iterable[str]) -> SeriesResult:
        with self._metrics.stage("fetch"):
            self._fetch(series, folder / "in")
        with self._metrics.stage("ground"):
            outcome = self._model.run(series.job, folder / "in", folder / "out", hide=hide)
        self._metrics.model_starts.set(self._model.starts)
        with self._metrics.stage("store"):
            stored = self._store(series, outcome)
        self._metrics.lag.observe((datetime.now(timezone.utc) - series.last_update).total_seconds())
        return SeriesResult(outcome.status, outcome.reason, stored, series.modality)

    def _fetch(self, series: StoredSeries, folder: Path) -> None:
        """Bring the instances of a series into a folder, if there is room."""
        size = self._checked_bytes(series)
        self._metrics.disk_used.set(used_share(self._folder))
        check_room(self._folder, needed_bytes=2 * size, high_water=self._limits.disk_high_water)
        folder.mkdir()
        with ThreadPoolExecutor(_DOWNLOADS, thread_name_prefix="fetch") as pool:
            paths = (folder / f"{instance}.dcm" for instance in series.instances)
            list(pool.map(self._orthanc.download, series.instances, paths))

    def _checked_bytes(self, series: StoredSeries) -> int:
        """Size of a series [bytes], if it is within the limits and alone in bearing its UIDs."""
        if len(series.instances) > self._limits.series_instances:
            limit = self._limits.series_instances
            raise QuarantineError(f"the series has {len(series.instances)} instances; at most {limit} are taken")
        size = self._orthanc.series_bytes(series.id)
        if size > self._limits.series_mib * _MIB:
            raise QuarantineError(
                f"the series has {size / _MIB:.0f} MiB; at most {self._limits.series_mib:g} are taken"
            )
        if namesakes := self._orthanc.namesakes(series.id):
            # UIDs of results follow from those of the images: an archive would take the results of both for the same.
            raise QuarantineError(
                f"{namesakes} instances of other series or patients in Orthanc have the same SOP Instance UIDs; remove "
                "those that are wrong, then begin the job again"
            )
        return size

    def _store(self, series: StoredSeries, outcome: ModelOutcome) -> tuple[str, ...]:
        """Store the DICOM files of a result set, then remove what an earlier job stored for this series."""
        files = sorted(path for path in outcome.files if path.suffix == ".dcm")
        if outcome.status == "done" and not files:
            raise QuarantineError("the work on the series was done, but gave no DICOM file")
        stored = tuple(self._orthanc.upload(path) for path in files)
        if stored:
            for instance in set(self._earlier_results(series.job)) - set(stored):
                self._orthanc.delete(instance)
        return stored

    @contextlib.contextmanager
    def _own_folder(self, job: str) -> Iterator[Path]:
        """An empty folder for a try, gone when it ends."""
        folder = self._folder / job
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _plain_reasons(self) -> Iterator[None]:
        """Let errors out with reasons that do not name the patient, and a full disk as something that passes."""
        try:
            yield
        except PipelineError as error:
            raise type(error)(self._redactor.redact(str(error))) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise LaterError("the disk is full") from None
