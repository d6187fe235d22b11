# SPDX-License-Identifier: Apache-2.0
"""What the PACS pipeline loses, doubles or forgets when everything around it fails; seeded.

An Orthanc receives studies, poisoned ones among them, while the worker is killed with SIGKILL in chosen stages and at
random moments, Orthanc is stopped or killed and started, the destination (a second Orthanc) is away, and the disk under
the worker's state runs full. Afterwards every good study must have exactly one result set, in Orthanc and at the
destination, and every series of a bad one an entry with a reason. The work on a series is the real one, network
included. Of a good film that is sent twice with other pixels Orthanc must keep the first.

    python benchmarks/clinic_faults.py --bundles bundles --studies 200 --poisoned 20 --kills 50 --restarts 5
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pydicom

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from apps.medglip_pacs.errors import QuarantineError
from apps.medglip_pacs.local_orthanc import LocalOrthanc
from apps.medglip_pacs.orthanc import Orthanc
from apps.medglip_pacs.settings import OrthancSettings
from benchmarks.clinic_site import PASSWORD, ClinicSite, open_site, results_by_study
from benchmarks.clinic_studies import POISONS, write_good, write_poisoned
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Bundle

STAGES = ("fetch", "ground", "store", "deliver")
DISK_MIB = 96
_JOBS = (
    "SELECT s.name, s.workflow_uuid, s.status, coalesce(o.error, s.error) "
    "FROM workflow_status s LEFT JOIN workflow_output o USING (workflow_uuid)"
)


@dataclass
class Faults:
    """Watches and kills the worker of a site.

    Attributes:
        site: where it works.
        kills: number of kills by the stage in which it was.
        ended_by_itself: how often it had to be started though nobody had killed it.
    """

    site: ClinicSite
    kills: Counter[str] = field(default_factory=Counter)
    ended_by_itself: int = 0

    def kill_worker(self, stage: str) -> None:
        """End the worker at once, count the stage in which it was, and start it."""
        self.site.kill_worker()
        self.kills[stage] += 1
        self.site.start_worker()

    def keep_worker(self) -> None:
        """Start a worker that has ended by itself again, as a service manager does."""
        if self.site.worker is not None and self.site.worker.poll() is not None:
            self.ended_by_itself += 1
            self.site.start_worker()

    def is_in(self, stage: str) -> bool:
        """Whether this worker, not one that was killed before, is in a stage, as its folders and its queue tell it."""
        if stage == "deliver":
            return self._delivers()
        jobs = (self.site.state / "work").glob("*")
        return any(stage == _stage_of(job) for job in jobs if _made(job) > self.site.started)

    def _delivers(self) -> bool:
        began = self.site.ask_queue(
            "SELECT max(started_at_epoch_ms) FROM workflow_status WHERE name='delivery' AND status='PENDING'"
        )
        return bool(began and began[0][0] and began[0][0] / 1000 > self.site.started)

    def jobs(self) -> list[tuple[str, str, str, str]]:
        """Kind, name, state and error of all jobs."""
        return [(str(a), str(b), str(c), str(d or "")) for a, b, c, d in self.site.ask_queue(_JOBS)]


def _stage_of(job: Path) -> str:
    """Stage of a series' folder."""
    if (job / "out").exists():
        return "store"
    return "ground" if any((job / "in").glob("*")) else "fetch"


def _made(folder: Path) -> float:
    """When a folder was made or last changed [s]; long ago when it is gone."""
    try:
        return folder.stat().st_ctime
    except FileNotFoundError:
        return 0.0


def run(site: ClinicSite, *, studies: int, poisoned: int, kills: int, restarts: int, seed: int) -> dict[str, Any]:
    """Send studies amid faults, and return what became of them.

    Args:
        site: what is measured.
        studies: number of studies, poisoned ones included.
        poisoned: number of poisoned ones.
        kills: how often the worker is killed.
        restarts: how often Orthanc is stopped or killed, and started.
        seed: of all that is random.
    """
    chance = random.Random(seed)
    plan = _plan(studies, poisoned, chance)
    site.node.start()
    site.destination.start()
    site.start_worker()
    sender, harm = _Sender(site, plan), Faults(site)
    faults: list[Callable[[], None]] = [partial(_kill_in_a_stage, harm, chance, number) for number in range(kills)]
    faults += [lambda: _restart(site.node, chance)] * restarts
    faults += [lambda: _away(site.destination), lambda: _full_disk(site)]
    chance.shuffle(faults)
    start = time.monotonic()
    for left in range(len(faults), 0, -1):
        harm.keep_worker()
        sender.send(-(-len(sender.waiting) // left))
        time.sleep(chance.uniform(0, site.node.stable_age_s + 3))
        faults[left - 1]()
    settled = _settle(harm, seconds=1800)
    seconds = time.monotonic() - start
    return {
        **_verdict(harm, plan, sender),
        "settled": settled,
        "seconds": seconds,
        "kills_by_stage": dict(harm.kills),
        "stages_without_a_kill": [stage for stage in STAGES if not harm.kills[stage]],
        "worker_ended_by_itself": harm.ended_by_itself,
        "noticed_in_the_log": _noticed(site.log),
    }


def _plan(studies: int, poisoned: int, chance: random.Random) -> dict[str, str]:
    """What each study is: ``good``, ``good, sent again with other pixels``, or its poison."""
    kinds = list(POISONS)
    bad = [kinds[number % len(kinds)] for number in range(poisoned)]
    twice = max(1, poisoned // 7)
    good = ["good, sent again with other pixels"] * twice + ["good"] * (studies - poisoned - twice)
    kinds = bad + good
    chance.shuffle(kinds)
    return {f"{number:04d}": kind for number, kind in enumerate(kinds)}


class _Sender:
    """Sends studies, and notes what Orthanc refused."""

    def __init__(self, site: ClinicSite, plan: dict[str, str]) -> None:
        self._folder = site.folder / "sent"
        self._client = Orthanc(OrthancSettings(url=site.node.url, user="medglip"), password=PASSWORD)
        self.waiting = list(plan.items())
        self.refused: set[str] = set()
        self.series: dict[str, set[str]] = {}
        self.studies: dict[str, str] = {}
        self.sent_again: list[Path] = []

    def send(self, count: int) -> None:
        """Send the next studies."""
        for name, kind in self.waiting[:count]:
            folder = self._folder / name
            paths = write_poisoned(folder, name, kind) if kind in POISONS else write_good(folder, name)
            uids = [_uids(path) for path in paths]
            self.studies[name], self.series[name] = _orthanc_id(*uids[0][:2]), {_orthanc_id(*one[:3]) for one in uids}
            for path in paths:
                self._upload(name, path)
            if "again" in kind:
                self.sent_again.append(paths[0])
                self._upload(name, _with_other_pixels(paths[0]))
        del self.waiting[:count]

    def _upload(self, name: str, path: Path) -> None:
        try:
            self._client.upload(path)
        except QuarantineError:
            self.refused.add(name)

    def kept_first(self) -> int:
        """Of how many films that were sent again Orthanc has the bytes that came first."""
        return sum(self._stored(path) == path.read_bytes() for path in self.sent_again)

    def _stored(self, path: Path) -> bytes:
        copy = path.with_suffix(".stored")
        self._client.download(_orthanc_id(*_uids(path)), copy)
        return copy.read_bytes()


def _uids(path: Path) -> tuple[str, str, str, str]:
    """What Orthanc tells instances by, from the patient down."""
    head = pydicom.dcmread(path, stop_before_pixels=True)
    return head.PatientID, head.StudyInstanceUID, head.SeriesInstanceUID, head.SOPInstanceUID


def _orthanc_id(*names: str) -> str:
    """Orthanc's identifier of what these DICOM identifiers name, from the patient's on."""
    digest = hashlib.sha1("|".join(names).encode()).hexdigest()
    return "-".join(digest[start : start + 8] for start in range(0, 40, 8))


def _with_other_pixels(path: Path) -> Path:
    image = pydicom.dcmread(path)
    image.PixelData = bytes(len(image.PixelData))
    other = path.with_suffix(".other.dcm")
    image.save_as(other)
    return other


def _kill_in_a_stage(harm: Faults, chance: random.Random, number: int) -> None:
    """Kill the worker in one stage after the other, at its begin or some time later, every fifth time anywhere.

    What is counted is the stage that it is in when it is killed.
    """
    wanted = (*STAGES, None)[number % (len(STAGES) + 1)]
    end = time.monotonic() + (chance.uniform(0, 15) if wanted is None else 40)
    while time.monotonic() < end and not (wanted and harm.is_in(wanted)):
        time.sleep(0.001)
    time.sleep(chance.choice((0.0, chance.uniform(0, 0.5))))
    stages = (stage for stage in (wanted, *STAGES) if stage and harm.is_in(stage))
    harm.kill_worker(next(stages, "idle or starting"))


def _restart(node: LocalOrthanc, chance: random.Random) -> None:
    chance.choice((node.stop, node.kill))()
    time.sleep(chance.uniform(0.5, 3))
    node.start()


def _away(destination: LocalOrthanc) -> None:
    """The destination is away for a while: connections are refused."""
    destination.stop()
    time.sleep(10)
    destination.start()


def _full_disk(site: ClinicSite) -> None:
    """Fill the disk of the worker's state for a while, its queue's file included."""
    filler = site.state / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    time.sleep(8)
    filler.unlink()


def _settle(harm: Faults, *, seconds: float) -> bool:
    """Wait until nothing is queued or running, and all stable series have had their turn."""
    end, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        harm.keep_worker()
        states = Counter(status for _, _, status, _ in harm.jobs())
        quiet = quiet + 1 if states and not states["ENQUEUED"] + states["PENDING"] + states["DELAYED"] else 0
        if quiet >= 30:
            return True
        time.sleep(1)
    return False


def _verdict(harm: Faults, plan: dict[str, str], sender: _Sender) -> dict[str, Any]:
    """Compare what is there with what must be."""
    made, delivered = results_by_study(harm.site.node), results_by_study(harm.site.destination)
    errors: dict[str, str] = {}
    for name, job, status, error in harm.jobs():
        if name == "series_job" and status in ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
            errors[job.partition(".")[0]] = error
    good = [name for name, kind in plan.items() if kind not in POISONS]
    bad = [name for name, kind in plan.items() if kind in POISONS]
    fates = {name: _fate(name, sender, errors) for name in bad}
    of = sender.studies
    return {
        "good_studies": len(good),
        "good_with_exactly_one_result_set": sum(_is_one_set(made[of[name]]) for name in good),
        "good_with_none": sum(not made[of[name]] for name in good),
        "good_with_more": sum(max(made[of[name]].values(), default=0) > 1 for name in good),
        "good_delivered_exactly_once": sum(
            _is_one_set(delivered[of[name]]) and delivered[of[name]] == made[of[name]] for name in good
        ),
        "good_set_aside": sum(bool(sender.series[name] & set(errors)) for name in good),
        "sent_again_with_other_pixels": len(sender.sent_again),
        "sent_again_and_first_kept": sender.kept_first(),
        "bad_studies": len(bad),
        "bad_by_fate": dict(Counter(f"{plan[name]}: {fate}" for name, fate in fates.items())),
        "bad_with_neither_entry_nor_refusal": sum(fate == "nothing" for fate in fates.values()),
        "jobs_by_state": dict(Counter(f"{name} {status}" for name, _, status, _ in harm.jobs())),
    }


def _fate(name: str, sender: _Sender, errors: dict[str, str]) -> str:
    if name in sender.refused:
        return "refused by Orthanc when sent"
    return "set aside with a reason" if all(errors.get(series) for series in sender.series[name]) else "nothing"


def _is_one_set(results: Counter[str]) -> bool:
    """Whether these are the results of one film: a report and a picture, a segmentation where something was found."""
    return set(results.values()) == {1} and {"SR", "OT"} <= set(results)


def _noticed(log: Path) -> dict[str, int]:
    """How often the worker's log tells of the faults, as a sign that they met it at work."""
    lines = log.read_text(encoding="utf-8", errors="replace")
    words = {"Orthanc away": "does not answer", "disk full": "disk is full", "model loaded": "model loaded"}
    return {name: lines.count(word) for name, word in words.items()}


@contextlib.contextmanager
def _site(bundles: Path) -> Iterator[ClinicSite]:
    """A site in a folder of its own, the worker's state on a small disk of its own."""
    settings = {
        "series": {"poll_every_s": 0.5, "reconcile_every_s": 5},
        "limits": {"job_timeout_s": 120, "retry_first_s": 0.5, "retry_longest_s": 5, "disk_high_water": 0.9},
        "model": {"bundles": str(bundles.resolve())},
    }
    with tempfile.TemporaryDirectory(prefix="clinic_faults_") as name, contextlib.ExitStack() as ends:
        site = ends.enter_context(open_site(Path(name), settings))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(site.state)], check=True)
        ends.callback(subprocess.run, ["umount", "-l", str(site.state)], check=False)
        ends.callback(shutil.copy, site.log, Path(tempfile.gettempdir()) / "clinic_faults_worker.log")
        yield site


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="What the PACS pipeline loses or doubles amid faults.")
    parser.add_argument("--bundles", type=Path, default=Path("bundles"), metavar="DIR")
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--poisoned", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/clinic_faults.json"), metavar="FILE")
    arguments = parser.parse_args()
    size = {name: getattr(arguments, name) for name in ("studies", "poisoned", "kills", "restarts", "seed")}
    with _site(arguments.bundles) as site:
        results = run(site, **size)
    command = shlex.join(["python", "benchmarks/clinic_faults.py", *sys.argv[1:]])
    bundle = Bundle(arguments.bundles / "medglip_2d").provenance()
    head = result_head(command, bundle=bundle, data={"studies": "made by benchmarks/clinic_studies.py"})
    write_result(arguments.out, head, {**size, "asked_of": "200 studies, 50 kills, 5 restarts", **results})


if __name__ == "__main__":
    main()
