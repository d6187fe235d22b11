# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from monai_medglip.data_engine import Region
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.data_engine.store import GroundingStore, Part, PartWriter, StoredSource, finish_store
from monai_medglip.data_engine.store.id_index import IdIndex
from monai_medglip.errors import DataError, OutputError
from monai_medglip.imaging.mask_rle import MaskRLE
from tests.store_of_folder import stored, write_parts, write_store

FINDING = Finding(Stage.REGIONS, "tiny", "made", "image 3", "3 pixels", None, 2)


@pytest.fixture
def labels(made_folder):
    return made_folder.labels("made")


def finish(folder, target, parts, **more):
    labels, sources = folder.labels("made"), [StoredSource(folder.facts("made"))]
    return finish_store(target, parts, labels=labels, sources=sources, roots={"made": folder.path}, **more)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_the_same_images_give_the_same_bytes_in_parts_of_any_size(made_folder, tmp_path):
    for size in (1, 3, 7):
        parts = list(write_parts(made_folder, tmp_path / f"parts-{size}", size=size))
        finish(made_folder, tmp_path / f"store-{size}", parts)
    assert digests(tmp_path / "store-1") == digests(tmp_path / "store-3") == digests(tmp_path / "store-7")


def test_a_part_is_there_when_all_of_it_is(made_folder, labels, tmp_path):
    part = Part(tmp_path, "part")
    with PartWriter(part, labels) as writer:
        writer.add_finding(FINDING)
        assert not part.is_complete
    assert part.is_complete
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"part.{table}.parquet" for table in ("findings", "records", "regions")
    ]


def test_a_part_that_fails_leaves_nothing(made_folder, labels, tmp_path):
    record = stored(made_folder, made_folder.records()[3])

    def fail_after_a_row_group():
        with PartWriter(Part(tmp_path, "part"), labels) as writer:
            for number in range(5000):
                writer.add(replace(record, id=str(number)), ())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_row_group()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (Region("hart", (0, 0, 1, 1), None), r"of the labels of made \(left lung, nodule\), got 'hart'"),
        (Region("nodule", (0, 0, 0, 1, 1, 1), None), "expected boxes of 4 numbers"),
        (Region("nodule", (0, 0, 1, 1), MaskRLE.encode(np.eye(3))), r"shape \(40, 30\), got \(3, 3\) of 'nodule'"),
    ],
)
def test_a_region_that_does_not_fit_is_refused_and_nothing_of_its_image_is_written(
    made_folder, labels, tmp_path, region, message
):
    record = stored(made_folder, made_folder.records()[0])
    part = Part(tmp_path, "part")
    with PartWriter(part, labels) as writer:
        with pytest.raises(DataError, match=message):
            writer.add(record, [Region("nodule", (0, 0, 1, 1), None), region])
        writer.add(record, ())
    assert [pq.read_metadata(part.table(name)).num_rows for name in ("records", "regions")] == [1, 0]


def test_records_that_are_left_out_take_their_regions_along(made_folder, tmp_path):
    parts = list(write_parts(made_folder, tmp_path / "parts", size=4))
    finish(made_folder, tmp_path / "store", parts, revise=lambda rows: rows.filter(pc.field("id") != "image 2"))
    store = GroundingStore(tmp_path / "store")
    kept = [record for record in made_folder.records() if record.id != "image 2"]
    assert [record.id for record in store.records()] == [record.id for record in kept]
    assert [store.regions(record) for record in store.records()] == [made_folder.regions(record) for record in kept]


def test_findings_of_parts_and_of_the_whole_are_in_the_store(made_folder, labels, tmp_path):
    part = Part(tmp_path, "part")
    with PartWriter(part, labels) as writer:
        writer.add_finding(FINDING)
    whole = Finding(Stage.LICENSES, "missing", "made", None, "no terms", "rule 1")
    finish(made_folder, tmp_path / "store", [part], findings=[whole])
    rows = GroundingStore(tmp_path / "store").query("SELECT * FROM findings").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("regions", "tiny", "made", "image 3", 2, "3 pixels", None),
        ("licenses", "missing", "made", None, None, "no terms", "rule 1"),
    ]


def test_all_that_is_known_of_an_image_and_its_regions_comes_back(made_folder, labels, tmp_path):
    attributes = (("view", "AP"), ("text", "kleiner Herd; naïve"))
    facts = {"license": "CC0", "checksum": "ab" * 32, "perceptual_hash": "0f" * 8, "attributes": attributes}
    record = stored(made_folder, made_folder.records()[0], **facts)
    region = Region("nodule", (0.1, 0.2, 3.3, 4.7), None, ignored=True, attributes=(("reader", "2"),))
    part = Part(tmp_path, "part")
    with PartWriter(part, labels) as writer:
        writer.add(record, [region])
    finish(made_folder, tmp_path / "store", [part])
    store = GroundingStore(tmp_path / "store")
    (found,) = store.records()
    assert replace(found, number=None, region_count=0) == record
    assert store.regions(found) == (region,)


def test_one_name_twice_is_refused(made_folder, tmp_path):
    (part,) = write_parts(made_folder, tmp_path / "parts", made_folder.records()[:1])
    with pytest.raises(DataError, match="expected every id once in a source, made/image 0 is there twice"):
        finish(made_folder, tmp_path / "store", [part, part])
    assert not (tmp_path / "store" / "manifest.json").exists()


def test_a_part_that_is_missing_is_told(made_folder, tmp_path):
    with pytest.raises(DataError, match="expected a complete part, it is not there"):
        finish(made_folder, tmp_path / "store", [Part(tmp_path, "part")])


def test_a_store_is_never_written_over(made_folder, store_path):
    with pytest.raises(OutputError, match="expected a folder without a store"):
        write_store(made_folder, store_path)


def test_names_with_one_hash_are_both_found():
    index = IdIndex.of_keys(np.array([7, 3, 7], np.uint64))
    assert list(index.equal_neighbors()) == [(0, 2)]
