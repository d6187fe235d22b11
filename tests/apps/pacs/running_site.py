# SPDX-License-Identifier: Apache-2.0
"""A real Orthanc, and a worker in a process of its own with the stand-in for the model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from apps.medglip_pacs.dicom_tls import DicomTls
from apps.medglip_pacs.local_orthanc import LocalOrthanc, find_orthanc
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import OrthancSettings

PASSWORD = "orthanc-secret-for-tests"
PAGE_PASSWORD = "page-secret-for-tests"
REPOSITORY = Path(__file__).resolve().parents[3]


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], *, seconds: float = 180) -> None:
    """Wait until something holds, and fail when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.2)


@dataclass
class Node:
    """A running Orthanc and a client of it."""

    process: LocalOrthanc
    client: Orthanc

    def put(self, paths: list[Path]) -> None:
        for path in paths:
            self.client.upload(path)

    def results(self) -> list[str]:
        """Orthanc's identifiers of the stored results."""
        return [
            instance for series in self.client.all_series() if series.is_own_result for instance in series.instances
        ]


@contextmanager
def running_node(
    folder: Path, *, nowhere: int = 1, tls: DicomTls | None = None, dicomweb: bool = False
) -> Iterator[Node]:
    """An Orthanc in a folder, with one sender and destination 'nowhere' at a port."""
    if find_orthanc() is None:
        pytest.skip("Orthanc is not installed (Debian: apt install orthanc)")
    process = LocalOrthanc(
        folder,
        free_port(),
        free_port(),
        PASSWORD,
        senders={"NOWHERE": nowhere},
        stable_age_s=1,
        tls=tls,
        dicomweb=dicomweb,
    )
    process.start()
    client = Orthanc(OrthancSettings(url=process.url, user="medglip"), password=PASSWORD)
    yield Node(process, client)
    client.close()
    process.stop()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """An Orthanc of the test's own, with an unreachable destination 'nowhere'."""
    with running_node(tmp_path / "orthanc") as running:
        yield running


class Worker:
    """A worker in a process of its own, that can be killed and started again."""

    def __init__(self, folder: Path, node: Node, **changes: object) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "worker.log"
        self.settings = folder / "site.yaml"
        settings = {
            "state_folder": str(folder / "state"),
            "orthanc": {"url": node.process.url, "user": "medglip"},
            "series": {"poll_every_s": 0.3, "reconcile_every_s": 3},
            "limits": {"job_timeout_s": 5, "retry_first_s": 0.3, "retry_longest_s": 1, "disk_high_water": 1.0},
            "model": {"work": "tests.apps.pacs.stand_in:open_stand_in"},
            "page": {"port": self.port},
            **changes,
        }
        self.settings.write_text(yaml.safe_dump(settings), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        variables = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "MEDGLIP_PACS_ORTHANC_PASSWORD": PASSWORD,
            "MEDGLIP_PACS_PAGE_PASSWORD": PAGE_PASSWORD,
            **environment,
        }
        command = [sys.executable, "-m", "apps.medglip_pacs", "serve", str(self.settings)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=REPOSITORY, env=variables, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=60)

    def ask(self, path: str) -> str:
        """The text at an address of the status page, empty while it is not up."""
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            return httpx.get(url, auth=("medglip", PAGE_PASSWORD), trust_env=False, timeout=20).text
        except httpx.TransportError:
            return ""

    def figure(self, name: str) -> float:
        """A figure of the metrics, 0 while there is none."""
        lines = (line.rsplit(" ", 1) for line in self.ask("/metrics").splitlines() if line.startswith(name + " "))
        return next((float(value) for _, value in lines), 0.0)

    def jobs(self, state: str) -> int:
        return int(self.figure(f'medglip_pacs_queue_jobs{{state="{state}"}}'))


@pytest.fixture
def make_worker(tmp_path: Path, node: Node) -> Iterator[Callable[..., Worker]]:
    """Makes a worker on the test's Orthanc, in a folder within the test's own; all are ended after the test."""
    made: list[Worker] = []

    def make(folder: str = ".", **changes: object) -> Worker:
        (tmp_path / folder).mkdir(exist_ok=True)
        made.append(Worker(tmp_path / folder, node, **changes))
        return made[-1]

    yield make
    for worker in made:
        worker.kill()
