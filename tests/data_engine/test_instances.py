# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from monai_medglip.data_engine.adapters import Annotation
from monai_medglip.data_engine.instances import (
    regions_from_annotations,
    regions_from_boxes,
    regions_from_masks,
)
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule
from monai_medglip.data_engine.record import Truth
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
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


def _annotation(value, mask=None, box=None, **told):
    return Annotation(value, box, None if mask is None else MaskRLE.encode(mask), tuple(told.items()))


def _block(*ranges, shape=(40, 30)):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(low, high) for low, high in ranges)] = True
    return mask


def _rule(value, label, instances):
    return dataclasses.replace(ONE, value=value, label=label, instances=instances)


def test_attributes_stay_with_the_instances_of_an_annotation():
    two = _block((0, 5), (0, 5)) | _block((10, 15), (0, 5))
    drawn = [_annotation("1", two, reader="Ann"), _annotation("1", _block((20, 25), (0, 5)), reader="Bob")]
    regions = regions_from_annotations(drawn, [_rule("1", "lesion", InstanceRule.COMPONENTS)])
    assert [dict(region.attributes)["reader"] for region in regions] == ["Ann", "Ann", "Bob"]
    assert [region.box for region in regions] == [(0, 0, 5, 5), (10, 0, 15, 5), (20, 0, 25, 5)]


def test_what_several_annotations_of_one_instance_say_alike_is_kept():
    drawn = [
        _annotation("1", _block((0, 5), (0, 5)), reader="Ann", view="PA"),
        _annotation("1", _block((3, 9), (2, 4)), reader="Bob", view="PA"),
    ]
    (region,) = regions_from_annotations(drawn, [_rule("1", "organ", InstanceRule.ONE)])
    assert region.attributes == (("view", "PA"),)
    assert region.mask.area == 25 + 12 - 4
    assert region.box == (0, 0, 9, 5)


def test_a_label_may_have_a_size_of_its_own_from_which_a_component_counts():
    drawn = [_annotation("1", _block((0, 2), (0, 2)) | _block((10, 12), (0, 3)), shape="round")]
    rule = _rule("1", "microaneurysm", InstanceRule.COMPONENTS)
    assert [region.ignored for region in regions_from_annotations(drawn, [rule])] == [True, True]
    counted = regions_from_annotations(drawn, [rule], {"microaneurysm": 5})
    assert [(region.ignored, region.mask.area) for region in counted] == [(False, 6), (True, 4)]


def test_a_mask_settles_the_box_of_its_region():
    (region,) = regions_from_annotations(
        [_annotation("1", _block((3, 9), (2, 4)), box=(0, 0, 40, 30))], [_rule("1", "x", InstanceRule.BOXES)]
    )
    assert region.box == (3, 2, 9, 4)


def test_regions_come_in_the_order_of_the_rules_and_boxes_are_bounded_only_for_one_instance():
    drawn = [_annotation("b", box=(1, 1, 3, 3)), _annotation("a", box=(5, 5, 9, 9)), _annotation("b", box=(7, 0, 8, 2))]
    rules = [_rule("a", "first", InstanceRule.BOXES), _rule("b", "second", InstanceRule.BOXES)]
    assert [region.concept for region in regions_from_annotations(drawn, rules)] == ["first", "second", "second"]
    one = [rules[0], dataclasses.replace(rules[1], instances=InstanceRule.ONE)]
    assert regions_from_annotations(drawn, one)[1].box == (1, 0, 8, 3)


def test_a_value_without_a_rule_is_refused_with_the_nearest_one():
    with pytest.raises(DataError, match=r"list, liver, spleen; got 'livre' \(did you mean 'liver'\?\)"):
        regions_from_annotations(
            [_annotation("livre", box=(1, 1, 2, 2))],
            [_rule("liver", "liver", InstanceRule.ONE), _rule("spleen", "spleen", InstanceRule.ONE)],
        )


def test_a_box_drawn_beside_a_mask_is_kept_for_the_checks_and_settles_nothing():
    mask = np.zeros((12, 8), bool)
    mask[1:5, 1:7] = mask[8:12, 2:7] = True
    drawn = [_annotation("1", mask, box=(0.0, 1.0, 5.0, 7.0))]
    for instances, boxes in (
        (InstanceRule.ONE, [(1, 1, 12, 7)]),
        (COMPONENTS.instances, [(1, 1, 5, 7), (8, 2, 12, 7)]),
    ):
        regions = regions_from_annotations(drawn, [_rule("1", "organ", instances)])
        assert [region.box for region in regions] == boxes
        assert {region.drawn_box for region in regions} == {(0, 1, 5, 7)}


def test_masks_that_become_one_region_have_the_bounds_of_their_boxes_where_all_have_one():
    masks = [np.zeros((8, 8), bool), np.zeros((8, 8), bool)]
    masks[0][0:4, 0:4] = masks[1][5:8, 5:8] = True
    boxes = [(0.0, 0.0, 4.0, 4.0), (5.0, 5.0, 7.0, 8.0)]
    both = [_annotation("1", mask, box=box) for mask, box in zip(masks, boxes, strict=True)]
    assert regions_from_annotations(both, [_rule("1", "organ", InstanceRule.ONE)])[0].drawn_box == (0, 0, 7, 8)
    one = [both[0], _annotation("1", masks[1])]
    assert regions_from_annotations(one, [_rule("1", "organ", InstanceRule.ONE)])[0].drawn_box is None


def test_what_a_source_ignores_is_no_instance_by_any_rule():
    crowd = Annotation("1", mask=MaskRLE.encode(mask_of((20, 20), np.s_[10:18, 10:18])), ignored=True)
    single = Annotation("1", mask=MaskRLE.encode(mask_of((20, 20), np.s_[2:7, 2:7])))
    box = Annotation("1", box=(0.0, 0.0, 4.0, 4.0), ignored=True)
    for instances in InstanceRule:
        regions = regions_from_annotations([crowd, single, box], [dataclasses.replace(ONE, instances=instances)])
        assert [(region.ignored, region.box) for region in regions] == [
            (False, (2.0, 2.0, 7.0, 7.0)),
            (True, (10.0, 10.0, 18.0, 18.0)),
            (True, (0.0, 0.0, 4.0, 4.0)),
        ]
