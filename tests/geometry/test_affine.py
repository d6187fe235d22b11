# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import LPS_FROM_RAS, check_affine, index_map, map_boxes, map_points


def turned(degrees):
    """A turn in the x-y plane about the world's origin."""
    angle = np.deg2rad(degrees)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return affine


def test_a_cube_turned_by_45_degrees_is_as_wide_as_its_diagonal():
    low, high = map_boxes([[0, 0, 0, 10, 10, 10]], turned(45), np.eye(4)).reshape(2, 3)
    assert high - low == pytest.approx([14.142136, 14.142136, 10])


def test_a_square_turned_by_45_degrees_keeps_its_center():
    # The center (5, 5) in edges is index (4.5, 4.5), which turns to (0, 6.3640), and 0.5 later is an edge again.
    bounds = map_boxes([[0, 0, 10, 10]], turned(45), np.eye(4))[0]
    assert (bounds[:2] + bounds[2:]) / 2 == pytest.approx([0.5, 6.863961])


def test_halving_the_spacing_doubles_the_edges_and_not_the_centers():
    fine = np.diag([0.5, 0.5, 1, 1])
    fine[:2, 3] = -0.25  # the first fine voxel is the first half of the first coarse one
    assert map_boxes([[2, 3, 5, 7]], np.eye(4), fine).tolist() == [[4, 6, 10, 14]]
    assert map_points([[2, 3]], np.eye(4), fine).tolist() == [[4.5, 6.5]]


def test_an_edge_map_becomes_the_index_map_that_moves_boxes_the_same_way():
    edge_map = np.array([[2, 0, 1], [0, 3, -4], [0, 0, 1.0]])
    assert map_boxes([[1, 2, 5, 7]], index_map(edge_map), np.eye(3)).tolist() == [[3, 2, 11, 17]]


def test_an_edge_map_of_a_flip_keeps_whole_voxels():
    assert index_map([[-1, 0, 10], [0, 1, 0], [0, 0, 1]]).tolist() == [[-1, 0, 9], [0, 1, 0], [0, 0, 1]]


def test_a_crop_shifts_the_edges():
    cropped = np.eye(4)
    cropped[:3, 3] = [2, 3, 4]
    assert map_boxes([[2, 3, 4, 5, 6, 7]], np.eye(4), cropped).tolist() == [[0, 0, 0, 3, 3, 3]]


def test_the_same_plane_needs_no_third_axis():
    source, target = np.diag([2.0, 2, 1]), np.diag([1.0, 1, 1])
    flat = map_boxes([[1, 1, 2, 2]], source, target)
    in_space = map_boxes([[1, 1, 2, 2]], np.diag([2.0, 2, 7, 1]), np.diag([1.0, 1, 7, 1]))
    mixed = map_boxes([[1, 1, 2, 2]], np.diag([2.0, 2, 7, 1]), target)
    assert flat.tolist() == in_space.tolist() == mixed.tolist() == [[1.5, 1.5, 3.5, 3.5]]


def test_slices_of_different_positions_do_not_exchange_boxes():
    above = np.eye(4)
    above[2, 3] = 1
    with pytest.raises(GeometryError, match=r"must lie in one plane, got positions 1 slices off"):
        map_boxes([[0, 0, 5, 5]], np.eye(4), above)


def test_tilted_slices_do_not_exchange_points():
    tilted = np.eye(4)
    tilted[:3, 1] = [0, 0.8, 0.6]
    tilted[:3, 2] = [0, -0.6, 0.8]
    with pytest.raises(GeometryError, match="must lie in one plane"):
        map_points([[0, 0], [0, 100]], np.eye(4), tilted)


def test_a_plane_in_space_cannot_be_compared_with_a_bare_one():
    coronal = np.eye(4)[[0, 2, 1, 3]]
    with pytest.raises(GeometryError, match=r"give both as \(4, 4\)"):
        map_boxes([[0, 0, 5, 5]], coronal, np.eye(3))


@pytest.mark.parametrize("width", [4, 6])
def test_no_boxes_map_to_no_boxes(width):
    assert map_boxes(np.zeros((0, width)), turned(10), np.eye(4)).shape == (0, width)


def test_a_box_without_size_stays_without_size_under_a_turn():
    low, high = map_boxes([[3, 4, 5, 3, 4, 5]], turned(30), np.eye(4)).reshape(2, 3)
    assert high - low == pytest.approx(np.zeros(3))


def test_tensors_are_taken_as_they_are():
    mapped = map_boxes(torch.tensor([[0, 0, 2, 2]]), torch.eye(4, dtype=torch.float64), torch.eye(4))
    assert mapped.tolist() == [[0, 0, 2, 2]]


def test_the_input_is_left_alone():
    boxes, affine = np.array([[0.0, 0, 2, 2]]), turned(20)
    before = boxes.copy(), affine.copy()
    map_boxes(boxes, affine, np.eye(4))
    assert np.array_equal(boxes, before[0])
    assert np.array_equal(affine, before[1])


def test_lps_and_ras_are_each_others_inverse():
    assert np.array_equal(LPS_FROM_RAS @ LPS_FROM_RAS, np.eye(4))
    assert (LPS_FROM_RAS @ [1, 2, 3, 1]).tolist() == [-1, -2, 3, 1]
    assert not LPS_FROM_RAS.flags.writeable


@pytest.mark.parametrize(
    ("affine", "words"),
    [
        (np.eye(3), "must have shape (4, 4), got (3, 3)"),
        (np.zeros((4, 5)), "must have shape (4, 4), got (4, 5)"),
        (np.zeros((2, 4, 4)), "must have shape (4, 4), got (2, 4, 4)"),
        (np.diag([1, np.nan, 1, 1]), "must be finite"),
        (np.diag([1, np.inf, 1, 1]), "must be finite"),
        (np.diag([1, 0, 1, 1]), "must be invertible"),
        (np.zeros((4, 4)), "last row must be [0.0, 0.0, 0.0, 1.0], got [0.0, 0.0, 0.0, 0.0]"),
        ([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "two axes run along one line"),
        (np.diag([1, 1, 1, 2]), "last row must be"),
        ("identity", "matrix of numbers, got str"),
        (None, "must have shape (4, 4), got ()"),
        ([[1, 2], [3]], "matrix of numbers, got list"),
    ],
)
def test_an_affine_that_cannot_be_is_refused_in_clear_words(affine, words):
    with pytest.raises(GeometryError, match=re.escape(words)):
        check_affine(affine)


@pytest.mark.parametrize("spacing", [1e-9, 1e-4, 1e6])
def test_spacing_of_any_size_is_no_singularity(spacing):
    assert check_affine(np.diag([spacing, 1, spacing, 1]))[0, 0] == spacing


def test_a_volume_needs_a_four_by_four_affine():
    with pytest.raises(GeometryError, match=re.escape("must have shape (4, 4), got (3, 3)")):
        map_boxes([[0, 0, 0, 1, 1, 1]], np.eye(3), np.eye(4))


def test_points_of_the_wrong_shape_are_refused():
    with pytest.raises(GeometryError, match=re.escape("points must have shape (N, 2) or (N, 3), got (3,)")):
        map_points([1, 2, 3], np.eye(4), np.eye(4))
