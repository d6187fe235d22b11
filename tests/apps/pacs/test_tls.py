# SPDX-License-Identifier: Apache-2.0
"""TLS on every way of a site: senders to Orthanc, worker to Orthanc, Orthanc to a destination, browser to the page."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydicom.uid import CTImageStorage
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import build_context

from apps.medglip_pacs.errors import LaterError
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import OrthancSettings
from monai_medglip.errors import ConfigurationError
from tests.apps.pacs.certificates import Authority
from tests.apps.pacs.dicom_files import write_series
from tests.apps.pacs.running_site import PAGE_PASSWORD, PASSWORD, Node, Worker, free_port, running_node, wait_until
from tests.apps.pacs.senders import send, storescu
from tests.apps.pacs.tls_proxy import tls_proxy

pytestmark = [
    pytest.mark.clinic,
    pytest.mark.slow,
    pytest.mark.usefixtures("collected_sockets"),
    # pynetdicom leaves its socket to the garbage collector when a TLS handshake fails.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <(ssl|socket)[.]:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def foreign(tmp_path: Path) -> Authority:
    """An authority that the site does not trust."""
    return Authority(tmp_path / "foreign")


@pytest.fixture
def destination_port() -> int:
    return free_port()


@pytest.fixture
def node(tmp_path: Path, authority: Authority, destination_port: int) -> Iterator[Node]:
    """An Orthanc that speaks DICOM by TLS alone."""
    with running_node(tmp_path / "orthanc", nowhere=destination_port, tls=authority.node("node")) as running:
        yield running


def test_storescu_stores_with_a_certificate_of_the_authority(node: Node, authority: Authority, tmp_path: Path) -> None:
    sender = authority.issue("sender")
    paths = write_series(tmp_path / "in", "anna")
    tls = ["+tls", str(sender.key), str(sender.certificate), "+cf", str(authority.file)]
    storescu(node.process.dicom_port, paths, *tls)
    assert [len(series.instances) for series in node.client.all_series()] == [2]


def test_storescu_stores_nothing_without_the_right_certificate(
    node: Node, authority: Authority, foreign: Authority, tmp_path: Path
) -> None:
    stranger = foreign.issue("stranger")
    port, paths = node.process.dicom_port, write_series(tmp_path / "in", "bert")
    storescu(port, paths)
    storescu(port, paths, "+tla", "+cf", str(authority.file))
    storescu(port, paths, "+tls", str(stranger.key), str(stranger.certificate), "+cf", str(authority.file))
    assert list(node.client.all_series()) == []


def test_pynetdicom_stores_with_a_certificate_of_the_authority(
    node: Node, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.context(ssl.Purpose.SERVER_AUTH, authority.issue("sender"))
    assert send(node.process.dicom_port, write_series(tmp_path / "in", "carl"), tls) == [0, 0]
    assert [len(series.instances) for series in node.client.all_series()] == [2]


def test_pynetdicom_stores_nothing_without_the_right_certificate(
    node: Node, authority: Authority, foreign: Authority, tmp_path: Path
) -> None:
    port, paths = node.process.dicom_port, write_series(tmp_path / "in", "dora")
    plain, without = None, authority.context(ssl.Purpose.SERVER_AUTH)
    wrong = authority.context(ssl.Purpose.SERVER_AUTH, foreign.issue("stranger"))
    assert [send(port, paths, tls) for tls in (plain, without, wrong)] == [[], [], []]
    assert list(node.client.all_series()) == []


def test_a_sender_that_does_not_know_our_authority_sends_us_nothing(
    node: Node, authority: Authority, foreign: Authority, tmp_path: Path
) -> None:
    tls = foreign.context(ssl.Purpose.SERVER_AUTH, authority.issue("sender"))
    assert send(node.process.dicom_port, write_series(tmp_path / "in", "emil"), tls) == []


def test_a_certificate_does_not_make_an_unlisted_sender_a_listed_one(
    node: Node, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.context(ssl.Purpose.SERVER_AUTH, authority.issue("sender"))
    send(node.process.dicom_port, write_series(tmp_path / "in", "frida"), tls, calling="STRANGER")
    assert list(node.client.all_series()) == []


@pytest.fixture
def receive(destination_port: int) -> Iterator[Callable[[ssl.SSLContext], list[str]]]:
    """Starts a destination that takes CT by TLS; gives the list of what it took."""
    servers = []

    def start(tls: ssl.SSLContext) -> list[str]:
        taken: list[str] = []

        def take(event: evt.Event) -> int:
            taken.append(str(event.request.AffectedSOPInstanceUID))
            return 0

        entity = ApplicationEntity("NOWHERE")
        entity.supported_contexts = [build_context(CTImageStorage)]
        address = ("127.0.0.1", destination_port)
        servers.append(
            entity.start_server(address, block=False, evt_handlers=[(evt.EVT_C_STORE, take)], ssl_context=tls)
        )
        return taken

    yield start
    for server in servers:
        server.shutdown()


def test_results_go_on_by_tls_to_a_destination_that_asks_for_our_certificate(
    node: Node, authority: Authority, receive: Callable[[ssl.SSLContext], list[str]], tmp_path: Path
) -> None:
    taken = receive(authority.context(ssl.Purpose.CLIENT_AUTH, authority.issue("destination")))
    instances = [node.client.upload(path) for path in write_series(tmp_path / "in", "gerd")]
    node.client.send(instances, "nowhere")
    assert len(taken) == 2


def test_results_do_not_go_to_a_destination_with_a_foreign_certificate(
    node: Node, foreign: Authority, receive: Callable[[ssl.SSLContext], list[str]], tmp_path: Path
) -> None:
    impostor = foreign.context(ssl.Purpose.CLIENT_AUTH, foreign.issue("impostor"))
    impostor.verify_mode = ssl.CERT_NONE
    taken = receive(impostor)
    instances = [node.client.upload(path) for path in write_series(tmp_path / "in", "hans")]
    with pytest.raises(LaterError, match="nowhere did not accept"):
        node.client.send(instances, "nowhere")
    assert taken == []


def test_the_page_is_served_by_tls_alone_and_its_cookie_stays_there(
    make_worker: Callable[..., Worker], authority: Authority, tmp_path: Path
) -> None:
    page, port = authority.issue("page"), free_port()
    worker = make_worker(page={"port": port, "certificate": str(page.certificate), "certificate_key": str(page.key)})
    worker.start()
    trust = authority.context(ssl.Purpose.SERVER_AUTH)
    with httpx.Client(verify=trust, auth=("medglip", PAGE_PASSWORD), trust_env=False) as browser:
        wait_until(lambda: _answers(browser, f"https://127.0.0.1:{port}/health"))
        answer = browser.get(f"https://127.0.0.1:{port}/")
        assert answer.status_code == 200
        assert "Secure" in answer.headers["set-cookie"]
        with pytest.raises(httpx.TransportError):
            browser.get(f"http://127.0.0.1:{port}/")
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"https://127.0.0.1:{port}/health", trust_env=False)


@pytest.fixture
def https(node: Node, authority: Authority) -> Iterator[str]:
    """Address of the node's REST interface behind a proxy with TLS."""
    port = free_port()
    tls = authority.context(ssl.Purpose.CLIENT_AUTH, authority.issue("proxy"))
    tls.verify_mode = ssl.CERT_NONE
    with tls_proxy(port, node.process.http_port, tls):
        yield f"https://127.0.0.1:{port}"


def test_a_worker_asks_an_orthanc_behind_tls(
    node: Node, https: str, make_worker: Callable[..., Worker], authority: Authority, tmp_path: Path
) -> None:
    node.put(write_series(tmp_path / "in", "ilse"))
    worker = make_worker(orthanc={"url": https, "user": "medglip", "certificate_authority": str(authority.file)})
    worker.start()
    wait_until(lambda: len(node.results()) == 1)


def test_an_orthanc_that_our_authority_does_not_know_is_not_asked(https: str, foreign: Authority) -> None:
    for file in (None, str(foreign.file)):
        client = Orthanc(OrthancSettings(url=https, user="medglip", certificate_authority=file), password=PASSWORD)
        with pytest.raises(LaterError, match="does not answer"):
            client.version()
        client.close()


def test_a_file_that_holds_no_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="certificate_authority"):
        Orthanc(OrthancSettings(certificate_authority=str(tmp_path / "ca.pem")))


def _answers(browser: httpx.Client, url: str) -> bool:
    try:
        return browser.get(url).text == "ok\n"
    except httpx.TransportError:
        return False
