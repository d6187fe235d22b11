# SPDX-License-Identifier: Apache-2.0
"""A synthetic build of 5.3 million regions over 1.1 million records, what looking into it costs, and how both grow.

    python benchmarks/data_build_5m.py

Every size is built and looked into by processes of its own; memory and opening are not those of the size before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.synthetic_store import REGIONS_PER_RECORD, build_synthetic_store

RESULT = Path(__file__).parent / "results" / "data_build_5m.json"
SIZES = (10_000, 100_000, 1_000_000, 5_300_000, 10_000_000)
"""Regions."""
GOAL_SIZE = 5_300_000
GOALS = {
    "regions_per_second": (">=", 50_000),
    "peak_memory_mib": ("<=", 1536),
    "bytes_per_region": ("<=", 80),
    "open_s": ("<=", 0.5),
    "count_by_modality_and_level_s": ("<=", 1.0),
    "record_by_id_median_s": ("<=", 0.003),
    "balanced_epoch_order_s": ("<=", 2.0),
}
LOOKS = 300
OPENINGS = 5
COUNT = "SELECT modality, level, count(*) FROM regions JOIN records ON record = number GROUP BY ALL"


def main() -> None:
    """Measure all sizes and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to build (default: a temporary folder)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="REGIONS")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--look", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build is not None:
        print(json.dumps(_build(arguments.folder, arguments.build)))
    elif arguments.look:
        print(json.dumps(_look(arguments.folder / "store")))
    else:
        _measure_all(arguments.sizes, arguments.folder, arguments.out)


def _measure_all(sizes: list[int], folder: Path | None, out: Path) -> None:
    measured: dict[str, dict[str, Any]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            built = _in_process("--folder", place, "--build", str(round(size / REGIONS_PER_RECORD)))
            measured[str(size)] = {**built, **_in_process("--folder", place, "--look")}
        print(size, measured[str(size)], flush=True)
    growth = {size: {name: run[name] for name in GOALS} for size, run in measured.items()}
    results: dict[str, Any] = {"by_regions": measured, "growth": growth}
    if str(GOAL_SIZE) in measured:
        reached = measured[str(GOAL_SIZE)]
        results["goals"] = {
            name: {"value": reached[name], "goal": f"{sign} {goal}", "met": _met(reached[name], sign, goal)}
            for name, (sign, goal) in GOALS.items()
        }
    from monai_medglip.evaluation import result_head, write_result  # torch, which no process here shall count

    data = {"made_by": "benchmarks/synthetic_store.py", "pixels": "none", "masks": "none"}
    write_result(out, result_head("python benchmarks/data_build_5m.py", bundle=None, data=data), results)


def _met(value: float, sign: str, goal: float) -> bool:
    return value >= goal if sign == ">=" else value <= goal


def _in_process(*words: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _build(folder: Path, records: int) -> dict[str, Any]:
    start, load = time.perf_counter(), os.getloadavg()[0]
    counts = build_synthetic_store(folder / "store", folder / "parts", records, processes=2)
    seconds = time.perf_counter() - start
    own, child = _peak_memory(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    on_disk = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    shutil.rmtree(folder / "parts")
    return {
        "records": counts["records"],
        "regions": counts["regions"],
        "build_s": seconds,
        "regions_per_second": counts["regions"] / seconds,
        "regions_per_cpu_second": counts["regions"] / sum(os.times()[:4]),
        # Of other programs on the two cores, one minute before; far above 0 they share the cores with the build.
        "load_before": load,
        # At most: pages that the two processes of the pool share with this one are counted in each.
        "peak_memory_mib": own + 2 * child,
        "peak_memory_of_joining_mib": own,
        "bytes_per_region": on_disk / counts["regions"],
    }


def _look(path: Path) -> dict[str, Any]:
    from monai_medglip.data_engine.store import DrawnImages, EpochOrder, GroundingStore

    opened = [_seconds(lambda: GroundingStore(path)) for _ in range(OPENINGS)]
    store = GroundingStore(path)
    chance = random.Random(0)
    records = store.records()
    names = [(r.source, r.id) for r in (records[chance.randrange(len(records))] for _ in range(LOOKS))]
    fetched = [_seconds(lambda name=name: store.record_by_id(*name)) for name in names]  # type: ignore[misc]
    with_regions = [_seconds(lambda name=name: store.regions(store.record_by_id(*name))) for name in names]  # type: ignore[misc]
    counted = [_seconds(lambda: store.query(COUNT)) for _ in range(OPENINGS)]
    orders = [
        _seconds(lambda epoch=epoch: EpochOrder(DrawnImages.of(store.records()), batch_size=16).positions(epoch))  # type: ignore[misc]
        for epoch in range(OPENINGS)
    ]
    return {
        "open_s": statistics.median(opened),
        "open_first_s": opened[0],
        "count_by_modality_and_level_s": statistics.median(counted),
        "count_first_s": counted[0],
        "record_by_id_median_s": statistics.median(fetched),
        "record_by_id_p95_s": sorted(fetched)[int(0.95 * LOOKS)],
        "record_by_id_with_regions_median_s": statistics.median(with_regions),
        "balanced_epoch_order_s": statistics.median(orders),
        "memory_of_looking_mib": _peak_memory(),
    }


def _peak_memory() -> float:
    """Give the peak memory of this process [MiB]; `resource` would give the parent's, where that is more."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
