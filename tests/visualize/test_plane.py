# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from monai_medglip.geometry import AxisPair, Boxes, Frame
from monai_medglip.visualize.plane import Plane, image_plane


def test_a_picture_without_a_place_is_shown_as_stored():
    array = np.arange(12).reshape(1, 4, 3)
    plane = image_plane(Frame.pixel(array.shape[-2:]))
    assert np.array_equal(plane.cut(array), array)
    assert plane.is_stored_order


def test_a_slice_that_knows_its_place_is_turned_upright():
    affine = np.diag([1.0, 1, 1, 1])
    plane = image_plane(Frame(affine, (4, 3), frozenset(AxisPair)))
    array = np.arange(12).reshape(1, 4, 3)
    assert np.array_equal(plane.cut(array), array[:, ::-1, ::-1])
    assert not plane.is_stored_order


def test_boxes_beside_the_slice_are_left_out():
    boxes = Boxes(np.array([[0, 0, 0, 2, 2, 2.0], [0, 0, 2, 2, 2, 5]]), Frame.pixel((7, 6, 5)))
    plane = Plane((0, 1), (False, False), (1.0, 1.0), slice_axis=2, slice_index=2)
    rows, cut = plane.cut_boxes(boxes)
    assert rows.tolist() == [1]
    assert cut.tolist() == [[0, 0, 2, 2]]


def test_projected_boxes_are_turned_about_with_the_plane():
    plane = Plane((1, 0), (True, False), (1.0, 1.0), slice_axis=2)
    assert plane.project(np.array([[1, 2, 0, 3, 6, 1.0]]), Frame.pixel((7, 8, 5))).tolist() == [[2, 1, 6, 3]]
