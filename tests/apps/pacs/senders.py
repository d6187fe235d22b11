# SPDX-License-Identifier: Apache-2.0
"""Two independent senders, dcmtk's storescu and pynetdicom; what came of it is asked of the receiver."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest
from pynetdicom.ae import ApplicationEntity


def dcmtk(program: str) -> str:
    """Path of a program of dcmtk; pynetdicom puts others of the same names into the virtual environment."""
    path = shutil.which(program, path="/usr/bin")
    if path is None:
        pytest.skip("dcmtk is not installed (Debian: apt install dcmtk)")
    return path


def storescu(port: int, paths: Sequence[Path], *more: str, calling: str = "NOWHERE", called: str = "MEDGLIP") -> None:
    """Send by storescu, whose exit status does not tell whether files were stored."""
    titles = ["-aet", calling, "-aec", called]
    command = [dcmtk("storescu"), *titles, *more, "127.0.0.1", str(port), *map(str, paths)]
    subprocess.run(command, capture_output=True, check=False, timeout=60)


def send(port: int, paths: Sequence[Path], tls: ssl.SSLContext | None = None, *, calling: str = "NOWHERE") -> list[int]:
    """Send by pynetdicom; the status of each file, none where there was no association."""
    images = [pydicom.dcmread(path) for path in paths]
    entity = ApplicationEntity(calling)
    entity.acse_timeout = entity.network_timeout = entity.dimse_timeout = 20
    for uid in {image.SOPClassUID for image in images}:
        entity.add_requested_context(uid)
    association = entity.associate(
        "127.0.0.1", port, ae_title="MEDGLIP", tls_args=None if tls is None else (tls, "127.0.0.1")
    )
    if not association.is_established:
        return []
    statuses = [association.send_c_store(image).get("Status") for image in images]
    association.release()
    return [int(status) for status in statuses if status is not None]
