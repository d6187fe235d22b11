# SPDX-License-Identifier: Apache-2.0
"""A build of real data folders beside bare decoding of their files, and streaming from shards beside raw files.

    python benchmarks/data_real.py --data ../shared/data

Bare decoding opens each image and its annotation with the library that knows the format and takes the pixels, no more.
It and the builds take turns; each build makes a whole store. Streaming reads whole items, pixels decoded and regions
made, in the shuffled order of an epoch. On a slow disk every opening of a raw image, of a file of the store or of a
shard waits.
"""

from __future__ import annotations

import argparse
import csv
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from PIL import Image
from tqdm import tqdm

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.timing import spread, timed
from monai_medglip.data_engine import open_grounding_data
from monai_medglip.data_engine.build import BuildPlan, PlannedSource, build_store, scheduler_for
from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.store import (
    DrawnImages,
    EpochOrder,
    GroundingShards,
    GroundingStore,
    GroundingStream,
    write_shards,
)
from monai_medglip.evaluation import result_head, write_result

RESULT = Path("benchmarks/results/data_real.json")
FOLDERS = ("2d", "3d")
SALT = "for the measurement only"
BATCH = 16
SHARD_BYTES = 16 << 20
OPENING_S = 0.005


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="A build of real data beside bare decoding, shards beside raw files.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--out", type=Path, default=RESULT, metavar="FILE")
    arguments = parser.parse_args()
    results: dict[str, Any] = {"load_average_before": os.getloadavg()[0]}
    for name in FOLDERS:
        with tempfile.TemporaryDirectory(prefix="data_real_") as folder:
            results[name] = measured(arguments.data / name, Path(folder), rounds=arguments.rounds)
    command = shlex.join(["python", "benchmarks/data_real.py", *sys.argv[1:]])
    write_result(arguments.out, result_head(command, bundle=None, data={"folders": list(FOLDERS)}), results)


def measured(data: Path, folder: Path, *, rounds: int) -> dict[str, Any]:
    """Measure one data folder.

    Args:
        data: the data folder.
        folder: an empty one, for stores and shards.
        rounds: how often each is measured, after one round that is not counted.
    """
    files, sources = files_of(data), open_grounding_data(data).sources
    found = {"images": len({image for image, _ in files}), "files": len({name for pair in files for name in pair})}
    builds = build_seconds(data, sources, files, folder, rounds=rounds)
    store = GroundingStore(built(data, sources, folder / "store"))
    write_shards(store, folder / "shards", shard_bytes=SHARD_BYTES)
    streaming = {
        "local disk": stream_seconds(store, folder / "shards", rounds=rounds, opening_s=0.0),
        f"each opening {1000 * OPENING_S:g} ms": stream_seconds(
            store, folder / "shards", rounds=rounds, opening_s=OPENING_S
        ),
    }
    return {**found, "build": builds, "streaming": streaming}


def files_of(data: Path) -> list[tuple[str, str]]:
    """The files of a data folder as pairs of image and annotation; patterns become files."""
    with (data / "INDEX.tsv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    pairs = []
    for row in rows:
        pattern = row["annotation"]
        masks = sorted(str(path.relative_to(data)) for path in data.glob(pattern)) if "*" in pattern else [pattern]
        pairs += [(row["image"], mask) for mask in masks]
    return pairs


def build_seconds(
    data: Path, sources: Sequence[str], files: list[tuple[str, str]], folder: Path, *, rounds: int
) -> dict[str, Any]:
    """Seconds of bare decoding and of builds, in turns, with what follows from them."""
    names = {name for pair in files for name in pair}
    images = len({image for image, _ in files})
    systems: dict[str, Callable[[], object]] = {
        "bare decoding": lambda: sum(decoded(data / name) for name in sorted(names)),
        "1 process, no hash": lambda: built(data, sources, folder / "turn", with_hash=False),
        "1 process": lambda: built(data, sources, folder / "turn"),
        "2 processes, no hash": lambda: built(data, sources, folder / "turn", processes=2, with_hash=False),
        "2 processes": lambda: built(data, sources, folder / "turn", processes=2),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in tqdm(range(1 + rounds), desc=f"build of {data.name}", unit="round"):
        for name, run in systems.items():
            _, taken = timed(run)
            shutil.rmtree(folder / "turn", ignore_errors=True)
            shutil.rmtree(folder / "turn.work", ignore_errors=True)
            if number:
                seconds[name].append(taken)
    bare = np.array(seconds["bare decoding"])
    return {
        "time": {name: spread(taken) for name, taken in seconds.items()},
        "images_per_s": {name: float(images / np.median(taken)) for name, taken in seconds.items()},
        "share_above_bare_decoding": {
            name: float(np.median(1 - bare / np.array(taken)))
            for name, taken in seconds.items()
            if name.startswith("1 process")
        },
    }


def decoded(path: Path) -> int:
    """The number of values in a file, once all are decoded."""
    if path.suffix == ".csv":
        return len(path.read_text(encoding="utf-8"))
    if path.name.endswith(".nii.gz"):
        return int(np.asanyarray(nibabel.load(path).dataobj).size)
    with Image.open(path) as image:
        return int(np.asarray(image).size)


def built(data: Path, sources: Sequence[str], store: Path, *, processes: int = 1, with_hash: bool = True) -> Path:
    """Build a store of a data folder."""
    planned = tuple(PlannedSource(source_card(name), data) for name in sources)
    plan = BuildPlan(planned, SALT, with_hash=with_hash)
    work = store.with_name(f"{store.name}.work")
    build_store(plan, store, work, scheduler=scheduler_for(processes, None))
    return store


def stream_seconds(store: GroundingStore, shards: Path, *, rounds: int, opening_s: float) -> dict[str, Any]:
    """Seconds of an epoch over the raw files and over the shards, in turns, and the ratio of each turn."""
    slow = _SlowOpening((str(store.path), str(shards), *_roots(store)), opening_s)
    raw = _Items(store)
    packed = _Items(GroundingShards(shards))
    orders = {
        "raw files": _order(DrawnImages.of(raw.records)),
        "shards": _order(DrawnImages.of(packed.records, shards=packed.data.shards_of(packed.records))),
    }
    items = {"raw files": raw, "shards": packed}
    seconds: dict[str, list[float]] = defaultdict(list)
    counts = set()
    for number in tqdm(range(1 + rounds), desc="streaming", unit="round"):
        for name, order in orders.items():
            stream = GroundingStream(items[name], order)
            with slow:
                count, taken = timed(partial(_read_all, stream))
            counts.add(count)
            if number:
                seconds[name].append(taken)
    if len(counts) != 1:
        raise SystemExit(f"expected as many pixels and regions of both, got {sorted(counts)}")
    ratio = np.percentile(np.divide(seconds["raw files"], seconds["shards"]), (0, 50, 100))
    times = {name: spread(taken) for name, taken in seconds.items()}
    return {
        **times,
        "raw_over_shards": {"value": float(ratio[1]), "low": float(ratio[0]), "high": float(ratio[2]), "n": rounds},
    }


def _order(images: DrawnImages) -> EpochOrder:
    return EpochOrder(images, batch_size=BATCH, balanced=False, drop_last=False)


def _roots(store: GroundingStore) -> list[str]:
    return sorted({str(record.image.parent) for record in store.records()})


class _Items:
    """Pixels and regions by position."""

    def __init__(self, data: GroundingData) -> None:
        self.data: Any = data
        self.records: Any = data.records()

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, position: int) -> tuple[int, int]:
        record = self.records[position]
        return self.data.read(record).array.size, len(self.data.regions(record))


def _read_all(stream: GroundingStream) -> tuple[int, int]:
    """The number of pixels and of regions of all items."""
    sizes = [size for batch in stream for size in batch]
    return sum(size for size, _ in sizes), sum(regions for _, regions in sizes)


class _SlowOpening:
    """While the block runs, each opening of a file below some folders waits; audit hooks stay, so it is added once."""

    def __init__(self, folders: tuple[str, ...], seconds: float) -> None:
        self._folders = tuple(str(Path(folder).resolve()) for folder in folders)
        self._seconds, self._is_on = seconds, False
        if seconds:
            sys.addaudithook(self._wait)

    def __enter__(self) -> None:
        self._is_on = True

    def __exit__(self, *_: object) -> None:
        self._is_on = False

    def _wait(self, event: str, details: tuple[Any, ...]) -> None:
        if self._is_on and event == "open" and str(Path(str(details[0])).resolve()).startswith(self._folders):
            time.sleep(self._seconds)


if __name__ == "__main__":
    main()
