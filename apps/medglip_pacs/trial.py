# SPDX-License-Identifier: Apache-2.0
"""Everything on one plain machine, to see it work: an Orthanc, a worker, a status page, a viewer. Not for patients."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from apps.medglip_pacs.errors import PipelineError
from apps.medglip_pacs.local_orthanc import LocalOrthanc
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.page_access import PageAccess
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.serve import serve
from apps.medglip_pacs.settings import ModelSettings, OrthancSettings, PageSettings, Settings
from apps.medglip_pacs.site_secrets import ORTHANC_PASSWORD, PAGE_PASSWORD
from apps.medglip_pacs.viewer_server import ViewerServer, viewer_app

__all__ = ["trial"]

_HTTP_PORT, _DICOM_PORT, _PAGE_PORT, _VIEWER_PORT, _SENDER_PORT = 18142, 14342, 18190, 18191, 14343
_USER = "medglip"
_logger = logging.getLogger(__name__)


def trial(
    folder: Path, *, bundles: str, redactor: Redactor, send: Path | None = None, viewer: Path | None = None
) -> None:
    """Start Orthanc and a worker, and work until the process is told to stop.

    Args:
        folder: for all that is written; a second trial in it goes on where the first one ended.
        bundles: folder of bundles.
        redactor: what keeps patients out of logs.
        send: folder whose DICOM files are put into Orthanc first.
        viewer: folder of a built OHIF, which is then served beside Orthanc.

    Raises:
        ConfigurationError: when Orthanc is not installed or does not start, or there is no OHIF in the folder.
    """
    password = secrets.token_urlsafe(16)
    os.environ[ORTHANC_PASSWORD] = password
    os.environ.setdefault(PAGE_PASSWORD, secrets.token_urlsafe(9))
    node = LocalOrthanc(
        folder.resolve() / "orthanc",
        _HTTP_PORT,
        _DICOM_PORT,
        password=password,
        senders={"SENDER": _SENDER_PORT},
        dicomweb=viewer is not None,
    )
    node.start()
    try:
        settings = Settings(
            worker="trial",
            state_folder=str(folder / "worker"),
            orthanc=OrthancSettings(url=node.url, user=_USER),
            model=ModelSettings(bundles=bundles),
            page=PageSettings(port=_PAGE_PORT, user=_USER),
        )
        if send is not None:
            _put(send, Orthanc(settings.orthanc, password=password))
        page = f"user {_USER}, password {os.environ[PAGE_PASSWORD]}"
        sys.stderr.write(
            f"Orthanc: {node.url} (user {_USER}, password {password})\n"
            f"send DICOM: storescu -aet SENDER -aec MEDGLIP +sd +r 127.0.0.1 {_DICOM_PORT} FOLDER\n"
            f"status page: http://127.0.0.1:{_PAGE_PORT} ({page})\n"
        )
        with contextlib.ExitStack() as running:
            if viewer is not None:
                sys.stderr.write(f"viewer: {running.enter_context(_serving(viewer, node))} ({page})\n")
            serve(settings, redactor=redactor)
    finally:
        node.stop()


@contextlib.contextmanager
def _serving(viewer: Path, node: LocalOrthanc) -> Iterator[str]:
    """Serve OHIF; gives its address."""
    access = PageAccess(_USER, os.environ[PAGE_PASSWORD])
    server = ViewerServer(
        viewer_app(viewer, orthanc=node.url, user=_USER, password=node.password, access=access), _VIEWER_PORT
    )
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


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
