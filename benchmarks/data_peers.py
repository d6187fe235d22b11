# SPDX-License-Identifier: Apache-2.0
"""Loading and querying a million regions beside pycocotools and plain JSON; streaming beside Hugging Face datasets.

    pip install -r benchmarks/requirements-data-peers.txt
    python benchmarks/data_peers.py --data ../shared/data/2d

Each system runs in processes of its own, one after the other in rounds. All answer the same questions about the same
regions: open; count regions by label; the regions of 300 images by id. Streaming reads the same encoded pictures in
batches, shuffled, without decoding them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

RESULT = Path(__file__).parent / "results" / "data_peers.json"
REGIONS = 1_000_000
LOOKS = 300
ROUNDS = 3
BATCH = 16
BUFFER = 512


def main() -> None:
    """Make the data, measure every system and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/2d"), help="folder of JPEG files to stream")
    parser.add_argument("--regions", type=int, default=REGIONS)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--one", nargs=2, metavar=("SYSTEM", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        system, folder = arguments.one
        print(json.dumps({**{**_QUERIES, **_STREAMS}[system](Path(folder)), "peak_memory_mib": _peak_memory()}))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        folder = Path(place)
        counts = _make_regions(folder, arguments.regions)
        pictures = sorted(arguments.data.rglob("*.jpg"))[: arguments.pictures]
        _make_streams(folder, pictures)
        results = {
            "queries": _rounds(_QUERIES, folder),
            "streaming": _rounds(_STREAMS, folder),
        }
    from monai_medglip.evaluation import result_head, write_result

    data = {"made_by": "benchmarks/synthetic_store.py", **counts, "pictures": len(pictures), "batch": BATCH}
    write_result(arguments.out, result_head("python benchmarks/data_peers.py", bundle=None, data=data), results)


def _rounds(systems: Iterable[str], folder: Path) -> dict[str, Any]:
    measured: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(ROUNDS):
        for system in systems:
            words = [sys.executable, __file__, "--one", system, str(folder)]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            measured[system].append(json.loads(done.stdout.splitlines()[-1]))
    answers = {json.dumps(run["answer"]) for runs in measured.values() for run in runs}
    if len(answers) != 1:
        raise SystemExit(f"expected all systems to give the same answer, got {len(answers)} different ones")
    return {
        system: {name: statistics.median(run[name] for run in runs) for name in runs[0] if name != "answer"}
        for system, runs in measured.items()
    }


def _make_regions(folder: Path, regions: int) -> dict[str, int]:
    """Write the same regions as a store, as COCO JSON and as one JSON of images with their regions."""
    from benchmarks.synthetic_store import REGIONS_PER_RECORD, build_synthetic_store
    from monai_medglip.data_engine.store import GroundingStore

    counts = build_synthetic_store(folder / "store", folder / "parts", round(regions / REGIONS_PER_RECORD))
    store = GroundingStore(folder / "store")
    concepts = sorted({rule.label for source in store.sources for rule in store.labels(source)})
    numbers = {concept: number for number, concept in enumerate(concepts, start=1)}
    images, annotations, plain = [], [], []
    for record in store.records():
        images.append({"id": record.number, "file_name": record.name, "width": record.shape[0], "height": 1024})
        found = store.regions(record)
        half = [len(region.box) // 2 for region in found]
        boxes = [_coco_box(region.box, dims) for region, dims in zip(found, half, strict=True)]
        for region, box in zip(found, boxes, strict=True):
            number = len(annotations) + 1
            annotations.append(
                {
                    "id": number,
                    "image_id": record.number,
                    "category_id": numbers[region.concept],
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        plain.append(
            {
                "name": record.name,
                "modality": record.modality.value,
                "regions": [{"concept": r.concept, "box": r.box} for r in found],
            }
        )
    categories = [{"id": number, "name": concept} for concept, number in numbers.items()]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "coco.json").write_text(json.dumps(coco), encoding="utf-8")
    (folder / "plain.json").write_text(json.dumps(plain), encoding="utf-8")
    chance = random.Random(0)
    (folder / "asked.json").write_text(json.dumps([plain[chance.randrange(len(plain))]["name"] for _ in range(LOOKS)]))
    return {"records": counts["records"], "regions": counts["regions"]}


def _coco_box(box: tuple[float, ...], dims: int) -> list[float]:
    """Give x, y, width and height; COCO has no volumes, their depth is left out."""
    return [box[0], box[1], box[dims] - box[0], box[dims + 1] - box[1]]


class _Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str, *, count: int = 1) -> None:
        now = time.perf_counter()
        self.seconds[f"{stage}_s"] = (now - self._last) / count
        self._last = now


def _asked(folder: Path) -> list[str]:
    names: list[str] = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    return names


def _answer(counts: dict[str, int], looked: int) -> list[Any]:
    return [sorted(item for item in counts.items() if item[1]), looked]


def _query_store(folder: Path) -> dict[str, Any]:
    from monai_medglip.data_engine.store import GroundingStore

    names, clock = _asked(folder), _Clock()
    store = GroundingStore(folder / "store")
    clock.stop("open")
    rows = store.query("SELECT concept, count(*) AS n FROM regions GROUP BY concept").to_pylist()
    clock.stop("count_by_label")
    looked = sum(len(store.regions(store.record_by_id(*name.split("/")))) for name in names)
    clock.stop("regions_of_an_image", count=LOOKS)
    return {**clock.seconds, "answer": _answer({row["concept"]: row["n"] for row in rows}, looked)}


def _query_pycocotools(folder: Path) -> dict[str, Any]:
    import contextlib
    import os

    from pycocotools.coco import COCO

    names, clock = _asked(folder), _Clock()
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        coco = COCO(str(folder / "coco.json"))
    by_name = {image["file_name"]: number for number, image in coco.imgs.items()}
    clock.stop("open")
    counts = {coco.cats[number]["name"]: len(coco.getAnnIds(catIds=[number])) for number in coco.getCatIds()}
    clock.stop("count_by_label")
    looked = sum(len(coco.loadAnns(coco.getAnnIds(imgIds=[by_name[name]]))) for name in names)
    clock.stop("regions_of_an_image", count=LOOKS)
    return {**clock.seconds, "answer": _answer(counts, looked)}


def _query_json(folder: Path) -> dict[str, Any]:
    names, clock = _asked(folder), _Clock()
    images = {image["name"]: image for image in json.loads((folder / "plain.json").read_text(encoding="utf-8"))}
    clock.stop("open")
    counts = Counter(region["concept"] for image in images.values() for region in image["regions"])
    clock.stop("count_by_label")
    looked = sum(len(images[name]["regions"]) for name in names)
    clock.stop("regions_of_an_image", count=LOOKS)
    return {**clock.seconds, "answer": _answer(dict(counts), looked)}


def _make_streams(folder: Path, pictures: list[Path]) -> None:
    import numpy as np
    from datasets import Dataset

    from monai_medglip.data_engine.store.shard_writer import ShardFiles

    contents = [path.read_bytes() for path in pictures]
    with ShardFiles.open(folder / "tar", 4 << 20) as shards:
        for number, content in enumerate(contents):
            shards.add("all", number, b"{}", ("jpg", content))
    np.save(folder / "places.npy", np.array(shards.places))
    Dataset.from_dict({"number": list(range(len(contents))), "jpg": contents}).save_to_disk(
        str(folder / "hugging_face"), max_shard_size="4MB"
    )
    for number, content in enumerate(contents):
        file = folder / "raw" / f"{number:06d}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)


def _read_all(batches: Iterator[list[tuple[int, bytes]]] | Iterable[Any], clock: _Clock) -> dict[str, Any]:
    seen, size = [], 0
    for batch in batches:
        seen += [number for number, _ in batch]
        size += sum(len(content) for _, content in batch)
    clock.stop("epoch")
    return {**clock.seconds, "images_per_s": len(seen) / clock.seconds["epoch_s"], "answer": [len(set(seen)), size]}


class _Places:
    """Our shards by position."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        from monai_medglip.data_engine.store.shard_reader import ShardReader

        self.places, self.reader = np.load(folder / "places.npy"), ShardReader(folder / "tar")

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, position: int) -> tuple[int, bytes]:
        shard, _, _, at, size, _ = self.places[position].tolist()
        return position, self.reader.bytes(shard, at, size)


class _Files:
    """Raw files by position."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted((folder / "raw").iterdir())

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> tuple[int, bytes]:
        return position, self.paths[position].read_bytes()


def _stream_ours(items: Any, workers: int) -> dict[str, Any]:
    import numpy as np
    from torch.utils.data import DataLoader

    from monai_medglip.data_engine.store import DrawnImages, EpochOrder, GroundingStream
    from monai_medglip.imaging.modality import Modality

    clock = _Clock()
    images = DrawnImages(((Modality.CT, "all"),), np.zeros(len(items), np.int64))
    order = EpochOrder(images, batch_size=BATCH, balanced=False, drop_last=False)
    loader = DataLoader(GroundingStream(items, order), batch_size=None, num_workers=workers, collate_fn=list)
    return _read_all(loader, clock)


def _stream_hugging_face(folder: Path, workers: int) -> dict[str, Any]:
    from datasets import load_from_disk
    from torch.utils.data import DataLoader

    dataset = load_from_disk(str(folder / "hugging_face"))
    clock = _Clock()
    shuffled = dataset.to_iterable_dataset(num_shards=8).shuffle(seed=0, buffer_size=BUFFER)
    return _read_all(DataLoader(shuffled, batch_size=BATCH, num_workers=workers, collate_fn=_pairs), clock)


def _pairs(samples: list[dict[str, Any]]) -> list[tuple[int, bytes]]:
    return [(sample["number"], sample["jpg"]) for sample in samples]


def _peak_memory() -> float:
    """Give the peak memory of this process [MiB]."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


_QUERIES = {"store": _query_store, "pycocotools": _query_pycocotools, "json": _query_json}
_STREAMS = {
    f"{name}, {workers} workers": stream
    for workers in (0, 2)
    for name, stream in (
        ("shards", lambda folder, workers=workers: _stream_ours(_Places(folder), workers)),
        ("raw files", lambda folder, workers=workers: _stream_ours(_Files(folder), workers)),
        ("hugging face datasets", lambda folder, workers=workers: _stream_hugging_face(folder, workers)),
    )
}


if __name__ == "__main__":
    main()
