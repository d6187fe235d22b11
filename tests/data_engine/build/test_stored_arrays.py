# SPDX-License-Identifier: Apache-2.0
"""Images that lie in arrays or tables of voxels are read from a store as they were when it was built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
from monai_medglip.data_engine.build.whole_build import build_store
from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.store.grounding_store import GroundingStore
from monai_medglip.data_engine.store.stored_record import PLAIN_PIXELS
from monai_medglip.data_engine.store.values import record_of_row
from tests.data_engine.adapters.test_sparse_masks import CORD, LAYOUT, volume, write

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")


def _store(tmp_path, card):
    plan = BuildPlan((PlannedSource(card, tmp_path / "in"),), "a salt")
    build_store(plan, tmp_path / "store", tmp_path / "work")
    return GroundingStore(tmp_path / "store")


def test_each_image_of_an_array_of_many(tmp_path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 32, 3), np.uint8)
    masks = np.zeros((3, 40, 32, 6), np.uint8)
    masks[:, 4:12, 5:15, 2] = 9
    for name, array in (("images", images), ("masks", masks)):
        (tmp_path / "in" / "fold2" / name / "fold2").mkdir(parents=True)
        np.save(tmp_path / "in" / "fold2" / name / "fold2" / f"{name}.npy", array)
    store = _store(tmp_path, source_card("pannuke"))
    assert [record.id for record in store.records()] == ["fold2_0", "fold2_1", "fold2_2"]
    for number, record in enumerate(store.records()):
        assert np.array_equal(store.read(record).array, images[number].transpose(2, 1, 0))
        (region,) = store.regions(record)
        assert (region.concept, region.box) == ("connective tissue cell", (5, 4, 15, 12))


@pytest.fixture
def table_store(tmp_path):
    """A store of one volume that lies in a table of voxels."""
    write(tmp_path / "in" / "pt_1", volume(), {"SpinalCord": CORD})
    card = source_card("openkbp")
    settings = {"images": LAYOUT["images"], "masks": {"2": "{id}/SpinalCord.csv"}}
    return _store(tmp_path, replace(card, layout=replace(card.layout, settings=settings)))


def test_a_table_of_voxels_with_its_place(table_store) -> None:
    (record,) = table_store.records()
    scan = table_store.read(record)
    assert np.array_equal(scan.array[0], volume() - 1000)
    assert scan.frame.spacing_mm == (3.5, 3.25, 2.5)
    assert np.array_equal(table_store.regions(record)[0].mask.decode(), CORD)


def test_a_row_of_a_store_of_version_1_has_no_such_column(table_store, tmp_path) -> None:
    (row,) = pq.read_table(table_store.path / "records" / "00000.parquet").to_pylist()
    assert row.pop("pixel_form") is not None
    assert record_of_row({**row, "offset": 0}, tmp_path).pixels == PLAIN_PIXELS
