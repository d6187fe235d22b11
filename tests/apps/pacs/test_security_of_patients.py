# SPDX-License-Identifier: Apache-2.0
"""Series that name their patient in every way go through Orthanc, the worker and the real model; who names them after?

Everything that is written down is searched but DICOM itself: what Orthanc stores, and what is sent to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from apps.medglip_pacs.series_work import clinic_work
from apps.medglip_pacs.settings import ModelSettings
from monai_medglip.clinic import OUTCOME_FILE
from tests.apps.pacs.running_site import PAGE_PASSWORD, PASSWORD, Node, Worker, wait_until
from tests.apps.pacs.telling_series import (
    WORDS,
    lose_pixels,
    tell_in_wrong_forms,
    write_film,
    write_neck_with_a_gap,
)

pytestmark = [
    pytest.mark.clinic,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of the wrong forms that are sent on purpose
]
MODEL = {"bundles": "bundles"}


@pytest.fixture
def series(tmp_path: Path) -> list[Path]:
    """Files of four series: whole, broken off, with a slice missing, with values of wrong forms."""
    return [
        write_film(tmp_path / "in" / "whole.dcm"),
        write_film(tmp_path / "in" / "broken.dcm", lose_pixels),
        write_film(tmp_path / "in" / "odd.dcm", tell_in_wrong_forms),
        *write_neck_with_a_gap(tmp_path / "in" / "gap"),
    ]


def found_in(content: bytes) -> list[str]:
    """The words about the patient that stand in a text or file, in upper or lower case, in UTF-8 or Latin-1."""
    lower = (
        content.lower() + content.decode("latin-1").lower().encode() + content.decode(errors="replace").lower().encode()
    )
    return [word for word in WORDS if word.encode() in lower]


def written_files(folder: Path) -> Iterator[Path]:
    """What was written below a folder, but for what Orthanc stores and what was sent to it."""
    for path in folder.rglob("*"):
        if path.is_file() and not {"db", "in"} & set(path.relative_to(folder).parts):
            yield path


def uids(paths: list[Path]) -> set[bytes]:
    """Study, series and instance UIDs."""
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return {str(header[name].value).encode() for header in headers for name in names}


def test_no_log_page_figure_or_queue_file_names_the_patient(
    node: Node, make_worker: Callable[..., Worker], series: list[Path], tmp_path: Path
) -> None:
    node.put(series)
    worker = make_worker(
        model=MODEL,
        limits={"job_timeout_s": 300, "disk_high_water": 1.0},
        destinations=[{"name": "nowhere", "attempts": 1}],
    )
    worker.start()
    # Of the three that are refused one has headers that no report can be made of, and so nothing to send on.
    wait_until(lambda: (worker.jobs("done"), worker.jobs("failed")) == (1, 3 + 3), seconds=500)
    pages = (worker.ask("/") + worker.ask("/metrics")).encode()
    worker.stop()
    assert b"done" in pages
    for reason in (b"pixels", b"slices missing"):
        assert reason in pages
    said = {"pages": pages, **{str(path): path.read_bytes() for path in written_files(tmp_path)}}
    assert len([name for name in said if "queue.sqlite" in name]) >= 1
    assert {name: found for name, content in said.items() if (found := found_in(content))} == {}
    ours = {name: content for name, content in said.items() if "/orthanc/" not in name}
    assert [name for name, content in ours.items() if any(uid in content for uid in uids(series))] == []
    passwords = (PASSWORD.encode(), PAGE_PASSWORD.encode())
    assert [name for name, content in ours.items() if any(word in content for word in passwords)] == []


def test_result_files_that_are_not_dicom_name_nobody(series: list[Path], tmp_path: Path) -> None:
    work = clinic_work(ModelSettings(bundles=MODEL["bundles"]))
    statuses = []
    for number, path in enumerate(series[:3]):
        folder = tmp_path / f"series-{number}"
        folder.mkdir()
        os.link(path, folder / "film.dcm")
        outcome = work(folder, tmp_path / f"out-{number}")
        statuses.append(outcome.status.value)
        assert found_in(outcome.reason.encode()) == []
        files = [file for file in (tmp_path / f"out-{number}").iterdir() if file.suffix != ".dcm"]
        assert OUTCOME_FILE in [file.name for file in files]
        assert {file.name: found for file in files if (found := found_in(file.read_bytes()))} == {}
    assert statuses[:2] == ["done", "refused"]
