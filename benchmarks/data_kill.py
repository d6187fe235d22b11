# SPDX-License-Identifier: Apache-2.0
"""Whether a build that is killed ends with the same bytes: the whole process at random moments, and a Dask worker.

python benchmarks/data_kill.py --data ../shared/data/2d --kills 20 --seed 0
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from monai_medglip.evaluation import result_head, write_result

SOURCES = ("acdc", "busi", "hc18", "jsrt", "kvasir_seg", "montgomery", "openkbp", "ph2", "wbc_jtsc")
"""Sources of the data folder with masks; together 1,700 images."""
_START_S = 4.0
"""What a process needs before it works on images, about [s]."""
SALT = "for the measurement only"


def digest(store: Path) -> str:
    """One SHA-256 over the names and bytes of a store's files, but for the file that says where its images lie."""
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.name != "roots.json")
    content = hashlib.sha256()
    for path in files:
        content.update(path.relative_to(store).as_posix().encode() + path.read_bytes())
    return content.hexdigest()


def build(data: Path, store: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a build as a user does."""
    sources = [f"{name}={data}" for name in SOURCES]
    command = [sys.executable, "-m", "monai_medglip.cli.main", "data", "build", *sources, "--out", str(store), *words]
    environment = {**os.environ, "MEDGLIP_DATA_SALT": SALT}
    with _log(store).open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def finished(process: subprocess.Popen[bytes], store: Path) -> None:
    """Wait for a build, which must end well."""
    if process.wait() != 0:
        told = _log(store).read_text(encoding="utf-8")[-2000:]
        raise SystemExit(f"a build that nobody killed ended with {process.returncode}: {told}")


def _log(store: Path) -> Path:
    return store.with_name(f"{store.name}.log")


def killed_builds(data: Path, folder: Path, *, kills: int, seconds: float, seed: int) -> dict[str, Any]:
    """Kill builds on two processes, all their processes at once, at random moments, and go on with each to its end.

    Args:
        data: the data folder.
        folder: for the stores.
        kills: how many kills must hit; a build that ends before its kill is compared, and another one begun.
        seconds: how long a whole build takes; the moments spread over a quarter of it [s].
        seed: of the moments.
    """
    chance = random.Random(seed)
    store, hits, digests = folder / "killed", 0, []
    while hits < kills:
        process = build(data, store, "--processes", "2")
        time.sleep(chance.uniform(_START_S, _START_S + seconds / 4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            hits += 1
            process.wait()
        else:
            finished(process, store)
            digests.append(digest(store))
            shutil.rmtree(store)
    finished(build(data, store, "--processes", "2"), store)
    return {"kills": hits, "builds": len(digests) + 1, "digests": sorted({*digests, digest(store)})}


def dask_build(data: Path, folder: Path, *, seconds: float) -> dict[str, Any]:
    """Build on a local Dask cluster of two workers, one of which is killed in the middle."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        process = build(data, folder / "dask", "--scheduler", cluster.scheduler_address)
        victim = next(iter(cluster.workers.values()))

        def kill() -> None:
            os.kill(victim.pid, signal.SIGKILL)

        timer = threading.Timer(seconds / 2, kill)
        timer.start()
        status = process.wait()
        timer.cancel()
    return {"workers": 2, "killed_after_s": seconds / 2, "exit_status": status, "digest": digest(folder / "dask")}


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="Whether a build that is killed ends with the same bytes.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/2d"), metavar="DIR")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/data_kill.json"), metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="data_kill_") as name:
        folder, data = Path(name), arguments.data.resolve()
        start = time.monotonic()
        finished(build(data, folder / "whole"), folder / "whole")
        seconds = time.monotonic() - start
        expected = digest(folder / "whole")
        killed = killed_builds(data, folder, kills=arguments.kills, seconds=seconds / 2, seed=arguments.seed)
        dask = dask_build(data, folder, seconds=seconds)
    results = {
        "seed": arguments.seed,
        "sources": list(SOURCES),
        "whole": {"seconds": seconds, "digest": expected},
        "killed": {**killed, "same_bytes": killed["digests"] == [expected]},
        "dask": {**dask, "same_bytes": dask["digest"] == expected},
    }
    command = shlex.join(["python", "benchmarks/data_kill.py", *sys.argv[1:]])
    write_result(arguments.out, result_head(command, bundle=None, data={"folder": arguments.data.name}), results)


if __name__ == "__main__":
    main()
