# SPDX-License-Identifier: Apache-2.0
"""A site for measurements of the PACS pipeline: an Orthanc, a worker, and a second Orthanc as the destination."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from apps.medglip_pacs.local_orthanc import LocalOrthanc
from monai_medglip.dicom import MANUFACTURER

__all__ = ["PASSWORD", "ROOT", "ClinicSite", "free_port", "open_site", "results_by_study"]

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "for-the-measurement-only"


@dataclass
class ClinicSite:
    """Two nodes, a worker and their folders.

    Attributes:
        folder: holds all of them.
        node: receives images and keeps results.
        destination: results are sent on to it.
        page_url: address of the worker's status page.
        worker: the process of the worker, once it was started.
        started: when it was started last [s].
    """

    folder: Path
    node: LocalOrthanc
    destination: LocalOrthanc
    page_url: str
    worker: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    @property
    def state(self) -> Path:
        """The worker's state folder."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """The log of all workers, one after the other."""
        return self.folder / "worker.log"

    def start_worker(self, **environment: str) -> None:
        """Start the worker, with its log after that of the one before."""
        variables = {
            **os.environ,
            "MEDGLIP_PACS_ORTHANC_PASSWORD": PASSWORD,
            "MEDGLIP_PACS_PAGE_PASSWORD": PASSWORD,
            **environment,
        }
        command = [sys.executable, "-m", "apps.medglip_pacs", "serve", str(self.folder / "site.yaml")]
        self.started = time.time()
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)

    def kill_worker(self) -> None:
        """End the worker at once."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    def ask_page(self, path: str) -> str:
        """Return what the status page has at a path, such as ``/metrics``."""
        answer = httpx.get(f"{self.page_url}{path}", auth=("medglip", PASSWORD), trust_env=False, timeout=60)
        return answer.raise_for_status().text

    def ask_queue(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the queue's file in SQL; nothing while it is not there or its disk is full."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.state}/queue.sqlite?mode=ro", uri=True)) as records:
                return records.execute(question).fetchall()
        except sqlite3.Error:
            return []


@contextlib.contextmanager
def open_site(
    folder: Path, settings: Mapping[str, Any], *, stable_age_s: int = 2, senders: Mapping[str, int] | None = None
) -> Iterator[ClinicSite]:
    """Give a site whose nodes and worker are not started yet; all are ended with the block.

    Args:
        folder: for everything that it writes.
        settings: of the worker, but for what this function knows better.
        stable_age_s: how long a series must be quiet to be stable [s].
        senders: AE titles that may store in the node, by their port.
    """
    http, dicom, other_http, other_dicom, page = (free_port() for _ in range(5))
    peers = {"MEDGLIP": other_dicom, **(senders or {})}
    node = LocalOrthanc(folder / "orthanc", http, dicom, PASSWORD, peers, stable_age_s=stable_age_s)
    destination = LocalOrthanc(
        folder / "pacs", other_http, other_dicom, PASSWORD, {"MEDGLIP": dicom}, stable_age_s=stable_age_s
    )
    site = ClinicSite(folder, node, destination, f"http://127.0.0.1:{page}")
    site.state.mkdir()
    filled = {
        **settings,
        "state_folder": str(site.state),
        "orthanc": {"url": node.url, "user": "medglip"},
        "destinations": [{"name": "medglip", "attempts": 30, "first_wait_s": 0.5, "longest_wait_s": 5}],
        "page": {"port": page},
    }
    (folder / "site.yaml").write_text(yaml.safe_dump(filled), encoding="utf-8")
    try:
        yield site
    finally:
        site.kill_worker()
        node.kill()
        destination.kill()


def results_by_study(node: LocalOrthanc) -> defaultdict[str, Counter[str]]:
    """Return the number of our results by modality, by Orthanc's identifier of their study."""
    answer = httpx.get(f"{node.url}/series?expand", auth=("medglip", PASSWORD), trust_env=False, timeout=60)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for series in answer.raise_for_status().json():
        tags = series["MainDicomTags"]
        if tags.get("Manufacturer") == MANUFACTURER:
            found[series["ParentStudy"]][tags["Modality"]] += len(series["Instances"])
    return found


def free_port() -> int:
    """Return a TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
