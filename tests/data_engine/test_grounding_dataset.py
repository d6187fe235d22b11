# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from monai.data import CacheDataset, MetaTensor
from monai.transforms import Compose
from PIL import Image

from monai_medglip.data_engine import LoadGroundingd, grounding_items
from monai_medglip.data_engine.phrase_sampling import SamplePhrasesd
from monai_medglip.data_engine.region_table import pack_regions
from monai_medglip.ontology import Mirror, Ontology
from tests.phantoms import PhantomFolder, blocks

LEFT = {"value": 1, "label": "left lung", "mirror": "swap"}
HEART = {"value": 2, "label": "heart", "mirror": "fixed"}


@pytest.fixture
def made(tmp_path):
    made = PhantomFolder(tmp_path, [LEFT, HEART])
    outer, inner = blocks((40, 30), (1, np.s_[0:20, 0:20])), blocks((40, 30), (1, np.s_[5:10, 5:12]))
    made.add_masks("nested", {1: outer, 2: inner})
    made.add_labelmap("apart", blocks((40, 30), (1, np.s_[0:4, 0:4])))
    made.add_labelmap("nothing", blocks((40, 30)))
    return made


def load(made):
    return [LoadGroundingd(made.path)(item) for item in grounding_items(made.path)]


def test_regions_that_overlap_get_channels_of_their_own(made):
    nested, apart, nothing = load(made)
    assert [item["instances"].shape for item in (nested, apart, nothing)] == [(2, 40, 30), (1, 40, 30), (1, 40, 30)]
    assert [(row.concept, row.channel, row.id) for row in nested["region_table"]] == [
        ("left lung", 0, 1),
        ("heart", 1, 2),
    ]


def test_every_pixel_of_the_map_belongs_to_its_region(made):
    nested = load(made)[0]
    for row in nested["region_table"]:
        inside = np.asarray(nested["instances"])[row.channel] == row.id
        assert (inside.sum(), np.argwhere(inside).min(0).tolist()) == (row.area, list(row.box[:2]))


def test_boxes_stand_in_the_order_of_the_table(made):
    nested, _, nothing = load(made)
    assert nested["region_boxes"].tolist() == [list(row.box) for row in nested["region_table"]]
    assert nothing["region_boxes"].shape == (0, 4)


def test_the_strictest_label_decides_on_mirroring(made):
    assert [item["mirror"] for item in load(made)] == [Mirror.FIXED, Mirror.SWAP, Mirror.FIXED]


def test_pixels_stay_as_they_are_stored(made):
    item = load(made)[0]
    assert isinstance(item["image"], MetaTensor)
    assert (item["image"].dtype.itemsize, tuple(item["image"].shape)) == (1, (1, 40, 30))
    np.testing.assert_array_equal(item["image"].meta["original_affine"], item["image"].affine)


def test_regions_without_a_mask_are_in_the_table_only(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": "cell", "label": "cell", "instances": "boxes"}])
    made.add_boxes("a", [("cell", 1, 2, 5, 6)])
    (item,) = load(made)
    (row,) = item["region_table"]
    assert (row.has_mask, row.area, row.box) == (False, 0, (1, 2, 5, 6))
    assert not item["instances"].any()


def test_an_image_without_regions_has_one_empty_channel():
    packed, rows = pack_regions([], [], (4, 5, 6))
    assert (packed.shape, rows) == ((1, 4, 5, 6), [])


def test_items_are_those_of_the_split(folder_2d):
    items = grounding_items(folder_2d, "val", sources=["jsrt"])
    assert len(items) == 25
    assert {item["record"].split for item in items} == {"val"}


@pytest.mark.parametrize("source", ["wbc_jtsc", "ufba425_teeth", "bccd"])
def test_real_instance_maps_hold_every_region(folder_2d, source):
    item = LoadGroundingd(folder_2d)(grounding_items(folder_2d, "val", [source])[0])
    packed = np.asarray(item["instances"])
    for row, region in zip(item["region_table"], folder_2d.regions(item["record"]), strict=True):
        if region.mask is not None:
            np.testing.assert_array_equal(packed[row.channel] == row.id, region.mask.decode())


def test_a_real_picture_is_column_first(folder_2d):
    item = LoadGroundingd(folder_2d)(grounding_items(folder_2d, "val", ["kvasir_seg"])[0])
    pixels = np.array(Image.open(item["record"].image))
    np.testing.assert_array_equal(item["image"], pixels.transpose(2, 1, 0))


def test_a_cache_keeps_loading_and_draws_phrases_anew(made):
    transform = Compose([LoadGroundingd(made.path), SamplePhrasesd(made.path, count=2, ontology=Ontology({}, {}))])
    dataset = CacheDataset(grounding_items(made.path), transform.set_random_state(1), progress=False)
    assert len({dataset[0]["phrases"][0].text for _ in range(20)}) == 2


def test_a_loader_travels_to_worker_processes(made):
    again = pickle.loads(pickle.dumps(LoadGroundingd(made.path)))
    assert again(grounding_items(made.path)[0])["region_table"] == load(made)[0]["region_table"]


def test_deep_copies_share_what_cannot_change(made):
    item = load(made)[0]
    again = copy.deepcopy(item)
    assert again["record"] is item["record"]
    assert again["region_table"][0] is item["region_table"][0]
    assert again["region_table"] is not item["region_table"]
