# SPDX-License-Identifier: Apache-2.0
"""A worker beside a real Orthanc, with a stand-in for the model."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from tests.apps.pacs.dicom_files import write_series
from tests.apps.pacs.running_site import PAGE_PASSWORD, Node, Worker, wait_until
from tests.apps.pacs.senders import storescu

pytestmark = [pytest.mark.clinic, pytest.mark.slow]
MakeWorker = Callable[..., Worker]


def test_a_series_is_grounded_once_and_its_result_is_not(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    node.put(write_series(tmp_path / "in", "anna"))
    worker = make_worker()
    worker.start()
    wait_until(lambda: len(node.results()) == 1)
    wait_until(lambda: node.client.changes(0).stable_series != () and worker.jobs("done") == 1)
    wait_until(lambda: any(s.is_own_result and s.is_stable for s in node.client.all_series()))
    assert worker.figure("medglip_pacs_series_queued_total") == 1


def test_a_job_that_was_killed_is_done_after_the_next_start(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    node.put(write_series(tmp_path / "in", "bert"))
    worker = make_worker()
    worker.start(STAND_IN_S="30")
    wait_until(lambda: worker.jobs("running") == 1)
    worker.kill()
    worker.start(STAND_IN_S="0")
    wait_until(lambda: len(node.results()) == 1)


def test_a_series_whose_stable_event_was_lost_is_found(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    node.put(write_series(tmp_path / "in", "carl"))
    node.process.kill()
    node.process.start()
    make_worker().start()
    wait_until(lambda: len(node.results()) == 1)


def test_a_series_that_grows_gets_results_anew_in_place_of_the_old(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    paths = write_series(tmp_path / "in", "dora", instances=3)
    node.put(paths[:2])
    make_worker().start()
    wait_until(lambda: len(node.results()) == 1)
    first = node.results()
    node.put(paths[2:])
    wait_until(lambda: len(node.results()) == 1 and node.results() != first)


def test_bad_series_are_set_aside_with_a_reason_and_good_ones_go_on(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    for what in ("raise", "die", "hang", "refuse", "good"):
        node.put(write_series(tmp_path / "in", what, description=what))
    worker = make_worker()
    worker.start()
    wait_until(lambda: worker.jobs("failed") == 4 and worker.jobs("done") == 1)
    page = worker.ask("/")
    for reason in ("is broken", "ended while it worked", "no result within 5 s", "slices are missing"):
        assert reason in page
    assert len(node.results()) == 2


def test_the_worker_waits_for_an_orthanc_that_is_away(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    node.put(write_series(tmp_path / "in", "emil"))
    node.process.stop()
    worker = make_worker()
    worker.start()
    wait_until(lambda: "does not answer" in worker.ask("/"))
    node.process.start()
    wait_until(lambda: len(node.results()) == 1)


def test_series_are_found_soon_after_orthanc_was_away_for_a_moment(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    worker = make_worker(series={"poll_every_s": 0.3, "reconcile_every_s": 3600})
    worker.start()
    wait_until(lambda: "works with Orthanc" in worker.log.read_text() and worker.ask("/health") == "ok\n")
    node.process.stop()
    wait_until(lambda: "does not answer" in worker.log.read_text())
    node.process.start()
    node.put(write_series(tmp_path / "in", "ida"))
    wait_until(lambda: len(node.results()) == 1, seconds=90)


def test_results_for_a_destination_that_refuses_are_offered_again_then_set_aside(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    node.put(write_series(tmp_path / "in", "frida"))
    worker = make_worker(destinations=[{"name": "nowhere", "attempts": 2, "first_wait_s": 0.5}])
    worker.start()
    wait_until(lambda: worker.jobs("failed") == 1)
    assert "offered 2 times" in worker.ask("/")
    assert worker.figure('medglip_pacs_deliveries_total{destination="nowhere",status="not accepted"}') == 2


def test_a_full_disk_holds_series_back(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    node.put(write_series(tmp_path / "in", "gerd"))
    worker = make_worker(limits={"disk_high_water": 1e-6, "retry_first_s": 0.3, "retry_longest_s": 1})
    worker.start()
    wait_until(lambda: worker.figure('medglip_pacs_job_retries_total{reason="later"}') >= 2)
    assert "high-water mark" in worker.ask("/")
    assert node.results() == []


def test_two_patients_whose_images_have_the_same_uids_are_both_set_aside(
    node: Node, make_worker: MakeWorker, tmp_path: Path
) -> None:
    paths = write_series(tmp_path / "in", "hans")
    others = []
    for path in paths:
        image = pydicom.dcmread(path)
        image.PatientID = "PID-other-4711"
        others.append(path.with_suffix(".other.dcm"))
        image.save_as(others[-1])
    node.put([*paths, *others])
    worker = make_worker()
    worker.start()
    wait_until(lambda: worker.jobs("failed") == 2)
    assert "2 instances of other series or patients" in worker.ask("/")
    assert node.results() == []


def test_a_second_worker_on_the_same_folder_is_refused(node: Node, make_worker: MakeWorker) -> None:
    first = make_worker()
    first.start()
    wait_until(lambda: first.ask("/health") == "ok\n")
    second = make_worker()
    second.start()
    wait_until(lambda: "another one runs" in second.log.read_text())


def test_what_a_listed_sender_stores_is_grounded(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    storescu(node.process.dicom_port, write_series(tmp_path / "in", "hans"))
    make_worker().start()
    wait_until(lambda: len(node.results()) == 1)


@pytest.mark.parametrize(("calling", "called"), [("STRANGER", "MEDGLIP"), ("NOWHERE", "SOMEBODY")])
def test_an_unlisted_sender_and_a_wrong_name_for_us_store_nothing(
    node: Node, tmp_path: Path, calling: str, called: str
) -> None:
    storescu(node.process.dicom_port, write_series(tmp_path / "in", "ilse"), calling=calling, called=called)
    assert list(node.client.all_series()) == []


def test_a_browser_shows_the_page(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian: apt install chromium)")
    node.put(write_series(tmp_path / "in", "jutta", description="raise"))
    worker = make_worker()
    worker.start()
    wait_until(lambda: worker.jobs("failed") == 1)
    address = f"http://medglip:{PAGE_PASSWORD}@127.0.0.1:{worker.port}/"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    shown = subprocess.run([program, *flags, address], capture_output=True, text=True, check=True, timeout=120).stdout
    assert "is broken" in shown
    assert "<button" in shown


def test_a_worker_stops_in_order(node: Node, make_worker: MakeWorker) -> None:
    worker = make_worker()
    worker.start()
    wait_until(lambda: worker.ask("/health") == "ok\n")
    worker.stop()
    assert "has stopped" in worker.log.read_text()


def test_nothing_but_dicom_names_the_patient(node: Node, make_worker: MakeWorker, tmp_path: Path) -> None:
    for what in ("print", "raise", "refuse", "die"):
        node.put(write_series(tmp_path / "in", what, description=what))
    worker = make_worker(destinations=[{"name": "nowhere", "attempts": 1}])
    worker.start()
    wait_until(lambda: worker.jobs("failed") == 5 and worker.jobs("running") == 0)
    pages = (worker.ask("/") + worker.ask("/metrics")).encode()
    worker.stop()
    written = [
        path for path in tmp_path.rglob("*") if path.is_file() and "db" not in path.parts and "in" not in path.parts
    ]
    said = pages + b"".join(path.read_bytes() for path in written)
    assert b"[removed]" in said
    secrets = ("orthanc-secret", "page-secret")
    patient = ("zwiebelkuchen", "hinterhuber", "walburga", "4711", "0815", "19481224", "1948-12-24", "20250317")
    configuration = (tmp_path / "orthanc" / "orthanc.json").read_bytes()
    text = said.replace(configuration, b"").lower()
    assert [word for word in (*secrets, *patient) if word.encode() in text] == []
