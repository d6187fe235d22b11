# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from monai.transforms import Compose, Flipd, SpatialCropd, Zoomd

from monai_medglip.data_engine import LoadGroundingd, SamplePhrasesd, SampleTargetsd, grounding_items
from monai_medglip.data_engine.source_concepts import ConceptTruth, Presence
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.transforms import BoxesToFramed, RecordFramed, training_transforms
from tests.phantoms import PhantomFolder, blocks

LABELS = [
    {"value": 1, "label": "polyp", "instances": "components", "exhaustive": "no"},
    {"value": 2, "label": "colon"},
]
PIXELS = blocks((40, 30), (1, np.s_[2:12, 3:9]), (1, np.s_[30:36, 20:28]), (2, np.s_[20:25, 0:15]))
POLYPS = ConceptTruth(Presence.PRESENT, ((0,), (1,)), (), "boxes", exhaustive=False, many=True)
COLON = ConceptTruth(Presence.PRESENT, ((2,),), (), "boxes", exhaustive=True, many=False)
ABSENT = ConceptTruth(Presence.ABSENT_HARD, (), (), "boxes", exhaustive=True, many=False)
BOTH = ("image", "instances")


@pytest.fixture
def made(tmp_path):
    made = PhantomFolder(tmp_path, LABELS)
    made.add_labelmap("a", PIXELS)
    return made


def targets(made, *spatial, truths=(POLYPS, COLON, ABSENT), **settings):
    """Run the transforms on the phantom and make targets of it; also give the moved instance map."""
    carry = [LoadGroundingd(made.path), RecordFramed("image"), *spatial, BoxesToFramed("region_boxes")]
    moved = Compose(carry)(grounding_items(made.path)[0])
    return SampleTargetsd(**settings)({**moved, "concept_truths": list(truths)}), np.asarray(moved["instances"])


def test_boxes_stand_beside_their_phrases(made):
    item, _ = targets(made)
    assert item["boxes"].tolist() == [[2, 3, 12, 9], [30, 20, 36, 28], [20, 0, 25, 15]]
    assert item["box_phrase"].tolist() == [0, 0, 1]
    assert item["presence"].tolist() == [1, 1, 0]


def test_masks_are_the_share_of_each_cell(made):
    item, _ = targets(made)
    wanted = torch.nn.functional.avg_pool2d(
        torch.from_numpy(np.stack([PIXELS == 1, PIXELS == 2, PIXELS > 2])).float(), 2
    )
    torch.testing.assert_close(item["masks"], wanted)
    assert item["mask_known"].all()


def test_background_weighs_half_where_some_of_many_may_be_missing(made):
    assert targets(made)[0]["background_weight"].tolist() == [0.5, 1, 1]


def test_the_raw_regions_are_gone(made):
    item, _ = targets(made)
    assert not set(item) & {"instances", "region_table", "region_boxes", "concept_truths"}
    assert item["modality"] == item["record"].modality.index
    assert item["valid_region"].tolist() == [0, 0, 40, 30]


def test_boxes_follow_a_reflection_and_a_zoom(made):
    item, moved = targets(made, Flipd(BOTH, 0), Zoomd(BOTH, 2, mode="nearest-exact", keep_size=False))
    assert moved.shape == (1, 80, 60)
    assert item["boxes"][0].tolist() == [56, 6, 76, 18]
    assert item["dropped_regions"] == 0


def test_a_region_cut_to_less_than_its_share_is_ignored_and_counted(made):
    item, _ = targets(made, SpatialCropd(BOTH, roi_start=[10, 0], roi_end=[40, 30]))
    assert item["boxes"].tolist() == [[20, 20, 26, 28], [10, 0, 15, 15]]
    assert item["ignore_boxes"].tolist() == [[0, 3, 2, 9]]
    assert (item["ignore_phrase"].tolist(), item["dropped_regions"]) == ([0], 1)


def test_a_region_cut_to_more_than_its_share_keeps_what_is_left(made):
    item, _ = targets(made, SpatialCropd(BOTH, roi_start=[8, 0], roi_end=[40, 30]))
    assert item["boxes"][0].tolist() == [0, 3, 4, 9]
    assert item["dropped_regions"] == 0


def test_a_phrase_whose_regions_are_all_cut_off_is_unknown(made):
    item, _ = targets(made, SpatialCropd(BOTH, roi_start=[26, 0], roi_end=[40, 30]))
    assert item["presence"].tolist() == [1, -1, 0]
    assert item["ignore_boxes"].shape == (0, 4)


def test_one_instance_of_several_regions_has_one_box(made):
    together = ConceptTruth(Presence.PRESENT, ((0, 1),), (2,), "boxes", exhaustive=True, many=False)
    item, _ = targets(made, truths=[together])
    assert item["boxes"].tolist() == [[2, 3, 36, 28]]
    assert (item["ignore_boxes"].tolist(), item["ignore_phrase"].tolist()) == ([[20, 0, 25, 15]], [0])
    assert item["masks"].sum() * 4 == (PIXELS == 1).sum()


def test_regions_without_masks_use_the_carried_boxes(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": "cell", "label": "cell", "instances": "boxes"}])
    made.add_boxes("a", [("cell", 1, 2, 11, 6), ("cell", 0, 10, 7, 20)])
    truth = ConceptTruth(Presence.PRESENT, ((0,), (1,)), (), "boxes", exhaustive=True, many=True)
    item, _ = targets(made, SpatialCropd(BOTH, roi_start=[6, 0], roi_end=[40, 30]), truths=[truth])
    assert item["boxes"].tolist() == [[0, 2, 5, 6]]
    assert item["ignore_boxes"].tolist() == [[0, 10, 1, 20]]
    assert not item["mask_known"].any()


def test_an_image_without_regions_and_phrases_has_empty_targets(tmp_path):
    made = PhantomFolder(tmp_path, LABELS)
    made.add_labelmap("a", PIXELS * 0)
    item, _ = targets(made, truths=[])
    assert [tuple(item[key].shape) for key in ("boxes", "masks", "presence")] == [(0, 4), (0, 20, 15), (0,)]


def test_an_odd_canvas_is_refused(made):
    with pytest.raises(ConfigurationError, match=r"sizes masks of stride 2 divide, got \(39, 30\)"):
        targets(made, SpatialCropd(BOTH, roi_start=[1, 0], roi_end=[40, 30]))


def test_masks_of_stride_1_are_the_pixels_themselves(made):
    fine, packed = targets(made, mask_stride=1)
    coarse, _ = targets(made)
    assert fine["masks"].shape[1:] == packed.shape[1:]
    assert set(fine["masks"].unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(fine["masks"], 2), coarse["masks"])


def test_a_map_that_lost_its_affine_is_refused(made):
    item = LoadGroundingd(made.path)(grounding_items(made.path)[0])
    item = BoxesToFramed("region_boxes")(RecordFramed("image")(item))
    item["instances"] = item["instances"].as_tensor()
    with pytest.raises(DataError, match="as a MetaTensor"):
        SampleTargetsd()({**item, "concept_truths": [POLYPS]})


def test_a_map_that_was_interpolated_is_refused(made):
    with pytest.raises(DataError, match="whole numbers in 'instances', got fractions"):
        targets(made, Zoomd(BOTH, 2, mode="bilinear", keep_size=False))


def test_a_mask_stride_below_one_is_refused():
    with pytest.raises(ConfigurationError, match="mask stride of at least 1, got 0"):
        SampleTargetsd(mask_stride=0)


def test_a_share_out_of_range_is_refused():
    with pytest.raises(ConfigurationError, match=r"a share in \[0, 1\]"):
        SampleTargetsd(30)


@pytest.mark.parametrize("source", ["acdc", "ufba425_teeth", "dsb2018", "wbc_jtsc", "bccd", "jsrt"])
def test_targets_of_real_images_are_those_of_the_moved_map(folder_2d, source):
    moves = training_transforms([LoadGroundingd(folder_2d)], [SamplePhrasesd(folder_2d)])
    moved = Compose(moves).set_random_state(2)(grounding_items(folder_2d, "val", [source])[1])
    item, packed, table = SampleTargetsd()(moved), np.asarray(moved["instances"]), moved["region_table"]
    for phrase, truth in enumerate(moved["concept_truths"]):
        covered = np.zeros(packed.shape[1:], bool)
        for i in (i for group in truth.instances for i in group if table[i].has_mask):
            covered |= packed[table[i].channel] == table[i].id
        if item["mask_known"][phrase]:
            pooled = torch.nn.functional.avg_pool2d(torch.from_numpy(covered[None]).float(), 2)[0]
            torch.testing.assert_close(item["masks"][phrase], pooled)
            mine = torch.cat(
                [item["boxes"][item["box_phrase"] == phrase], item["ignore_boxes"][item["ignore_phrase"] == phrase]]
            )
            inside = np.argwhere(covered)
            if len(inside):
                np.testing.assert_array_equal(mine[:, :2].amin(0), inside.min(0))
                np.testing.assert_array_equal(mine[:, 2:].amax(0), inside.max(0) + 1)


def test_targets_travel_to_worker_processes():
    assert pickle.loads(pickle.dumps(SampleTargetsd(0.5))).smallest_share == 0.5
