# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from monai_medglip.geometry import AxisPair, Boxes, Frame, map_boxes
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE
from monai_medglip.visualize.plane import axial_plane, image_plane, planes_to_show
from tests.grounding_phantoms import HEART, POLYP, chest, oblique_frame, rectangle

# A volume of 7 x 6 x 5 voxels in RAS, with one voxel at the patient's right, anterior, in slice 3.
RAS = Frame(np.diag([1.0, 2.0, 3.0, 1.0]), (7, 6, 5), frozenset(AxisPair), spacing_known=True)
MARK = (6, 5, 3)


def stored(order, signs):
    """The same volume in another order and direction of array axes, with its frame."""
    volume = np.zeros(RAS.shape)
    volume[MARK] = 1
    flipped = volume[tuple(slice(None, None, sign) for sign in signs)]
    affine = np.eye(4)
    for axis, sign in enumerate(signs):
        affine[axis, axis] = sign
        affine[axis, 3] = 0 if sign > 0 else RAS.shape[axis] - 1
    full = RAS.affine @ affine
    full[:, :3] = full[:, list(order)]
    array = flipped.transpose(order)
    return array, Frame(full, array.shape, frozenset(AxisPair), spacing_known=True)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_picture_is_the_same_however_the_volume_is_stored(order):
    for signs in product((1, -1), repeat=3):
        array, frame = stored(order, signs)
        index = int(np.argwhere(array)[0][frame.axes.index(AxisPair.INFERIOR_SUPERIOR)])
        plane = axial_plane(frame, index)
        # The last x of RAS is the patient's right, which stands at the left of the picture.
        assert np.argwhere(plane.cut(array).T).tolist() == [[0, 0]]
        assert plane.pixel_size == (1, 2)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_boxes_follow_the_voxels(order):
    for signs in product((1, -1), repeat=3):
        array, frame = stored(order, signs)
        box = map_boxes(np.array([[5, 3, 2, 7, 6, 5.0]]), RAS.affine, frame.affine)
        mask = MaskRLE.encode(rectangle(frame.shape, np.rint(box[0]).astype(int)))
        plane = axial_plane(frame, int(np.argwhere(array)[0][frame.axes.index(AxisPair.INFERIOR_SUPERIOR)]))
        rows, boxes = plane.cut_boxes(Boxes(box, frame))
        assert rows.tolist() == [0]
        assert boxes[0] == pytest.approx([0, 0, 2, 3])
        assert plane.cut_mask(mask)[:3, :2].all()
        assert plane.cut_mask(mask).sum() == 6


def test_boxes_beside_the_slice_are_left_out():
    boxes = Boxes(np.array([[0, 0, 0, 2, 2, 2.0], [0, 0, 2, 2, 2, 5]]), RAS)
    assert axial_plane(RAS, 2).cut_boxes(boxes)[0].tolist() == [1]


def test_a_picture_without_a_place_is_shown_as_stored():
    array = np.arange(12).reshape(1, 4, 3)
    assert np.array_equal(image_plane(Frame.pixel(array.shape[-2:])).cut(array), array)


def test_the_slice_with_most_of_each_phrase_is_shown_once():
    masks = np.zeros((2, *RAS.shape), bool)
    masks[0, :3, :3, 1] = masks[0, 0, 0, 2:] = masks[1, 2:4, :, 4] = True
    grounding = Grounding.empty(RAS, (HEART, POLYP, POLYP))
    coded = [MaskRLE.encode(mask) for mask in masks]
    shown = planes_to_show(RAS, replace(grounding, phrase_masks=(*coded, coded[0])), most=6)
    assert [plane.slice_index for plane in shown] == [1, 4]


def test_without_masks_the_middle_of_the_best_box_is_shown():
    frame = oblique_frame()
    bare = replace(chest(frame), phrase_masks=(), instance_masks=())
    assert [plane.slice_index for plane in planes_to_show(frame, bare, most=6)] == [4]


def test_without_regions_the_middle_slice_is_shown():
    shown = planes_to_show(RAS, Grounding.empty(RAS, (HEART,)), most=6)
    assert [plane.slice_index for plane in shown] == [2]


def test_no_more_slices_are_shown_than_asked_for():
    masks = [MaskRLE.encode(rectangle(RAS.shape, (0, 0, z, 2, 2, z + 1))) for z in range(5)]
    grounding = Grounding.empty(RAS, (HEART,) * 5)
    shown = planes_to_show(RAS, replace(grounding, phrase_masks=tuple(masks)), most=3)
    assert [plane.slice_index for plane in shown] == [0, 1, 2]
