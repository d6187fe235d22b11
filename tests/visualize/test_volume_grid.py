# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.imaging import MaskRLE
from monai_medglip.visualize.volume_grid import volume_grid
from monai_medglip.visualize.volume_order import volume_order
from tests.grounding_phantoms import rectangle

# Displayed as y, x, z, with y against the array: 9 x 7 x 4 voxels.
AFFINE = np.array([[0, 1.0, 0, 0], [-2.0, 0, 0, 0], [0, 0, -3.0, 0], [0, 0, 0, 1]])
ORDER = volume_order(Frame(AFFINE, (7, 9, 4), frozenset(AxisPair), spacing_known=True))
VALUES = np.random.default_rng(0).normal(size=(7, 9, 4))


def test_a_small_volume_is_shown_voxel_by_voxel():
    grid = volume_grid(ORDER, 9)
    assert (grid.shape, grid.factors, grid.pixel_size) == ((9, 7, 4), (1, 1, 1), (1, 2, 3))
    assert grid.averaged(VALUES) == pytest.approx(VALUES.transpose(1, 0, 2)[::-1])


def test_voxels_are_averaged_in_blocks_from_the_first_displayed_one():
    grid = volume_grid(ORDER, 4)
    shown = VALUES.transpose(1, 0, 2)[::-1]
    assert (grid.shape, grid.factors, grid.pixel_size) == ((3, 4, 4), (3, 2, 1), (3, 4, 3))
    assert grid.averaged(VALUES)[1, 2, 3] == pytest.approx(shown[3:6, 4:6, 3].mean(), rel=1e-5)
    assert grid.averaged(VALUES)[2, 3, 0] == pytest.approx(shown[6:9, 6:7, 0].mean(), rel=1e-5)


def test_boxes_follow_the_blocks():
    box = np.array([[2, 3, 1, 6, 9, 3.0]])
    assert volume_grid(ORDER, 4).boxes(box).tolist() == [[0, 1, 1, 2, 3, 3]]


def test_a_mask_covers_the_blocks_that_it_half_fills():
    mask = MaskRLE.encode(rectangle((7, 9, 4), [2, 2, 1, 5, 9, 3]))
    first, part = volume_grid(ORDER, 4).mask(mask)
    shown = np.argwhere(part) + first
    assert (shown.min(axis=0).tolist(), shown.max(axis=0).tolist()) == ([0, 1, 1], [1, 2, 2])


def test_the_part_of_a_mask_is_what_the_whole_would_show():
    grid = volume_grid(ORDER, 4)
    mask = MaskRLE.encode(rectangle((7, 9, 4), [1, 2, 0, 6, 7, 3]))
    first, part = grid.mask(mask)
    whole = np.zeros(grid.shape, bool)
    whole[tuple(slice(start, start + size) for start, size in zip(first, part.shape, strict=True))] = part
    assert np.array_equal(whole, grid.averaged(mask.decode()) >= 0.5)


def test_a_mask_too_small_for_that_does_not_vanish():
    first, part = volume_grid(ORDER, 2).mask(MaskRLE.encode(rectangle((7, 9, 4), [0, 0, 0, 1, 1, 1])))
    assert (first.tolist(), part.tolist()) == ([1, 0, 0], [[[True]]])


def test_whole_numbers_do_not_overflow():
    assert volume_grid(ORDER, 2).averaged(np.full((7, 9, 4), 32767, np.int16)) == pytest.approx(32767)
