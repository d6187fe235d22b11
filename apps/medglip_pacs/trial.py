# SPDX-License-Identifier: Apache-2.0
"""Everything on one plain machine, to see it work: an Orthanc, a worker, a status page. Not for patients."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from pathlib import Path

from apps.medglip_pacs.errors import PipelineError
from apps.medglip_pacs.local_orthanc import LocalOrthanc
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.serve import serve
from apps.medglip_pacs.settings import ModelSettings, OrthancSettings, PageSettings, Settings
from apps.medglip_pacs.site_secrets import ORTHANC_PASSWORD, PAGE_PASSWORD

__all__ = ["trial"]

_HTTP_PORT, _DICOM_PORT, _PAGE_PORT, _SENDER_PORT = 18142, 14342, 18190, 14343
_logger = logging.getLogger(__name__)


def trial(folder: Path, *, bundles: str, redactor: Redactor, send: Path | None = None) -> None:
    """Start Orthanc and a worker, and work until the process is told to stop.

    Args:
        folder: for all that is written; a second trial in it goes on where the first one ended.
        bundles: folder of bundles.
        redactor: what keeps patients out of logs.
        send: folder whose DICOM files are put into Orthanc first.

    Raises:
        ConfigurationError: when Orthanc is not installed or does not start.
    """
    password = secrets.token_urlsafe(16)
    os.environ[ORTHANC_PASSWORD] = password
    os.environ.setdefault(PAGE_PASSWORD, secrets.token_urlsafe(9))
    node = LocalOrthanc(
        folder.resolve() / "orthanc", _HTTP_PORT, _DICOM_PORT, password=password, senders={"SENDER": _SENDER_PORT}
    )
    node.start()
    try:
        settings = Settings(
            worker="trial",
            state_folder=str(folder / "worker"),
            orthanc=OrthancSettings(url=node.url, user="medglip"),
            model=ModelSettings(bundles=bundles),
            page=PageSettings(port=_PAGE_PORT),
        )
        if send is not None:
            _put(send, Orthanc(settings.orthanc, password=password))
        sys.stderr.write(
            f"Orthanc: {node.url} (user medglip, password {password})\n"
            f"send DICOM: storescu -aet SENDER -aec MEDGLIP +sd +r 127.0.0.1 {_DICOM_PORT} FOLDER\n"
            f"status page: http://127.0.0.1:{_PAGE_PORT} (user medglip, password {os.environ[PAGE_PASSWORD]})\n"
        )
        serve(settings, redactor=redactor)
    finally:
        node.stop()


def _put(folder: Path, orthanc: Orthanc) -> None:
    """Put the files of a folder into Orthanc; what is not DICOM is told and left out."""
    count = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            orthanc.upload(path)
            count += 1
        except PipelineError as error:
            _logger.warning("%s was not taken: %s", path, error)
    _logger.info("%d files were put into Orthanc", count)
