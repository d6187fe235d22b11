# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import box_from_mask, boxes_from_instances


def test_one_voxel_is_one_wide():
    mask = np.zeros((5, 7), dtype=bool)
    mask[2, 3] = True
    assert box_from_mask(mask).tolist() == [2, 3, 3, 4]


def test_a_full_mask_is_the_whole_grid():
    assert box_from_mask(np.ones((4, 5, 6))).tolist() == [0, 0, 0, 4, 5, 6]


def test_the_box_spans_all_parts_of_a_mask():
    mask = np.zeros((9, 9, 9), dtype=np.uint8)
    mask[1, 2, 3] = mask[7, 5, 4] = 255
    assert box_from_mask(mask).tolist() == [1, 2, 3, 8, 6, 5]


def test_an_empty_mask_has_no_box():
    with pytest.raises(GeometryError, match="an empty mask has no box"):
        box_from_mask(np.zeros((4, 4)))


@pytest.mark.parametrize("shape", [(4,), (1, 4, 4, 4)])
@pytest.mark.parametrize("box_of", [box_from_mask, boxes_from_instances])
def test_a_channel_axis_is_not_guessed_away(shape, box_of):
    with pytest.raises(GeometryError, match=re.escape(f"got {shape}; drop the channel axis")):
        box_of(np.ones(shape))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
def test_every_instance_gets_its_box(dtype):
    instances = np.zeros((10, 10), dtype=dtype)
    instances[1:3, 4:9] = 7
    instances[5, 5] = 2
    instances[0, 0] = instances[9, 9] = 200
    ids, boxes = boxes_from_instances(instances)
    assert ids.tolist() == [2, 7, 200]
    assert boxes.tolist() == [[5, 5, 6, 6], [1, 4, 3, 9], [0, 0, 10, 10]]


def test_background_alone_has_no_instances():
    ids, boxes = boxes_from_instances(np.zeros((3, 4, 5), dtype=int))
    assert ids.shape == (0,)
    assert boxes.shape == (0, 6)


def test_instances_agree_with_masks_one_by_one():
    rng = np.random.default_rng(0)
    instances = rng.integers(0, 40, (12, 13, 14)) * (rng.random((12, 13, 14)) < 0.05)
    ids, boxes = boxes_from_instances(instances)
    assert ids.tolist() == sorted(set(instances[instances > 0].tolist()))
    for value, box in zip(ids, boxes, strict=True):
        assert box.tolist() == box_from_mask(instances == value).tolist()


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_an_interpolated_instance_map_is_refused(value):
    with pytest.raises(GeometryError, match="whole numbers"):
        boxes_from_instances(np.full((3, 3), value))
