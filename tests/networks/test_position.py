# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch

from monai_medglip.networks.position import grid_points, relative_coordinates


def test_points_are_cell_centers_in_the_order_of_flattened_features():
    assert grid_points((2, 3), 4).tolist() == [[2, 2], [2, 6], [2, 10], [6, 2], [6, 6], [6, 10]]
    assert grid_points((1, 2, 2), 2).tolist() == [[1, 1, 1], [1, 1, 3], [1, 3, 1], [1, 3, 3]]


def test_the_edges_of_the_whole_image_are_at_minus_one_and_one():
    relative = relative_coordinates((8, 8), 4, torch.tensor([[0.0, 0.0, 32.0, 16.0]]))
    half_a_cell = torch.tensor([2 / 32, 2 / 16]) * 2
    torch.testing.assert_close(relative[0, :, 0, 0], -1 + half_a_cell)
    torch.testing.assert_close(relative[0, 0, 7], torch.full((8,), 1 - 4 / 32))
    torch.testing.assert_close(relative[0, 1, 0, 3], torch.tensor(1 - 4 / 16))
    assert (relative[0, 1, :, 4:] > 1).all()  # the padding lies beyond


def test_a_view_of_a_part_gives_its_points_the_coordinates_that_they_have_in_the_whole():
    whole = relative_coordinates((8, 8), 8, torch.tensor([[0.0, 0.0, 64.0, 64.0]]))
    # the canvas shows the quarter from (32, 16), enlarged twice
    part = relative_coordinates((8, 8), 16, torch.tensor([[-64.0, -32.0, 64.0, 96.0]]))
    torch.testing.assert_close(part[0, :, :4, :4], whole[0, :, 4:, 2:6])


def test_each_image_of_a_batch_has_its_own_place():
    places = torch.tensor([[0.0, 0, 0, 8, 8, 8], [0, 0, 0, 16, 8, 8]])
    relative = relative_coordinates((2, 2, 2), 4, places)
    assert relative.shape == (2, 3, 2, 2, 2)
    assert relative[:, 0, 1, 0, 0].tolist() == [0.5, -0.25]
    assert torch.equal(relative[0, 1:], relative[1, 1:])


def test_a_whole_image_of_no_extent_gives_finite_coordinates():
    assert relative_coordinates((2, 2), 8, torch.zeros(1, 4)).isfinite().all()
