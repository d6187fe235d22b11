# SPDX-License-Identifier: Apache-2.0
"""The viewer's files, and what may be asked of DICOMweb through it; the viewer here is a page of one line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from apps.medglip_pacs.page_access import PageAccess
from apps.medglip_pacs.viewer_server import ViewerServer, viewer_app
from monai_medglip.errors import ConfigurationError
from tests.apps.pacs.running_site import free_port

USER, PASSWORD, ORTHANC_PASSWORD = "medglip", "password of the page", "password of Orthanc"


class _Orthanc(BaseHTTPRequestHandler):
    """Answers every question with the question, as DICOM JSON."""

    def do_GET(self) -> None:
        words = f"{self.path} {self.headers['Host']} {self.headers['Accept']} {self.headers['Authorization']}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def orthanc() -> Iterator[str]:
    """The address of a server that tells what it was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Orthanc) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A viewer of two files, beside one that is none of its."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("the page")
    (tmp_path / "dist" / "app.js").write_text("the script")
    (tmp_path / "other.js").write_text("not to be read")
    return tmp_path / "dist"


@pytest.fixture
def client(dist: Path, orthanc: str) -> Iterator[httpx.Client]:
    """Asks a running viewer as its user."""
    app = viewer_app(dist, orthanc=orthanc, user=USER, password=ORTHANC_PASSWORD, access=PageAccess(USER, PASSWORD))
    server = ViewerServer(app, free_port())
    server.start()
    with httpx.Client(base_url=server.url, auth=(USER, PASSWORD), trust_env=False, timeout=30) as client:
        yield client
    server.stop()


@pytest.mark.parametrize("path", ["/", "/app.js", "/app-config.js", "/dicom-web/studies"])
def test_without_the_password_nothing_is_shown(client: httpx.Client, path: str) -> None:
    answer = client.get(path, auth=(USER, ORTHANC_PASSWORD))
    assert answer.status_code == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("path", "words"), [("/", "the page"), ("/viewer?StudyInstanceUIDs=1.2", "the page"), ("/app.js", "the script")]
)
def test_addresses_that_are_no_files_are_the_page(client: httpx.Client, path: str, words: str) -> None:
    assert client.get(path).text == words


@pytest.mark.parametrize("path", ["/nothing.js", "/%2e%2e/other.js", "/..%2fother.js"])
def test_what_is_not_of_the_viewer_is_not_read(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_its_settings_name_the_same_origin(client: httpx.Client) -> None:
    settings = client.get("/app-config.js").text
    assert '"qidoRoot": "/dicom-web"' in settings
    assert "http" not in settings


def test_questions_reach_orthanc_with_its_password_and_the_address_of_the_viewer(client: httpx.Client) -> None:
    answer = client.get("/dicom-web/studies?PatientID=a%20b&limit=1", headers={"Accept": "application/dicom+json"})
    path, host, accept, authorization = answer.text.split(" ", 3)
    assert path == "/dicom-web/studies?PatientID=a%20b&limit=1"
    assert host == client.base_url.netloc.decode()
    assert accept == answer.headers["Content-Type"] == "application/dicom+json"
    assert authorization == httpx.BasicAuth(USER, ORTHANC_PASSWORD)._auth_header


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed_through_it(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/dicom-web/studies").status_code == 405


@pytest.mark.parametrize(
    "path", ["/dicom-web/../instances", "/dicom-web/%2e%2e/instances", "/dicom-web/a/..%2f../instances"]
)
def test_nothing_but_dicomweb_is_asked(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert "Basic" not in answer.text
    assert answer.status_code in (200, 404)  # 200: the page, of an address that the client itself made shorter


def test_no_address_but_its_own_may_be_used_by_its_script(client: httpx.Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


def test_an_orthanc_that_is_away_is_told(dist: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    app = viewer_app(dist, orthanc=nowhere, user=USER, password="", access=PageAccess(USER, PASSWORD))
    server = ViewerServer(app, free_port())
    server.start()
    answer = httpx.get(f"{server.url}/dicom-web/studies", auth=(USER, PASSWORD), trust_env=False)
    server.stop()
    assert (answer.status_code, answer.text) == (502, "Orthanc does not answer: ConnectError\n")


def test_a_folder_without_a_viewer_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="npm pack @ohif/app"):
        viewer_app(tmp_path, orthanc="http://127.0.0.1", user=USER, password="", access=PageAccess(USER, PASSWORD))
