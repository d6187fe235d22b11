# SPDX-License-Identifier: Apache-2.0
"""What the pipeline asks of Orthanc's REST interface; every answer is checked, every failure says what follows."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from apps.medglip_pacs.errors import GoneError, LaterError, QuarantineError
from apps.medglip_pacs.settings import OrthancSettings
from apps.medglip_pacs.stored_series import StoredSeries
from monai_medglip.errors import ConfigurationError

__all__ = ["Changes", "Orthanc"]

_PAGE = 500
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Changes:
    """A piece of Orthanc's list of changes.

    Attributes:
        last: sequence number to go on from.
        is_done: whether there is nothing after it.
        stable_series: Orthanc identifiers of series that have become stable.
    """

    last: int
    is_done: bool
    stable_series: tuple[str, ...]


class Orthanc:
    """Orthanc's REST interface.

    Args:
        settings: where it is.
        password: of the user that the settings name.

    Raises:
        ConfigurationError: when the file of the certificate authority cannot be read.
    """

    def __init__(self, settings: OrthancSettings, *, password: str | None = None) -> None:
        authentication = httpx.BasicAuth(settings.user, password or "") if settings.user else None
        self._client = httpx.Client(
            base_url=settings.url,
            auth=authentication,
            timeout=settings.timeout_s,
            verify=_trusted(settings.certificate_authority),
            trust_env=False,
            # Else Orthanc compresses each file that it gives: 300 slices take 3.2 s rather than 1 s on one machine.
            headers={"Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def version(self) -> str:
        """Return Orthanc's version.

        Raises:
            LaterError: when Orthanc does not answer.
        """
        return str(self._json("GET", "/system")["Version"])

    def modalities(self) -> tuple[str, ...]:
        """Return the names of the DICOM destinations that Orthanc knows."""
        return tuple(self._json("GET", "/modalities"))

    def last_change(self) -> int:
        """Return the sequence number of the latest change."""
        return int(self._json("GET", "/changes?last")["Last"])

    def changes(self, since: int) -> Changes:
        """Return the changes after a sequence number, a piece at a time."""
        answer = self._json("GET", "/changes", params={"since": since, "limit": _PAGE})
        stable = (change["ID"] for change in answer["Changes"] if change["ChangeType"] == "StableSeries")
        return Changes(int(answer["Last"]), bool(answer["Done"]), tuple(stable))

    def all_series(self) -> Iterator[StoredSeries]:
        """Give every series, a page at a time."""
        since = 0
        while page := self._json("GET", "/series", params={"expand": "", "since": since, "limit": _PAGE}):
            yield from map(StoredSeries.from_orthanc, page)
            since += len(page)

    def series(self, series: str) -> StoredSeries:
        """Return one series.

        Raises:
            GoneError: when Orthanc no longer has it.
            LaterError: when Orthanc does not answer.
        """
        return StoredSeries.from_orthanc(self._json("GET", f"/series/{series}"))

    def namesakes(self, series: str) -> int:
        """Return how many instances outside a series bear the SOP Instance UID of one of its own."""
        own = self._json("GET", f"/series/{series}/instances")
        uids = "\\".join(instance["MainDicomTags"]["SOPInstanceUID"] for instance in own)
        found = self._json("POST", "/tools/find", json={"Level": "Instance", "Query": {"SOPInstanceUID": uids}})
        return len(set(found) - {instance["ID"] for instance in own})

    def series_bytes(self, series: str) -> int:
        """Return how much room the files of a series take [bytes]."""
        return int(self._json("GET", f"/series/{series}/statistics")["DicomDiskSize"])

    def header(self, series: str) -> dict[str, Any]:
        """Return the header of one instance of a series by keyword, without long values; sequences are lists."""
        instance = self._json("GET", f"/series/{series}")["Instances"][0]
        return dict(self._json("GET", f"/instances/{instance}/simplified-tags"))

    def download(self, instance: str, path: Path) -> None:
        """Write one instance to a file, as it was received.

        Raises:
            GoneError: when Orthanc no longer has it.
            LaterError: when Orthanc does not answer.
        """
        try:
            with self._client.stream("GET", f"/instances/{instance}/file") as answer, path.open("wb") as file:
                _check(answer)
                for chunk in answer.iter_bytes(_CHUNK):
                    file.write(chunk)
        except httpx.TransportError as error:
            raise LaterError(f"Orthanc does not answer: {type(error).__name__}") from None

    def upload(self, path: Path) -> str:
        """Store one file, and return Orthanc's identifier of it; a file that is there already is fine.

        Raises:
            QuarantineError: when Orthanc refuses the file.
            LaterError: when Orthanc does not answer.
        """
        answer = self._json(
            "POST", "/instances", content=path.read_bytes(), headers={"Content-Type": "application/dicom"}
        )
        if answer.get("Status") not in ("Success", "AlreadyStored"):
            raise LaterError(f"Orthanc did not store a result: {answer.get('Status')}")
        return str(answer["ID"])

    def send(self, instances: Sequence[str], destination: str) -> None:
        """Send instances to a destination by C-STORE, and check that each was accepted.

        Args:
            instances: Orthanc's identifiers.
            destination: its name in ``DicomModalities``.

        Raises:
            LaterError: when one was not accepted, or Orthanc does not answer.
        """
        order = {"Resources": list(instances), "Synchronous": True, "Permissive": False}
        try:
            answer = self._client.post(f"/modalities/{destination}/store", json=order)
        except httpx.TransportError as error:
            raise LaterError(f"Orthanc does not answer: {type(error).__name__}") from None
        if answer.status_code != httpx.codes.OK:
            raise LaterError(f"{destination} did not accept the results: {_reason(answer)}")
        sent = answer.json()
        failed, count = int(sent["FailedInstancesCount"]), int(sent["InstancesCount"])
        if failed or count != len(instances):
            raise LaterError(f"{destination} accepted {count - failed} of {len(instances)} results")

    def delete(self, instance: str) -> None:
        """Remove one instance; one that is not there is fine."""
        try:
            self._json("DELETE", f"/instances/{instance}")
        except GoneError:
            return

    def _json(self, method: str, path: str, **how: Any) -> Any:
        try:
            answer = self._client.request(method, path, **how)
        except httpx.TransportError as error:
            raise LaterError(f"Orthanc does not answer: {type(error).__name__}") from None
        _check(answer)
        return answer.json()


def _trusted(authority: str | None) -> ssl.SSLContext:
    """By whose certificates an https Orthanc is known: those of a file, or the system's."""
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"expected certificates in PEM form in the file that orthanc.certificate_authority names, got: {error}"
        ) from error


def _check(answer: httpx.Response) -> None:
    """Turn a bad status into what is to be done about it."""
    if answer.is_success:
        return
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise GoneError("Orthanc no longer has this series; nothing is left to do")
    answer.read()
    if answer.is_server_error or answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise LaterError(f"Orthanc answered {_reason(answer)}")
    raise QuarantineError(f"Orthanc refused a request: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    """Status of an answer in words, with Orthanc's own where it gives them."""
    words = f"{answer.status_code} {answer.reason_phrase}"
    try:
        told = answer.json()
    except ValueError:
        return words
    return f"{words}: {told['Message']}" if isinstance(told, dict) and told.get("Message") else words
