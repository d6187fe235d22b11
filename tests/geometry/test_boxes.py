# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Boxes, Frame

ALL_AXES = frozenset(AxisPair)
PNG = Frame.pixel((20, 30))
CT = Frame(np.diag([2.0, 3.0, 5.0, 1.0]), (20, 30, 10), ALL_AXES, spacing_known=True)


@pytest.fixture
def three() -> Boxes:
    return Boxes(np.array([[0, 0, 2, 3], [4, 5, 10, 6], [7, 7, 7, 7]]), PNG)


def test_boxes_know_their_middles_sizes_and_volumes(three):
    assert three.centers.tolist() == [[1, 1.5], [7, 5.5], [7, 7]]
    assert three.sizes.tolist() == [[2, 3], [6, 1], [0, 0]]
    assert three.volumes.tolist() == [6, 6, 0]


def test_an_int_gives_a_row_and_all_else_gives_boxes(three):
    assert three[1].tolist() == [4, 5, 10, 6]
    assert three[-1].tolist() == [7, 7, 7, 7]
    for index in (slice(1, None), [1, 2], np.array([False, True, True]), [False, True, True], np.array([1, 2])):
        assert three[index] == Boxes(three.data[1:], PNG)


@pytest.mark.parametrize("index", [[], np.array([], dtype=int), slice(0, 0), [False] * 3])
def test_choosing_nothing_gives_no_boxes_of_the_right_shape(three, index):
    assert three[index].data.shape == (0, 4)


def test_an_index_of_another_kind_is_refused(three):
    with pytest.raises(GeometryError, match="a mask"):
        three[[0.5]]


def test_iteration_gives_the_rows(three):
    assert [row.tolist() for row in three] == three.data.tolist()


def test_empty_boxes_answer_everything():
    none = Boxes.empty(CT)
    assert len(none) == 0
    assert none.centers.shape == none.sizes.shape == none.sizes_mm().shape == none.centers_mm().shape == (0, 3)
    assert none.corners_mm().shape == (0, 8, 3)
    assert none.volumes.shape == (0,)
    assert none.clip() == none.to_frame(CT) == none


def test_boxes_are_joined_in_order(three):
    assert Boxes.concatenate([three[:1], Boxes.empty(PNG), three[1:]]) == three


def test_boxes_of_different_frames_are_not_joined(three):
    with pytest.raises(GeometryError, match=r"to_frame\(\) first"):
        Boxes.concatenate([three, Boxes.empty(Frame.pixel((20, 31)))])


def test_joining_nothing_is_refused():
    with pytest.raises(GeometryError, match="at least one"):
        Boxes.concatenate([])


def test_clipping_is_to_the_grid():
    assert Boxes([[-3, 2, 25, 31]], PNG).clip().data.tolist() == [[0, 2, 20, 30]]


def test_millimeters_follow_the_affine():
    boxes = Boxes([[0, 0, 0, 1, 2, 4]], CT)
    assert boxes.sizes_mm().tolist() == [[2, 6, 20]]
    # The first voxel's middle is the origin, so its low edge lies half a voxel before it.
    assert boxes.centers_mm().tolist() == [[0, 1.5, 7.5]]
    assert boxes.corners_mm()[0, [0, 1, -1]].tolist() == [[-1, -1.5, -2.5], [-1, -1.5, 17.5], [1, 4.5, 17.5]]


def test_a_slice_in_space_has_its_corners_in_space():
    coronal = Frame(np.eye(4)[[0, 2, 1, 3]], (5, 5), ALL_AXES, spacing_known=True)
    corners = Boxes([[0, 0, 1, 2]], coronal).corners_mm()
    assert corners.tolist() == [[[-0.5, 0, -0.5], [-0.5, 0, 1.5], [0.5, 0, -0.5], [0.5, 0, 1.5]]]


@pytest.mark.parametrize("question", ["sizes_mm", "centers_mm", "corners_mm"])
def test_no_millimeter_is_made_up(three, question):
    with pytest.raises(GeometryError, match="known voxel spacing"):
        getattr(three, question)()


def test_no_position_is_made_up_where_a_side_is_unknown():
    some = Frame(CT.affine, CT.shape, ALL_AXES - {AxisPair.LEFT_RIGHT}, spacing_known=True)
    boxes = Boxes([[0, 0, 0, 1, 2, 4]], some)
    assert boxes.sizes_mm().tolist() == [[2, 6, 20]]
    with pytest.raises(GeometryError, match="left_right is not known"):
        boxes.centers_mm()


def test_to_frame_maps_the_corners(three):
    magnified = np.diag([0.5, 0.5, 1, 1])
    magnified[:2, 3] = -0.25
    assert three.to_frame(Frame(magnified, (40, 60))).data.tolist() == (three.data * 2).tolist()


def test_to_frame_needs_a_frame_of_the_same_dimension(three):
    with pytest.raises(GeometryError, match="2D boxes need a 2D frame"):
        three.to_frame(CT)


def test_the_frame_decides_the_dimension():
    with pytest.raises(GeometryError, match=re.escape("in a 2D frame must have shape (N, 4), got (1, 6)")):
        Boxes([[0, 0, 0, 1, 1, 1]], PNG)


def test_boxes_cannot_be_changed(three):
    with pytest.raises(ValueError, match="read-only"):
        three.data[0, 0] = 5
    with pytest.raises(AttributeError):
        three.frame = CT


@pytest.mark.parametrize("again", [copy.deepcopy, lambda boxes: pickle.loads(pickle.dumps(boxes))])
def test_a_copy_is_equal_and_still_read_only(three, again):
    assert again(three) == three
    assert not again(three).data.flags.writeable


def test_equality_is_of_values_and_frame(three):
    assert three == Boxes(three.data.copy(), Frame.pixel((20, 30)))
    assert three != Boxes(three.data + 1, PNG)
    assert three != Boxes(three.data, Frame.pixel((20, 31)))
    assert three != "boxes"


def test_the_words_for_boxes_are_short(three):
    assert repr(three[:1]) == "Boxes(1 in (20, 30): [0., 0., 2., 3.])"
    assert repr(Boxes.empty(PNG)) == "Boxes(0 in (20, 30): none)"
    assert repr(Boxes.concatenate([three, three])).endswith("... 3 more)")
