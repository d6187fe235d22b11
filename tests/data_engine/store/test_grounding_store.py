# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import fields

import duckdb
import numpy as np
import pytest

from monai_medglip.data_engine import Record, open_grounding_data
from monai_medglip.data_engine.store import GroundingShards, GroundingStore
from monai_medglip.errors import ConfigurationError, DataError
from tests.store_of_folder import write_store


def facts(record):
    return {field.name: getattr(record, field.name) for field in fields(Record)}


def test_a_store_says_what_the_folder_says_that_it_was_written_from(store, made_folder):
    assert (store.sources, len(store)) == (made_folder.sources, 7)
    assert store.labels("made") == made_folder.labels("made")
    assert store.facts("made") == made_folder.facts("made")
    for ours, theirs in zip(store.records(), made_folder.records(), strict=True):
        assert facts(ours) == facts(theirs)
        assert store.regions(ours) == made_folder.regions(theirs)
        np.testing.assert_array_equal(store.read(ours).array, made_folder.read(theirs).array)
        assert store.read(ours).frame == made_folder.read(theirs).frame


@pytest.mark.parametrize("dimensions", ["2d", "3d"])
def test_a_store_of_real_images_says_what_the_folder_says(shared_data, dimensions, tmp_path):
    folder = open_grounding_data(shared_data / dimensions)
    some = [record for source in folder.sources for record in folder.records("test", [source])[:2]]
    store = GroundingStore(write_store(folder, tmp_path / "store", some))
    for ours, theirs in zip(store.records(), some, strict=True):
        assert facts(ours) == facts(theirs)
        assert store.regions(ours) == folder.regions(theirs)
        scans = store.read(ours), folder.read(theirs)
        np.testing.assert_array_equal(scans[0].array, scans[1].array)
        assert scans[0].frame == scans[1].frame
        assert (scans[0].modality, scans[0].body_region) == (scans[1].modality, scans[1].body_region)


def test_records_are_chosen_by_split_source_and_condition(store):
    assert [record.id for record in store.records("val")] == ["image 4", "boxes"]
    assert len(store.records("train", ["made"])) == 4
    assert [r.id for r in store.select("split = ? AND region_count > 2", ["train"])] == ["image 3"]


def test_a_part_of_the_records_is_as_lazy_as_all(store):
    records = store.records()[1:5:2]
    assert [record.id for record in records] == ["image 1", "image 3"]
    assert records.column("id").to_pylist() == ["image 1", "image 3"]
    assert records[-1].id == "image 3"


def test_a_record_is_found_by_its_name(store):
    record = store.record_by_id("made", "image 3")
    assert (record.name, record.number, record.region_count) == ("made/image 3", 3, 3)


@pytest.mark.parametrize("name", [("made", "image 9"), ("other", "image 3")])
def test_a_name_that_is_not_there_is_told(store, name):
    with pytest.raises(DataError, match=f"expected an image '{name[1]}' of source '{name[0]}'"):
        store.record_by_id(*name)


def test_sql_counts_what_is_there(store, made_folder):
    counted = store.query(
        "SELECT modality, level, count(*) AS n FROM regions JOIN records ON record = number GROUP BY ALL ORDER BY level"
    ).to_pylist()
    levels = [
        {rule.label: rule.level.value for rule in made_folder.labels("made")}[region.concept]
        for record in made_folder.records()
        for region in made_folder.regions(record)
    ]
    assert counted == [{"modality": "CT", "level": level, "n": levels.count(level)} for level in ("lesion", "organ")]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("DROP VIEW records", "expected one SELECT, got DROP"),
        ("SELECT 1; SELECT 2", "expected one SELECT, got SELECT, SELECT"),
        ("COPY records TO 'stolen.csv'", "expected one SELECT, got COPY"),
        ("SELECT * FROM read_text('/etc/hostname')", "file system operations are disabled"),
        ("SELECT nothing FROM records", "nothing"),
        ("SELEC", "expected a question in SQL"),
    ],
)
def test_questions_can_only_read_the_store(store, sql, message):
    with pytest.raises(DataError, match=message):
        store.query(sql)


def test_the_tables_are_plain_parquet_that_others_read(store_path):
    files = str(store_path / "regions" / "*.parquet")
    rows = duckdb.sql(f"SELECT concept, x_lo, y_lo, z_lo, x_hi, y_hi FROM '{files}' WHERE mask IS NULL").fetchall()
    assert rows == [("left lung", 1, 2, None, 5, 6), ("nodule", 3, 4, None, 9, 30)]


def test_a_store_travels_to_other_processes_after_it_was_used(store):
    record = store.records()[3]
    before = store.regions(record), store.query("SELECT count(*) AS n FROM records").to_pylist()
    again = pickle.loads(pickle.dumps(store))
    assert (again.regions(record), again.query("SELECT count(*) AS n FROM records").to_pylist()) == before


@pytest.fixture
def copy(store_path, tmp_path):
    return shutil.copytree(store_path, tmp_path / "copy")


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_store_without_a_manifest_is_no_store(copy):
    (copy / "manifest.json").unlink()
    with pytest.raises(DataError, match="expected a complete store, there is no manifest"):
        GroundingStore(copy)


def test_a_store_of_a_later_schema_is_refused(copy):
    change_manifest(copy, schema_version=3)
    with pytest.raises(DataError, match=r"expected a schema version of at most 2, got 3; .*update"):
        GroundingStore(copy)


def test_a_store_that_lacks_a_file_or_a_piece_of_one_is_refused(copy):
    file = copy / "regions" / "00000.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(
        DataError, match=rf"expected {len(content)} bytes as manifest.json says, got {len(content) - 1}"
    ):
        GroundingStore(copy)
    file.unlink()
    with pytest.raises(DataError, match=r"expected a file as manifest\.json says"):
        GroundingStore(copy)


def test_a_flipped_bit_is_found_by_the_checksums(copy):
    file = copy / "regions" / "00000.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert GroundingStore(copy).damaged_files() == ["regions/00000.parquet"]


def test_images_that_moved_are_found_by_their_root(store_path, made_folder, tmp_path):
    moved = shutil.copytree(made_folder.path, tmp_path / "moved")
    for root in (moved, {"made": moved}):
        store = GroundingStore(store_path, image_root=root)
        assert store.records()[0].image == moved / "images" / "image 0.png"
    store = GroundingStore(store_path, image_root=tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"made/image 0: .*nothing is there; see roots.json"):
        store.read(store.records()[0])


def test_an_image_that_was_replaced_by_another_size_is_told(store_path, made_folder, tmp_path):
    moved = shutil.copytree(made_folder.path, tmp_path / "moved")
    shutil.copy(moved / "images" / "boxes.png", tmp_path / "kept.png")
    from PIL import Image

    Image.new("L", (4, 5)).save(moved / "images" / "image 0.png")
    store = GroundingStore(store_path, image_root=moved)
    with pytest.raises(DataError, match=r"expected an image of \(40, 30\) as the store says of made/image 0"):
        store.read(store.records()[0])


def test_records_of_another_collection_are_refused(store, made_folder):
    with pytest.raises(DataError, match="expected a record of this store, got made/image 0 of another collection"):
        store.regions(made_folder.records()[0])


def test_terms_are_those_of_the_store(store):
    with pytest.raises(ConfigurationError, match="expected at least one source whose terms allow commercial use"):
        store.permissive_sources()


def test_one_word_opens_whatever_there_is(store_path, shards_path, made_folder):
    assert isinstance(open_grounding_data(store_path), GroundingStore)
    assert isinstance(open_grounding_data(str(shards_path)), GroundingShards)
    assert type(open_grounding_data(made_folder.path)) is type(made_folder)
    assert open_grounding_data(made_folder) is made_folder
