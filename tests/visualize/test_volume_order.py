# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Frame, map_boxes
from monai_medglip.visualize.volume_order import volume_order
from tests.grounding_phantoms import oblique_frame

LR, PA, IS = AxisPair
# As displayed: towards left, back and feet, which in RAS+ all grow backwards. One voxel is marked in the first corner.
DISPLAYED = Frame(np.diag([-1.0, -2.0, -3.0, 1.0]), (7, 6, 5), frozenset(AxisPair), spacing_known=True)
VALUES = np.arange(7 * 6 * 5).reshape(DISPLAYED.shape)
STORED = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def stored(order, signs, known=frozenset(AxisPair)):
    """The same volume in another order and direction of array axes, with its frame."""
    turned = VALUES[tuple(slice(None, None, sign) for sign in signs)]
    step = np.diag([*signs, 1.0])
    step[:3, 3] = [0 if sign > 0 else size - 1 for sign, size in zip(signs, VALUES.shape, strict=True)]
    affine = DISPLAYED.affine @ step
    affine[:, :3] = affine[:, list(order)]
    array = turned.transpose(order)
    return array, Frame(affine, array.shape, known, spacing_known=True)


@pytest.mark.parametrize(("order", "signs"), STORED)
def test_a_volume_looks_the_same_however_it_is_stored(order, signs):
    array, frame = stored(order, signs)
    shown = volume_order(frame)
    assert np.array_equal(shown.apply(array), VALUES)
    assert shown.pixel_size == (1, 2, 3)
    assert shown.ends == (("R", "L"), ("A", "P"), ("S", "I"))


@pytest.mark.parametrize(("order", "signs"), STORED)
def test_boxes_follow_the_voxels(order, signs):
    _, frame = stored(order, signs)
    box = np.array([[1, 0, 2, 3, 4, 5.0]])
    assert volume_order(frame).apply_boxes(map_boxes(box, DISPLAYED.affine, frame.affine)) == pytest.approx(box)


@pytest.mark.parametrize(("order", "signs"), STORED[::5])
@pytest.mark.parametrize("across", [0, 1, 2])
def test_planes_are_cuts_of_the_displayed_volume(order, signs, across):
    array, frame = stored(order, signs)
    assert np.array_equal(volume_order(frame).plane(across, 1).cut(array), np.take(VALUES, 1, axis=across))


def test_radiologists_see_the_patients_left_at_the_right_and_the_head_at_the_top():
    shown = volume_order(DISPLAYED)
    letters = {shown.plane_title(across): shown.plane(across, 0).letters for across in range(3)}
    assert letters == {
        "axial": ("R", "L", "A", "P"),
        "coronal": ("R", "L", "S", "I"),
        "sagittal": ("A", "P", "S", "I"),
    }


def test_an_oblique_volume_is_named_by_the_nearest_directions():
    shown = volume_order(oblique_frame())
    assert shown.plane_names == ("sagittal", "coronal", "axial")
    assert shown.reversed_axes == (False, False, True)
    assert shown.pixel_size == pytest.approx((0.8, 1.1, 2.5))


def test_an_axis_without_known_ends_stays_as_stored_and_has_no_letters():
    array, frame = stored((2, 0, 1), (-1, 1, 1), frozenset({PA, IS}))
    shown = volume_order(frame)
    assert np.array_equal(shown.apply(array), VALUES[::-1])
    assert shown.plane_names == ("sagittal", "coronal", "axial")
    assert shown.ends == (("", ""), ("A", "P"), ("S", "I"))


def test_one_known_axis_names_one_plane():
    _, frame = stored((2, 0, 1), (1, 1, 1), frozenset({IS}))
    shown = volume_order(frame)
    assert shown.axes == (1, 2, 0)
    assert [shown.plane_title(across) for across in range(3)] == ["axis 2", "axis 3", "axial"]


def test_a_volume_that_knows_nothing_is_shown_as_stored():
    array, frame = stored((2, 0, 1), (-1, 1, -1), frozenset())
    shown = volume_order(frame)
    assert np.array_equal(shown.apply(array), array)
    assert shown.plane(2, 0).letters == ("", "", "", "")


def test_a_2d_image_is_refused():
    with pytest.raises(GeometryError, match="frame of a volume"):
        volume_order(Frame.pixel((4, 3)))
