# SPDX-License-Identifier: Apache-2.0
"""An Orthanc of one's own as a plain process, for a trial, tests and measurements; not how a site runs one.

It answers on this machine alone as far as Orthanc 1.10 can: its REST interface refuses other machines, its DICOM port
listens everywhere and accepts the application entities that are given, from this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from apps.medglip_pacs.dicom_tls import DicomTls
from monai_medglip.errors import ConfigurationError

__all__ = ["LocalOrthanc", "find_dicomweb", "find_orthanc", "start_orthanc"]

AE_TITLE = "MEDGLIP"
_START_S = 30.0
_DICOMWEB = Path("/", "usr", "share", "orthanc", "plugins", "libOrthancDicomWeb.so")  # Debian's place for it


def find_orthanc() -> str | None:
    """Return the path of the Orthanc program, or None where it is not installed."""
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def find_dicomweb() -> Path | None:
    """Return the path of Orthanc's DICOMweb plugin, or None where it is not installed."""
    return _DICOMWEB if _DICOMWEB.is_file() else None


def start_orthanc(configuration: Path, *, log: Path) -> subprocess.Popen[bytes]:
    """Start Orthanc as a plain process.

    Args:
        configuration: a JSON file, or a folder of them; relative paths in it are relative to where it lies.
        log: the file to which its log is added.

    Raises:
        ConfigurationError: when Orthanc is not installed.
    """
    program = find_orthanc()
    if program is None:
        raise ConfigurationError("expected the program Orthanc, found none; install it (Debian: apt install orthanc)")
    # DCMTK reads TCP_NODELAY: without it each C-STORE answer waits some 45 ms.
    environment = {**os.environ, "TCP_NODELAY": "1"}
    with log.open("ab") as file:
        return subprocess.Popen(
            [program, str(configuration)], env=environment, stdout=file, stderr=file, start_new_session=True
        )


@dataclass
class LocalOrthanc:
    """An Orthanc process with its state in a folder.

    Attributes:
        folder: for configuration, database and log.
        http_port: of the REST interface.
        dicom_port: of the DICOM node.
        password: of the user ``medglip`` of the REST interface.
        senders: AE titles that may store, by the port at which they can be reached.
        stable_age_s: how long a series must be quiet to be stable [s].
        storage_mib: most that is kept before the oldest goes [MiB]; 0: without end.
        tls: certificates of the DICOM port, whose senders then need certificates too; None: plain DICOM.
        dicomweb: whether it answers DICOMweb, which viewers ask.
    """

    folder: Path
    http_port: int
    dicom_port: int
    password: str
    senders: Mapping[str, int] = field(default_factory=dict)
    stable_age_s: int = 5
    storage_mib: int = 0
    tls: DicomTls | None = None
    dicomweb: bool = False

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the REST interface."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> Path:
        """Where it logs."""
        return self.folder / "orthanc.log"

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            ConfigurationError: when it is not installed, or ends or does not answer.
        """
        if self.dicomweb and find_dicomweb() is None:
            raise ConfigurationError(
                f"expected Orthanc's DICOMweb plugin at {_DICOMWEB}; install it (Debian: apt install orthanc-dicomweb)"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "orthanc.json").write_text(json.dumps(self._configuration(), indent=1), encoding="utf-8")
        self._process = start_orthanc(self.folder / "orthanc.json", log=self.log)
        end = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise ConfigurationError(f"expected Orthanc to answer at {self.url}; its log {self.log} says why not")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it as a service manager does, and wait until it has ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/system", auth=("medglip", self.password), trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success

    def _configuration(self) -> dict[str, Any]:
        peers = {title.lower(): self._peer(title, port) for title, port in self.senders.items()}
        tls = {} if self.tls is None else self.tls.orthanc_settings()
        return {
            "Name": "medglip",
            "StorageDirectory": "db",
            "IndexDirectory": "db",
            "MaximumStorageSize": self.storage_mib,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {"medglip": self.password},
            "DicomAet": AE_TITLE,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "StrictAetComparison": True,
            "DicomCheckModalityHost": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomAlwaysAllowMove": False,
            "UnknownSopClassAccepted": False,
            "DicomModalities": peers,
            "DefaultEncoding": "Utf8",
            "StableAge": self.stable_age_s,
            "OverwriteInstances": False,
            "DeidentifyLogs": True,
            "SaveJobs": False,
            "Plugins": [str(_DICOMWEB)] if self.dicomweb else [],
            "DicomWeb": {"Root": "/dicom-web/", "EnableWado": False},
            **tls,
        }

    def _peer(self, title: str, port: int) -> dict[str, Any]:
        """A sender or destination; what is not forbidden here, it may."""
        return {
            "AET": title,
            "Host": "127.0.0.1",
            "Port": port,
            "AllowEcho": True,
            "AllowStore": True,
            "AllowFind": False,
            "AllowGet": False,
            "AllowMove": False,
            "UseDicomTls": self.tls is not None,
        }
