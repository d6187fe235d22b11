# SPDX-License-Identifier: Apache-2.0
"""Stores as COCO JSON: what pycocotools reads is what the store holds, and the reader gives it back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from monai_medglip.data_engine.adapters import adapter_from_layout
from monai_medglip.data_engine.instances import regions_from_annotations
from monai_medglip.data_engine.interchange import COCO_LAYOUT, write_coco
from monai_medglip.data_engine.store import GroundingShards, write_shards
from monai_medglip.errors import DataError, OutputError
from tests.data_engine.interchange.volumes import store_with_a_volume


def _regions_by_coco(coco: COCO, image: int) -> list[tuple[object, ...]]:
    rows = coco.loadAnns(coco.getAnnIds(imgIds=[image]))
    found = []
    for row in rows:
        x, y, width, height = row["bbox"]
        mask = coco.annToMask(row).T.astype(bool) if "segmentation" in row else None
        name = coco.loadCats([row["category_id"]])[0]["name"]
        found.append((name, (x, y, x + width, y + height), mask, bool(row["iscrowd"])))
    return found


def test_pycocotools_reads_the_boxes_masks_and_ignored_regions_of_the_store(store, target) -> None:
    assert write_coco(store, target) == 7
    seen = 0
    for record in store.records():
        coco = COCO(target / record.source / f"{record.split}.json")
        (entry,) = [image for image in coco.imgs.values() if image["record"] == record.id]
        told = _regions_by_coco(coco, entry["id"])
        regions = store.regions(record)
        assert [(name, is_crowd) for name, _, _, is_crowd in told] == [(r.concept, r.ignored) for r in regions]
        for (_, box, mask, _), region in zip(told, regions, strict=True):
            assert box == region.box
            assert (mask is None) == (region.mask is None)
            assert mask is None or np.array_equal(mask, region.mask.decode())
        seen += len(regions)
    assert seen == 12
    assert any(region.ignored for record in store.records() for region in store.regions(record))


def test_the_pictures_beside_it_are_those_of_the_store(store, target) -> None:
    write_coco(store, target)
    for record in store.records():
        index = json.loads((target / record.source / f"{record.split}.json").read_text(encoding="utf-8"))
        (entry,) = [image for image in index["images"] if image["record"] == record.id]
        pixels = np.asarray(Image.open(target / record.source / entry["file_name"]))
        assert pixels.shape == (entry["height"], entry["width"])
        assert np.array_equal(pixels.T, store.read(record).array[0])


def test_the_reader_of_coco_gives_equal_records_and_regions_back(store, target) -> None:
    write_coco(store, target)
    for source in store.sources:
        rules = [replace(rule, value=rule.label) for rule in store.labels(source)]
        items = {item.id: item for item in adapter_from_layout(COCO_LAYOUT).items(target / source)}
        assert len(items) == len(store.records(sources=[source]))
        for record in store.records(sources=[source]):
            item = items[record.id]
            scan = item.read()
            assert (item.split, item.patient, scan.modality) == (record.split, record.patient, record.modality)
            assert regions_from_annotations(item.annotation.read(scan), rules) == store.regions(record)


def test_a_data_folder_is_written_as_its_store_is(folder, store, tmp_path) -> None:
    write_coco(folder, tmp_path / "of folder")
    write_coco(store, tmp_path / "of store")
    files = sorted(path.relative_to(tmp_path / "of store") for path in (tmp_path / "of store").rglob("*.*"))
    assert len(files) == 11
    for file in files:
        assert (tmp_path / "of folder" / file).read_bytes() == (tmp_path / "of store" / file).read_bytes()


def test_no_word_beside_the_pixels_of_a_jpeg_is_passed_on(store, target) -> None:
    original = next(record.image for record in store.records() if record.id == "image 1")
    assert b"Anna" in original.read_bytes()
    write_coco(store, target)
    (jpeg,) = target.rglob("*.jpg")
    assert b"Anna" not in jpeg.read_bytes()


def test_volumes_are_refused_before_anything_is_written(tmp_path) -> None:
    with pytest.raises(DataError, match="1 of 2 are volumes, the first made/volume"):
        write_coco(store_with_a_volume(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_target_that_is_there_stays_as_it_was(store, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="there is one"):
        write_coco(store, tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]


def test_an_image_that_cannot_be_read_leaves_nothing_behind(folder, tmp_path) -> None:
    made = store_with_a_volume(tmp_path, volume=False)
    next(iter(made.records())).image.write_bytes(b"broken")
    with pytest.raises(DataError, match="made/image"):
        write_coco(made, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_an_unknown_source_is_told(store, target) -> None:
    with pytest.raises(DataError, match="got 'nobody'"):
        write_coco(store, target, sources=["nobody"])


def test_shards_are_written_with_the_regions_and_pixels_of_their_store(store, tmp_path) -> None:
    write_shards(store, tmp_path / "shards")
    write_coco(GroundingShards(tmp_path / "shards"), tmp_path / "of shards")
    write_coco(store, tmp_path / "of store")
    for source in store.sources:
        read = [
            list(adapter_from_layout(COCO_LAYOUT).items(tmp_path / of / source)) for of in ("of store", "of shards")
        ]
        for one, other in zip(*read, strict=True):
            scans = one.read(), other.read()
            assert np.array_equal(scans[0].array, scans[1].array)
            assert one.annotation.read(scans[0]) == other.annotation.read(scans[1])
