# SPDX-License-Identifier: Apache-2.0
"""The PACS pipeline under load, and what it costs beside decoding and the network.

Many associations send small studies (chest films) at once; throughput, latencies, memory and the answering times of the
status page are noted until the last result is at the destination, a second Orthanc. Then CT series of 300 slices of
512x512 are sent one after the other; their time from the begin of the job to the last accepted result is taken apart.
The work on a series is the real one, network included. Last, a month of jobs is put on record and the page asked again.

    python benchmarks/clinic_load.py --data ../shared/data --bundles bundles
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.clinic_memory import MemoryOfWorker
from benchmarks.clinic_site import PASSWORD, ClinicSite, open_site, results_by_study
from benchmarks.clinic_studies import head_and_neck_ct, write_ct, write_good
from benchmarks.clinic_work import PARTS_FILE
from benchmarks.timing import spread, timed
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Bundle

VOLUME = Path("3d/openkbp/images/013.nii.gz")
SLICES, SIDE = 300, 512
SENDER, SENDER_PORT = "SENDER", 104
LIMIT_S = 2700.0
_SERIES = """
    SELECT w.workflow_uuid, w.created_at, w.started_at_epoch_ms, w.completed_at, t.started_at_epoch_ms,
           t.completed_at_epoch_ms, (SELECT max(d.completed_at) FROM workflow_status d
                                     WHERE d.name = 'delivery' AND d.workflow_uuid LIKE w.workflow_uuid || '>%')
    FROM workflow_status w JOIN operation_outputs t USING (workflow_uuid)
    WHERE w.name = 'series_job' AND t.function_name = 'try_series' AND w.status = 'SUCCESS'"""
_OPEN = "SELECT count(*) FROM workflow_status WHERE status IN ('ENQUEUED', 'DELAYED', 'PENDING')"


def load(site: ClinicSite, *, studies: int, associations: int) -> dict[str, Any]:
    """Send studies at once, and return what was measured until the last result had arrived.

    Args:
        site: with its worker started and its model loaded.
        studies: number of studies of one small film.
        associations: how many senders are at work at once.
    """
    before = _done(site)
    folders = _films(site.folder / "films", studies, associations)
    memory, pages = MemoryOfWorker(site), _Pages(site)
    with memory, pages:
        start = time.time()
        sent = _send(site, folders)
        _wait(lambda: _done(site) >= before + studies and _nothing_open(site))
        seconds = time.time() - start
    rows = [row for row in site.ask_queue(_SERIES) if row[1] / 1000 >= start]
    made, delivered = results_by_study(site.node), results_by_study(site.destination)
    return {
        "studies": studies,
        **sent,
        "seconds": seconds,
        "studies_per_minute": 60 * studies / seconds,
        "studies_with_results": sum(bool(results) for results in made.values()) - before,
        "studies_delivered_whole": sum(delivered[study] == results for study, results in made.items()) - before,
        "most_jobs_open": pages.most_open,
        "latency_s": {
            "first_queued_then_delivered": _latencies([(row[6] - row[1]) / 1000 for row in rows]),
            "begun_then_stored": _latencies([(row[5] - row[4]) / 1000 for row in rows]),
            "stored_then_delivered": _latencies([(row[6] - row[5]) / 1000 for row in rows]),
        },
        "stages_mean_s": _stages(site),
        "status_page_while_it_works": pages.seconds(),
        "memory_mib": memory.summary(),
    }


def large_series(site: ClinicSite, parts: Path, data: Path, *, rounds: int) -> dict[str, Any]:
    """Send CT series one after the other, and return where their time goes.

    Args:
        site: with its worker idle.
        parts: where `clinic_work` notes seconds.
        data: folder of data folders.
        rounds: number of series.
    """
    volume, spacing = head_and_neck_ct(data / VOLUME, slices=SLICES, side=SIDE)
    measured: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        before, folder = _done(site), site.folder / f"ct{number}"
        paths = write_ct(folder, f"ct{number}", volume, spacing)
        _send(site, [folder])
        _wait(lambda before=before: _done(site) > before and _nothing_open(site))  # type: ignore[misc]
        row = max(site.ask_queue(_SERIES), key=lambda row: row[4])
        noted = json.loads(parts.read_text(encoding="ascii").splitlines()[-1])
        for name, seconds in _taken_apart(row, noted, _bare_decoding(paths)).items():
            measured[name].append(seconds)
        shutil.rmtree(folder)
    results = results_by_study(site.node)
    return {
        "slices": SLICES,
        "side": SIDE,
        "result_set": dict(max(results.values(), key=lambda found: sum(found.values()))),
        "seconds": {name: spread(seconds) for name, seconds in measured.items()},
    }


def _taken_apart(row: tuple[Any, ...], noted: dict[str, Any], decoding: float) -> dict[str, float]:
    """Seconds of the parts of one series, from the queue's record of it and what the work noted."""
    stored, delivered = (row[5] - row[4]) / 1000, (row[6] - row[4]) / 1000
    around = stored - noted["process_series"]
    return {
        "begun_to_stored": stored,
        "begun_to_delivered": delivered,
        "bare_decoding": decoding,
        "network": noted["network"],
        "grounder_beside_network": noted["grounder"] - noted["network"],
        "reading_beside_decoding": noted["read"] - decoding,
        "selecting_and_writing_results": noted["process_series"] - noted["read"] - noted["grounder"],
        "fetching_and_storing": around,
        "overhead_to_stored": stored - decoding - noted["network"],
        "overhead_to_stored_without_grounder": stored - decoding - noted["grounder"],
        "overhead_to_delivered_without_grounder": delivered - decoding - noted["grounder"],
    }


def _bare_decoding(paths: list[Path]) -> float:
    """Seconds that pydicom needs to read and decode the files, the second time."""

    def decode() -> int:
        return sum(pydicom.dcmread(path).pixel_array.size for path in paths)

    decode()
    return timed(decode)[1]


def page_with_history(site: ClinicSite, jobs: int) -> dict[str, Any]:
    """Stop the worker, put finished jobs on record, start it, and return how fast its page is."""
    site.kill_worker()
    with contextlib.closing(sqlite3.connect(site.state / "queue.sqlite")) as records, records:
        for table in ("workflow_status", "workflow_output", "operation_outputs"):
            names = [row[1] for row in records.execute(f"PRAGMA table_info({table})")]
            records.execute(f"CREATE TEMP TABLE old_{table} AS SELECT * FROM {table}")
            others = ", ".join(name for name in names if name != "workflow_uuid")
            count = records.execute("SELECT count(*) FROM old_workflow_status").fetchone()[0]
            records.executemany(
                f"INSERT INTO {table} (workflow_uuid, {others}) SELECT ? || workflow_uuid, {others} FROM old_{table}",
                [(f"{number}-",) for number in range(-(-jobs // count))],
            )
    site.start_worker()
    _wait(lambda: _answers(site))
    pages = _Pages(site)
    for _ in range(20):
        pages.ask()
    (count,) = site.ask_queue("SELECT count(*) FROM workflow_status")[0]
    return {"jobs_on_record": count, **pages.seconds()}


class _Pages:
    """Asks the status page now and then in a thread of its own."""

    def __init__(self, site: ClinicSite) -> None:
        self._site = site
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.most_open = 0

    def __enter__(self) -> _Pages:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def ask(self) -> None:
        for path in ("/", "/metrics"):
            _, seconds = timed(lambda path=path: self._site.ask_page(path))  # type: ignore[misc]
            self._seconds[path].append(seconds)
        (count,) = (self._site.ask_queue(_OPEN) or [(0,)])[0]
        self.most_open = max(self.most_open, count)

    def seconds(self) -> dict[str, Any]:
        """Median, 99th percentile and maximum by path [s]."""
        return {path: _latencies(seconds) for path, seconds in self._seconds.items()}

    def _run(self) -> None:
        while not self._stop.wait(3):
            self.ask()


def _films(folder: Path, studies: int, associations: int) -> list[Path]:
    """Films in one folder for each association."""
    folders = [folder / f"sender{number}" for number in range(associations)]
    for number in range(studies):
        write_good(folders[number % associations], f"load{number:05d}")
    return folders


def _send(site: ClinicSite, folders: list[Path]) -> dict[str, Any]:
    """Send each folder by an association of its own, all at once; count what arrived and how many were open at once."""
    before, sent = _instances(site), sum(len(list(folder.iterdir())) for folder in folders)
    start = time.perf_counter()
    senders = [_sender(site, folder) for folder in folders]
    most = 0
    while any(sender.poll() is None for sender in senders):
        most = max(most, _connections(site.node.dicom_port))
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    return {
        "associations": len(folders),
        "most_associations_at_once": most,
        "instances_sent": sent,
        "instances_received": _instances(site) - before,
        "seconds_to_send": seconds,
    }


def _sender(site: ClinicSite, folder: Path) -> subprocess.Popen[bytes]:
    titles = ["-aet", SENDER, "-aec", "MEDGLIP"]
    command = ["storescu", *titles, "+sd", "127.0.0.1", str(site.node.dicom_port), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _connections(port: int) -> int:
    """Number of established connections to a port of this machine."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    rows = (line.split() for line in lines)
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def _instances(site: ClinicSite) -> int:
    answer = httpx.get(f"{site.node.url}/statistics", auth=("medglip", PASSWORD), trust_env=False, timeout=60)
    return int(answer.raise_for_status().json()["CountInstances"])


def _done(site: ClinicSite) -> int:
    """Number of series that were done and delivered."""
    question = "SELECT count(*) FROM workflow_status WHERE name = 'delivery' AND status = 'SUCCESS'"
    return int((site.ask_queue(question) or [(0,)])[0][0])


def _nothing_open(site: ClinicSite) -> bool:
    return site.ask_queue(_OPEN) == [(0,)]


def _answers(site: ClinicSite) -> bool:
    try:
        return site.ask_page("/health") == "ok\n"
    except httpx.TransportError:
        return False


def _wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"expected the work to end within {LIMIT_S:g} s")
        time.sleep(0.5)


def _latencies(seconds: list[float]) -> dict[str, Any]:
    median, late, most = (float(value) for value in np.percentile(seconds, (50, 99, 100)))
    return {"median_s": median, "p99_s": late, "max_s": most, "n": len(seconds)}


def _stages(site: ClinicSite) -> dict[str, float]:
    """Mean seconds by stage, from the worker's own metrics."""
    figures = dict(line.rsplit(" ", 1) for line in site.ask_page("/metrics").splitlines() if line[:1] != "#")

    def figure(kind: str, stage: str) -> float:
        return float(figures[f'medglip_pacs_stage_seconds_{kind}{{stage="{stage}"}}'])

    return {stage: figure("sum", stage) / figure("count", stage) for stage in ("fetch", "ground", "store")}


@contextlib.contextmanager
def _working_site(bundles: Path) -> Iterator[tuple[ClinicSite, Path]]:
    """A site whose worker has its model loaded, and the file of what its work notes."""
    settings = {
        "series": {"poll_every_s": 1.0},
        "model": {"bundles": str(bundles.resolve()), "work": "benchmarks.clinic_work:measured_work"},
    }
    with tempfile.TemporaryDirectory(prefix="clinic_load_") as name:
        folder = Path(name)
        with open_site(folder, settings, senders={SENDER: SENDER_PORT}) as site:
            site.node.start()
            site.destination.start()
            parts = folder / "parts.jsonl"
            site.start_worker(**{PARTS_FILE: str(parts)})
            _send(site, [path.parent for path in write_good(folder / "first", "first")])
            _wait(lambda: _done(site) == 1)
            yield site, parts


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="The PACS pipeline under load, and its own share of the time.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--bundles", type=Path, default=Path("bundles"), metavar="DIR")
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--associations", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3, help="number of large series (default: 3)")
    parser.add_argument("--history", type=int, default=100_000, help="jobs put on record (default: 100000)")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/clinic_load.json"), metavar="FILE")
    arguments = parser.parse_args()
    with _working_site(arguments.bundles) as (site, parts):
        results = {
            "load": load(site, studies=arguments.studies, associations=arguments.associations),
            "large_series": large_series(site, parts, arguments.data, rounds=arguments.rounds),
            "status_page_with_history": page_with_history(site, arguments.history),
        }
    command = shlex.join(["python", "benchmarks/clinic_load.py", *sys.argv[1:]])
    bundle = Bundle(arguments.bundles / "medglip_2d").provenance()
    data = {"films": "made by benchmarks/clinic_studies.py", "ct": f"{VOLUME}, resampled"}
    head = result_head(command, bundle=bundle, data=data)
    write_result(arguments.out, head, results)


if __name__ == "__main__":
    main()
