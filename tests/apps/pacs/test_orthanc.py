# SPDX-License-Identifier: Apache-2.0
"""What becomes of Orthanc's answers, from a small server that gives prepared ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from apps.medglip_pacs.errors import GoneError, LaterError, QuarantineError
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import OrthancSettings

SENT = {"FailedInstancesCount": 0, "InstancesCount": 2}


class _Prepared(BaseHTTPRequestHandler):
    answer: tuple[int, Any] = (200, {})

    def do_GET(self) -> None:
        status, content = type(self).answer
        body = json.dumps(content).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def orthanc() -> Iterator[Orthanc]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Prepared)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Orthanc(OrthancSettings(url=f"http://127.0.0.1:{server.server_port}", timeout_s=5))
    yield client
    client.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, GoneError), (401, LaterError), (500, LaterError), (503, LaterError), (400, QuarantineError)],
)
def test_a_bad_status_says_what_follows(orthanc: Orthanc, status: int, error: type[Exception]) -> None:
    _Prepared.answer = (status, {"Message": "words of Orthanc"})
    with pytest.raises(error):
        orthanc.series("a")


def test_an_orthanc_that_is_not_there_is_for_later(tmp_path: Path) -> None:
    orthanc = Orthanc(OrthancSettings(url="http://127.0.0.1:1"))
    for ask in (orthanc.version, lambda: orthanc.send(["a"], "b"), lambda: orthanc.download("a", tmp_path / "a")):
        with pytest.raises(LaterError, match="does not answer"):
            ask()
    orthanc.close()


def test_results_that_were_all_accepted_are_sent(orthanc: Orthanc) -> None:
    _Prepared.answer = (200, SENT)
    orthanc.send(["a", "b"], "pacs")


@pytest.mark.parametrize("change", [{"FailedInstancesCount": 1}, {"InstancesCount": 1}])
def test_one_result_that_was_not_accepted_is_for_later(orthanc: Orthanc, change: dict[str, int]) -> None:
    _Prepared.answer = (200, {**SENT, **change})
    with pytest.raises(LaterError, match="accepted 1 of 2"):
        orthanc.send(["a", "b"], "pacs")


@pytest.mark.parametrize("status", ["Success", "AlreadyStored"])
def test_a_stored_file_is_known_by_its_identifier(orthanc: Orthanc, tmp_path: Path, status: str) -> None:
    (tmp_path / "f").write_bytes(b"x")
    _Prepared.answer = (200, {"Status": status, "ID": "i"})
    assert orthanc.upload(tmp_path / "f") == "i"


def test_a_file_that_was_not_stored_is_for_later(orthanc: Orthanc, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    _Prepared.answer = (200, {"Status": "FilteredOut", "ID": "i"})
    with pytest.raises(LaterError, match="FilteredOut"):
        orthanc.upload(tmp_path / "f")
