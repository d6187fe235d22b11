# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import box_array, clip_boxes


def test_boxes_become_a_float64_copy():
    given = np.array([[0, 1, 2, 3]], dtype=np.int16)
    boxes = box_array(given)
    boxes[0, 0] = -5
    assert boxes.dtype == np.float64
    assert given[0, 0] == 0


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ([0, 0, 1, 1], "must have shape (N, 4) in 2D or (N, 6) in 3D, got (4,); give a single box a leading axis"),
        (np.zeros((2, 5)), "got (2, 5)"),
        ([], "got (0,)"),
        ([[0, 0, np.nan, 1]], "must be finite"),
        ([[0, 0, 1, 1], [0, 0, np.inf, 1]], "in row 1"),
        ([[0, 0, 1, 1], [5, 0, 4, 1]], "hi >= lo on every axis, got [5.0, 0.0, 4.0, 1.0] in row 1"),
        ([["a", 0, 1, 1]], "must be an array of numbers"),
        ([[0, 0, 1, 1], [1, 2]], "must be an array of numbers"),
    ],
)
def test_what_is_no_box_is_refused_in_clear_words(boxes, words):
    with pytest.raises(GeometryError, match=re.escape(words)):
        box_array(boxes)


def test_clipping_keeps_the_part_inside_the_region():
    assert clip_boxes([[-2, 3, 4, 9], [1, 1, 2, 2]], [0, 0, 6, 5]).tolist() == [[0, 3, 4, 5], [1, 1, 2, 2]]


def test_a_box_wholly_outside_the_region_loses_its_size():
    assert clip_boxes([[8, 1, 9, 2], [-4, 1, -3, 2]], [0, 0, 6, 5]).tolist() == [[6, 1, 6, 2], [0, 1, 0, 2]]


def test_clipping_no_boxes_gives_no_boxes():
    assert clip_boxes(np.zeros((0, 6)), [0, 0, 0, 1, 1, 1]).shape == (0, 6)


def test_a_region_of_another_dimension_is_refused():
    with pytest.raises(GeometryError, match=re.escape("the region must have shape (4,) as the boxes do, got (6,)")):
        clip_boxes([[0, 0, 1, 1]], [0, 0, 0, 1, 1, 1])


def test_an_inverted_region_is_refused():
    with pytest.raises(GeometryError, match="hi >= lo"):
        clip_boxes([[0, 0, 1, 1]], [5, 0, 0, 1])
