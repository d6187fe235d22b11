# SPDX-License-Identifier: Apache-2.0
"""The example of Orthanc's configuration, filled in as a site would and run by a real Orthanc."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind as StudyRootFind,  # type: ignore[attr-defined]
)

from apps.medglip_pacs.errors import LaterError
from apps.medglip_pacs.local_orthanc import find_orthanc, start_orthanc
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import OrthancSettings
from tests.apps.pacs.certificates import Authority
from tests.apps.pacs.dicom_files import write_series
from tests.apps.pacs.running_site import free_port, wait_until
from tests.apps.pacs.senders import send

pytestmark = [
    pytest.mark.clinic,
    pytest.mark.slow,
    pytest.mark.usefixtures("collected_sockets"),
    # pynetdicom leaves its socket to the garbage collector when a TLS handshake fails.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <(ssl|socket)[.]:pytest.PytestUnraisableExceptionWarning"),
]

EXAMPLE = Path(__file__).parents[3] / "apps" / "medglip_pacs" / "orthanc.example.json"
PASSWORD = "the-rest-password"


def example() -> dict[str, Any]:
    """The example without its comments, which JSON has none of."""
    text = EXAMPLE.read_text(encoding="utf-8")
    settings: dict[str, Any] = json.loads(re.sub(r"(?m)(^|\s)//.*$", "", text))
    return settings


@dataclass(frozen=True)
class Site:
    """An Orthanc by the example."""

    url: str
    dicom_port: int
    authority: Authority
    folder: Path

    def client(self, password: str = PASSWORD) -> Orthanc:
        return Orthanc(OrthancSettings(url=self.url, user="medglip"), password=password)

    def sender(self) -> ssl.SSLContext:
        return self.authority.context(ssl.Purpose.SERVER_AUTH, self.authority.issue("sender"))

    def stored(self) -> int:
        client = self.client()
        count = sum(len(series.instances) for series in client.all_series())
        client.close()
        return count


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if find_orthanc() is None:
        pytest.skip("Orthanc is not installed (Debian: apt install orthanc)")
    folder = tmp_path_factory.mktemp("site")
    authority = Authority(folder / "etc" / "tls")
    running = Site(f"http://127.0.0.1:{free_port()}", free_port(), authority, folder)
    settings = example()
    settings |= {"StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db")}
    settings |= {"HttpPort": httpx.URL(running.url).port, "DicomPort": running.dicom_port}
    settings |= {"RemoteAccessAllowed": False}
    settings |= authority.node("dicom").orthanc_settings()
    for modality in settings["DicomModalities"].values():
        modality["Host"] = "127.0.0.1"
    (folder / "etc" / "orthanc.json").write_text(json.dumps(settings))
    (folder / "etc" / "credentials.json").write_text(json.dumps({"RegisteredUsers": {"medglip": PASSWORD}}))
    process = start_orthanc(folder / "etc", log=folder / "orthanc.log")
    client = running.client()
    wait_until(lambda: _answers(client), seconds=30)
    client.close()
    yield running
    process.terminate()
    process.wait(timeout=60)


def _answers(client: Orthanc) -> bool:
    try:
        return bool(client.version())
    except LaterError:
        return False


def test_every_setting_is_known_to_orthanc(tmp_path: Path) -> None:
    program = find_orthanc()
    if program is None:
        pytest.skip("Orthanc is not installed (Debian: apt install orthanc)")
    subprocess.run([program, f"--config={tmp_path / 'sample.json'}"], capture_output=True, check=True, timeout=60)
    known = set(re.findall(r'"(\w+)"\s*:', (tmp_path / "sample.json").read_text()))
    settings = example()
    used = set(settings) | {name for modality in settings["DicomModalities"].values() for name in modality}
    assert len(used) > 40
    assert used - known == set()


def test_no_secret_stands_in_it() -> None:
    assert "RegisteredUsers" not in example()
    assert "password" not in EXAMPLE.read_text(encoding="utf-8").lower()


def test_a_listed_sender_with_a_certificate_stores(site: Site) -> None:
    paths = write_series(site.folder / "in", "anna")
    assert send(site.dicom_port, paths, site.sender(), calling="SENDER") == [0, 0]


@pytest.mark.parametrize("calling", ["PACS", "sender", "NOBODY"])
def test_destinations_other_spellings_and_strangers_store_nothing(site: Site, calling: str) -> None:
    before = site.stored()
    statuses = send(site.dicom_port, write_series(site.folder / "in", "bert"), site.sender(), calling=calling)
    assert 0 not in statuses
    assert site.stored() == before


def test_a_listed_sender_cannot_ask_for_patients(site: Site) -> None:
    entity = ApplicationEntity("SENDER")
    entity.add_requested_context(StudyRootFind)
    association = entity.associate(
        "127.0.0.1", site.dicom_port, ae_title="MEDGLIP", tls_args=(site.sender(), "127.0.0.1")
    )
    answers = []
    if association.accepted_contexts:
        query = Dataset()
        query.QueryRetrieveLevel, query.PatientName = "STUDY", "*"
        answers = [found for _, found in association.send_c_find(query, StudyRootFind) if found is not None]
    association.abort()
    assert answers == []


def test_deflated_images_are_not_taken(site: Site) -> None:
    entity = ApplicationEntity("SENDER")
    entity.add_requested_context(CTImageStorage, DeflatedExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1", site.dicom_port, ae_title="MEDGLIP", tls_args=(site.sender(), "127.0.0.1")
    )
    assert association.accepted_contexts == []
    association.abort()


def test_the_rest_interface_needs_the_password(site: Site) -> None:
    client = site.client(password="wrong")
    with pytest.raises(LaterError, match="401"):
        client.version()
    client.close()


@pytest.mark.parametrize(("method", "path"), [("GET", "/app/explorer.html"), ("PROPFIND", "/webdav/")])
def test_there_are_no_pages_to_look_at_patients(site: Site, method: str, path: str) -> None:
    auth, depth = ("medglip", PASSWORD), {"Depth": "1"}
    answer = httpx.request(method, f"{site.url}{path}", auth=auth, headers=depth, trust_env=False)
    assert answer.is_error
