# SPDX-License-Identifier: Apache-2.0
"""Three formats of shards and our reading of tar files: the same bytes, read back shuffled by torch's loader.

    pip install -r benchmarks/requirements-shard-formats.txt
    python benchmarks/shard_formats.py --data ../shared/data/2d

Each system runs in processes of its own. Pixels are not decoded, which costs the same in all. Files are opened that lie
in the folder of the shards; only the process that iterates is looked at, so that is measured without workers.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

RESULT = Path(__file__).parent / "results" / "shard_formats.json"
SYSTEMS = {
    "tar, read by place": None,
    "webdataset": "webdataset",
    "litdata": "litdata",
    "mosaicml": "mosaicml-streaming",
}
SHARD_BYTES = 4 << 20
BATCH = 16
RESUME_AFTER = 20
"""Batches."""
ROUNDS = 5


def main() -> None:
    """Measure all systems and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/2d"))
    parser.add_argument("--count", type=int, default=2000, help="images")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--one", nargs=3, metavar=("SYSTEM", "FOLDER", "ACTION"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        system, folder, action = arguments.one
        print(json.dumps(_ACTIONS[action](system, Path(folder), _images(arguments.data, arguments.count))))
        return
    results: dict[str, Any] = {}
    for name, package in SYSTEMS.items():
        with tempfile.TemporaryDirectory() as folder:
            found: dict[str, Any] = {"version": None if package is None else importlib.metadata.version(package)}
            for action in _ACTIONS:
                words = [sys.executable, __file__, "--data", str(arguments.data), "--count", str(arguments.count)]
                done = subprocess.run(
                    [*words, "--one", name, folder, action], stdout=subprocess.PIPE, text=True, check=False
                )
                found[action] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else "failed"
            results[name] = found
        print(name, results[name], flush=True)
    from monai_medglip.evaluation import result_head, write_result

    data = {"folder": str(arguments.data), "images": arguments.count, "shard_bytes": SHARD_BYTES, "batch": BATCH}
    write_result(arguments.out, result_head("python benchmarks/shard_formats.py", bundle=None, data=data), results)


def _images(data: Path, count: int) -> list[Path]:
    return sorted(path for path in data.rglob("*.jpg") if path.is_file())[:count]


def _write(system: str, folder: Path, images: list[Path]) -> dict[str, Any]:
    start = time.perf_counter()
    samples = ((number, path.read_bytes()) for number, path in enumerate(images))
    _WRITERS[system](folder, samples)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"seconds": time.perf_counter() - start, "bytes": size, "of_files": sum(p.stat().st_size for p in images)}


def _write_tar(folder: Path, samples: Iterable[tuple[int, bytes]]) -> None:
    import numpy as np

    from monai_medglip.data_engine.store.shard_writer import ShardFiles

    with ShardFiles.open(folder, SHARD_BYTES) as shards:
        for number, pixels in samples:
            shards.add("all", number, b"{}", ("jpg", pixels))
    np.save(folder / "places.npy", np.array(shards.places))


def _write_webdataset(folder: Path, samples: Iterable[tuple[int, bytes]]) -> None:
    import webdataset

    with webdataset.ShardWriter(f"{folder}/%05d.tar", maxsize=SHARD_BYTES, verbose=0) as writer:
        for number, pixels in samples:
            writer.write({"__key__": f"{number:09d}", "jpg": pixels})


def _write_litdata(folder: Path, samples: Iterable[tuple[int, bytes]]) -> None:
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder), chunk_bytes=SHARD_BYTES)
    for number, pixels in samples:
        writer[number] = {"number": number, "jpg": pixels}
    writer.done()
    writer.merge()


def _write_mosaicml(folder: Path, samples: Iterable[tuple[int, bytes]]) -> None:
    from streaming import MDSWriter

    columns = {"number": "int", "jpg": "bytes"}
    with MDSWriter(out=str(folder), columns=columns, size_limit=SHARD_BYTES) as writer:
        for number, pixels in samples:
            writer.write({"number": number, "jpg": pixels})


_WRITERS = {
    "tar, read by place": _write_tar,
    "webdataset": _write_webdataset,
    "litdata": _write_litdata,
    "mosaicml": _write_mosaicml,
}


class _ByPlace:
    """The places of our shards as a list for `GroundingStream`."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        from monai_medglip.data_engine.store.shard_reader import ShardReader

        self.places = np.load(folder / "places.npy")
        self.reader = ShardReader(folder)

    def __getitem__(self, position: int) -> tuple[int, bytes]:
        shard, _, _, at, size, _ = self.places[position].tolist()
        return position, self.reader.bytes(shard, at, size)

    def __len__(self) -> int:
        return len(self.places)


def _loader(system: str, folder: Path, count: int, workers: int) -> Any:
    """Give a loader of shuffled batches of ``(number, bytes)``."""
    from torch.utils.data import DataLoader

    if system == "webdataset":
        import webdataset

        urls = sorted(str(path) for path in folder.glob("*.tar"))
        source = webdataset.WebDataset(urls, shardshuffle=len(urls), seed=0, workersplitter=webdataset.split_by_worker)
        plain = source.shuffle(500, seed=0).to_tuple("__key__", "jpg").map(_numbered)
        return DataLoader(plain, batch_size=BATCH, num_workers=workers, collate_fn=list)
    if system == "litdata":
        from litdata import StreamingDataLoader, StreamingDataset

        dataset = StreamingDataset(str(folder), shuffle=True, seed=0, drop_last=False)
        return StreamingDataLoader(dataset, batch_size=BATCH, num_workers=workers, collate_fn=_pairs)
    if system == "mosaicml":
        from streaming import StreamingDataLoader, StreamingDataset

        dataset = StreamingDataset(local=str(folder), shuffle=True, shuffle_seed=0, batch_size=BATCH)
        return StreamingDataLoader(dataset, batch_size=BATCH, num_workers=workers, collate_fn=_pairs)
    import numpy as np

    from monai_medglip.data_engine.store import DrawnImages, EpochOrder, GroundingStream, ResumableLoader
    from monai_medglip.imaging.modality import Modality

    items = _ByPlace(folder)
    images = DrawnImages(((Modality.CT, "all"),), np.zeros(len(items), np.int64), shards=items.places[:, 0])
    order = EpochOrder(images, batch_size=BATCH, balanced=False, drop_last=False)
    return ResumableLoader(
        DataLoader(GroundingStream(items, order), batch_size=None, num_workers=workers, collate_fn=list)
    )


def _numbered(sample: tuple[str, bytes]) -> tuple[int, bytes]:
    return int(sample[0]), sample[1]


def _pairs(samples: list[dict[str, Any]]) -> list[tuple[int, bytes]]:
    return [(int(sample["number"]), sample["jpg"]) for sample in samples]


def _numbers(batches: Iterable[list[tuple[int, bytes]]]) -> Iterator[list[int]]:
    return ([number for number, _ in batch] for batch in batches)


def _speed(system: str, folder: Path, images: list[Path]) -> dict[str, Any]:
    from benchmarks.timing import spread

    speeds: dict[str, Any] = {}
    for workers in (0, 1, 2):
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            read = sum(len(batch) for batch in _loader(system, folder, len(images), workers))
            seconds.append(time.perf_counter() - start)
        speeds[f"{workers} workers"] = {**spread(seconds), "images": read, "images_per_s": read / sorted(seconds)[2]}
    return speeds


def _openings(system: str, folder: Path, images: list[Path]) -> dict[str, Any]:
    """Count the files that are opened for an epoch without workers."""
    opened: list[str] = []

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and str(details[0]).startswith(str(folder)):
            opened.append(str(details[0]))

    loader = _loader(system, folder, len(images), 0)
    sys.addaudithook(watch)
    read = sum(len(batch) for batch in loader)
    return {"openings": len(opened), "files": len(set(opened)), "per_image": len(opened) / read}


def _order(system: str, folder: Path, images: list[Path]) -> dict[str, Any]:
    """Whether workers change the order, whether all come once, and how far neighbors of a file stay together."""
    import numpy as np

    orders = [list(_numbers(_loader(system, folder, len(images), workers))) for workers in (1, 2)]
    flat = [[number for batch in order for number in batch] for order in orders]
    places = np.argsort(flat[0])
    return {
        "once_with_2_workers": sorted(flat[1]) == list(range(len(images))),
        "same_with_1_and_2_workers": flat[0] == flat[1],
        # 1/3 of the length for a perfect shuffle
        "median_distance_of_neighbors": float(np.median(np.abs(np.diff(places)))) / len(images),
    }


def _resume(system: str, folder: Path, images: list[Path]) -> dict[str, Any]:
    """Whether a stopped epoch goes on with the batches that would have come, with as many workers and with others."""
    first = _loader(system, folder, len(images), 2)
    if not hasattr(first, "state_dict"):
        return {"has_state": False}
    whole = list(_numbers(_loader(system, folder, len(images), 2)))
    iterator = iter(first)
    for _ in range(RESUME_AFTER):
        next(iterator)
    state = first.state_dict()
    found: dict[str, Any] = {"has_state": True}
    for workers in (2, 1):
        again = _loader(system, folder, len(images), workers)
        try:
            again.load_state_dict(state)
            rest = list(islice(_numbers(again), len(images)))
        except Exception as error:  # whatever a library raises is the finding
            found[f"same_rest_with_{workers}_workers"] = f"{type(error).__name__}: {str(error)[:200]}"
            continue
        found[f"same_rest_with_{workers}_workers"] = rest == whole[RESUME_AFTER:]
    return found


_ACTIONS = {"write": _write, "speed": _speed, "openings": _openings, "order": _order, "resume": _resume}


if __name__ == "__main__":
    main()
