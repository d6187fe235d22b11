# SPDX-License-Identifier: Apache-2.0
"""Exports for Hugging Face datasets: what the library reads is what the store holds, and a store comes back."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_medglip.data_engine.interchange import hugging_face as writing
from monai_medglip.data_engine.interchange import store_from_hugging_face, write_hugging_face
from monai_medglip.data_engine.store import GroundingStore
from monai_medglip.errors import ConfigurationError, DataError, OutputError
from tests.data_engine.interchange.volumes import store_with_a_volume

datasets = pytest.importorskip("datasets", reason="datasets (extra interchange) is not installed")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch) -> None:
    """The library's cache of one test, without its progress bars."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def test_the_library_opens_the_folder_and_decodes_images_and_regions(store, target, tmp_path) -> None:
    assert write_hugging_face(store, target) == 7
    opened = datasets.load_dataset(str(target), "images", cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in opened.items()} == {"train": 5, "val": 1, "test": 1}
    rows = {(row["source"], row["id"]): row for split in opened.values() for row in split}
    for record in store.records():
        row = rows[record.source, record.id]
        assert np.array_equal(np.asarray(row["image"]).T, store.read(record).array[0])
        regions = store.regions(record)
        assert [(one["concept"], tuple(one["box"])) for one in row["regions"]] == [(r.concept, r.box) for r in regions]
        assert row["patient"] == record.patient


def test_records_regions_pixels_labels_and_sources_come_back(store, target, tmp_path) -> None:
    write_hugging_face(store, target)
    store_from_hugging_face(target, tmp_path / "back")
    back = GroundingStore(tmp_path / "back")
    assert _told(back) == _told(store)
    for source in store.sources:
        assert back.labels(source) == store.labels(source)
        assert back.facts(source) == store.facts(source)
    assert not list((tmp_path / "back").glob("import*"))


def test_volumes_have_a_table_of_their_own_and_come_back(tmp_path, target) -> None:
    store = store_with_a_volume(tmp_path)
    write_hugging_face(store, target)
    opened = datasets.load_dataset(str(target), "volumes", split="train", cache_dir=str(tmp_path / "cache"))
    (record,) = [record for record in store.records() if record.spatial_dims == 3]
    (row,) = list(opened)
    assert np.array_equal(np.asarray(row["volume"].dataobj), store.read(record).array[0])
    assert np.array_equal(row["volume"].affine, record.frame.affine)
    store_from_hugging_face(target, tmp_path / "back")
    assert _told(GroundingStore(tmp_path / "back")) == _told(store)


def test_what_others_filtered_and_wrote_again_comes_back(store, target, tmp_path) -> None:
    write_hugging_face(store, target)
    opened = datasets.load_dataset(str(target), "images", split="train", cache_dir=str(tmp_path / "cache"))
    few = opened.decode(False) if hasattr(opened, "decode") else opened
    few = few.filter(lambda source: source == "busi", input_columns="source")
    (file,) = (target / "images").glob("train-*.parquet")
    few.to_parquet(str(file))
    store_from_hugging_face(target, tmp_path / "back")
    back = GroundingStore(tmp_path / "back")
    assert [record.name for record in back.records("train")] == ["busi/boxes"]


def test_large_tables_are_several_files(store, target, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(writing, "_FILE_BYTES", 1)
    monkeypatch.setattr(writing, "_GROUP_ROWS", 2)
    write_hugging_face(store, target)
    assert len(list((target / "images").glob("train-*.parquet"))) == 3
    store_from_hugging_face(target, tmp_path / "back")
    assert _told(GroundingStore(tmp_path / "back")) == _told(store)


def test_no_word_beside_the_pixels_is_passed_on(store, target) -> None:
    write_hugging_face(store, target)
    assert not [file for file in target.rglob("*.parquet") if b"Anna" in file.read_bytes()]


def test_a_folder_that_is_no_such_export_is_told(tmp_path, target) -> None:
    target.mkdir()
    (target / "a.txt").write_text("nothing")
    with pytest.raises(DataError, match="medglip data export --format huggingface"):
        store_from_hugging_face(target, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_an_import_does_not_write_over_a_store(store, target, tmp_path) -> None:
    write_hugging_face(store, target)
    with pytest.raises(OutputError, match="there is one"):
        store_from_hugging_face(target, store.path)


def test_without_the_library_the_extra_is_named(store, target, monkeypatch) -> None:
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "datasets":
            raise ImportError("No module named 'datasets'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"monai_medglip\[interchange\]"):
        write_hugging_face(store, target)
    assert not target.exists()


def _told(store: GroundingStore) -> list[object]:
    """All that a store says of its images, whichever files they lie in."""
    place = {"image": Path(), "uri": "", "number": 0, "first_region": 0}
    return sorted(
        (
            (record.name, replace(record, **place), store.regions(record), store.read(record).array.tolist())
            for record in store.records()
        ),
        key=lambda told: told[0],
    )
