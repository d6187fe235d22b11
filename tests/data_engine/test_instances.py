# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from monai_medglip.data_engine.instances import regions_from_boxes, regions_from_masks
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule
from monai_medglip.data_engine.record import Truth
from monai_medglip.ontology.concept import Level, Mirror

ONE = LabelRule(
    "made", "1", "polyp", Level.LESION, None, None, False, InstanceRule.ONE, True, Mirror.FREE, Truth.EXPERT
)
COMPONENTS = dataclasses.replace(ONE, instances=InstanceRule.COMPONENTS)
BOXES = dataclasses.replace(ONE, instances=InstanceRule.BOXES)


def mask_of(shape, *places):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def test_one_instance_holds_all_pixels():
    mask = mask_of((20, 20), np.s_[1:3, 1:3], np.s_[10:15, 12:18])
    (region,) = regions_from_masks(ONE, [mask])
    assert region.box == (1, 1, 15, 18)
    np.testing.assert_array_equal(region.mask.decode(), mask)


def test_corners_connect_in_an_image_and_in_a_volume():
    flat = mask_of((20, 20), np.s_[0:5, 0:5], np.s_[5:10, 5:10])
    deep = mask_of((9, 9, 9), np.s_[0:3, 0:3, 0:3], np.s_[3:6, 3:6, 3:6])
    assert [len(regions_from_masks(COMPONENTS, [mask])) for mask in (flat, deep)] == [1, 1]


def test_fifteen_pixels_are_ignored_and_sixteen_are_not():
    mask = mask_of((40, 40), np.s_[0:3, 0:5], np.s_[20:24, 20:24])
    large, small = regions_from_masks(COMPONENTS, [mask])
    assert (large.ignored, large.box) == (False, (20, 20, 24, 24))
    assert (small.ignored, small.box) == (True, (0, 0, 3, 5))


def test_an_empty_mask_has_no_region():
    assert regions_from_masks(COMPONENTS, [np.zeros((4, 4), bool)]) == ()


def test_masks_as_given_stay_apart():
    masks = [mask_of((9, 9), np.s_[0:4, 0:4]), mask_of((9, 9), np.s_[2:6, 2:6])]
    assert [region.box for region in regions_from_masks(BOXES, masks)] == [(0, 0, 4, 4), (2, 2, 6, 6)]


def test_boxes_of_a_single_instance_are_bounded():
    boxes = [(1.0, 2.0, 3.0, 4.0), (2.0, 0.0, 8.0, 3.0)]
    assert [region.box for region in regions_from_boxes(ONE, boxes)] == [(1, 0, 8, 4)]
    assert len(regions_from_boxes(BOXES, boxes)) == 2


@pytest.mark.parametrize("shape", [(64, 48), (24, 20, 16)])
def test_components_are_those_of_scipy(shape):
    mask = np.random.default_rng(7).random(shape) < (0.35 if len(shape) == 2 else 0.12)
    labels, count = ndimage.label(mask, np.ones([3] * len(shape)))
    regions = regions_from_masks(COMPONENTS, [mask])
    assert len(regions) == count
    sizes = np.bincount(labels.ravel())[1:]
    assert sorted(region.mask.area for region in regions) == sorted(sizes)
    assert sum(region.ignored for region in regions) == np.count_nonzero(sizes < 16)
