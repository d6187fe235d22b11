# SPDX-License-Identifier: Apache-2.0
"""The box of a part of a mask, against components that scipy labels and values that it interpolates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from monai_medglip.inference.box_of_mask import box_of_mask


def parts_by_hand(mask, box):
    """The bounds of every part of a mask within half the box beyond it that has most voxels in the box."""
    dims = mask.ndim
    axes = range(dims)
    reach = [(box[dims + axis] - box[axis]) / 2 for axis in axes]
    near, inside = np.zeros(mask.shape, bool), np.zeros(mask.shape, bool)
    for index in np.ndindex(mask.shape):
        touched = [(i, i + 1, box[axis], box[dims + axis]) for axis, i in enumerate(index)]
        near[index] = all(b > low - r and a < high + r for (a, b, low, high), r in zip(touched, reach, strict=True))
        inside[index] = all(b > low and a < high for a, b, low, high in touched)
    labels, count = ndimage.label(mask & near, np.ones((3,) * dims))
    sizes = [int((inside & (labels == label)).sum()) for label in range(1, count + 1)]
    best = [label for label, size in enumerate(sizes, 1) if size == max(sizes) > 0]
    places = [np.argwhere(labels == label) for label in best]
    return [[*place.min(0), *(place.max(0) + 1)] for place in places]


def signed(mask):
    """Values whose sides lie midway between cells."""
    return np.where(mask, 1, -1).astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", [(24, 17), (12, 10, 9)])
def test_it_is_the_part_that_scipy_finds(shape, seed):
    generator = np.random.default_rng(seed)
    mask = generator.random(shape) < (0.25 if len(shape) == 2 else 0.06)
    ends = np.sort(generator.uniform(0, shape, (2, len(shape))), axis=0)
    box = np.concatenate([ends[0], np.minimum(ends[1] + 1, shape)])
    found, parts = box_of_mask(signed(mask), box), parts_by_hand(mask, box)
    assert found is None if not parts else found.tolist() in parts


def smooth(shape, seed):
    """Values of one large part round the middle, and small ones."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5) * 6
    away = np.linalg.norm((np.moveaxis(np.indices(shape), 0, -1) + 0.5) / shape - 0.5, axis=-1)
    return (noise + 5 - 16 * away).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(30, 25), (16, 18, 14)])
def test_sides_lie_where_interpolated_values_pass_through_zero(shape, seed):
    above, finer = smooth(shape, seed), 16
    places = [(np.arange(finer * size) + 0.5) / finer - 0.5 for size in shape]  # of cell centers
    dense = ndimage.map_coordinates(above, np.meshgrid(*places, indexing="ij"), order=1, mode="nearest")
    labels, _ = ndimage.label(dense > 0)
    inside = np.argwhere(labels == labels[tuple(size // 2 for size in dense.shape)])
    by_hand = np.concatenate([inside.min(0), inside.max(0) + 1]) / finer
    found = box_of_mask(above, np.concatenate([np.zeros(len(shape)), shape]))
    np.testing.assert_allclose(found, by_hand, atol=1.01 / finer)


def test_a_ball_is_bounded_to_a_fraction_of_a_cell():
    center, radius = np.array([10.3, 9.8, 11.1]), 5.37
    away = np.linalg.norm(np.moveaxis(np.indices((22, 20, 23)), 0, -1) + 0.5 - center, axis=-1)
    found = box_of_mask((radius - away).astype(np.float32), np.array([4.0, 4, 4, 16, 16, 16]))
    np.testing.assert_allclose(found, [*(center - radius), *(center + radius)], atol=0.03)


def test_a_mask_that_fades_ends_nearer_to_its_last_cell():
    above = np.array([[-3.0, 1, 9, 9, -1]] * 4, np.float32)
    assert box_of_mask(above, np.array([0.0, 0, 4, 5])).tolist() == pytest.approx([0, 1.25, 4, 4.4])


def test_the_part_in_the_box_counts_and_not_the_larger_one_beside_it():
    mask = np.zeros((40, 40, 10), bool)
    mask[10:20, 12:18, 2:7] = True
    mask[22:30, 5:38, :] = True
    box = np.array([9.0, 10, 1, 21, 20, 8])
    assert box_of_mask(signed(mask), box).tolist() == [10, 12, 2, 20, 18, 7]


def test_cells_that_meet_at_a_corner_belong_together():
    mask = np.zeros((8, 8, 8), bool)
    mask[2, 2, 2] = mask[3, 3, 3] = True
    assert box_of_mask(signed(mask), np.array([1.0, 1, 1, 5, 5, 5])).tolist() == [2, 2, 2, 4, 4, 4]


def test_a_mask_is_followed_to_half_the_box_beyond_it():
    mask = np.ones((40, 40), bool)
    assert box_of_mask(signed(mask), np.array([16.0, 18, 24, 22])).tolist() == [12, 16, 28, 24]


def test_no_mask_has_no_box():
    assert box_of_mask(signed(np.zeros((9, 9), bool)), np.array([1.25, 2.5, 3, 4.75])) is None


def test_a_mask_beside_the_box_is_not_meant():
    mask = np.zeros((20, 20), bool)
    mask[:5] = True
    assert box_of_mask(signed(mask), np.array([6.0, 2, 12, 10])) is None


@pytest.mark.parametrize("box", [[0.0, 0, 6, 5], [14.5, 11, 20, 16], [0, 0, 20, 16]])
def test_boxes_at_the_rim_stay_on_the_grid(box):
    mask = np.ones((20, 16), bool)
    assert box_of_mask(signed(mask), np.array(box)).tolist() == parts_by_hand(mask, box)[0]


def test_the_mask_and_the_box_stay_as_they_were():
    above, box = signed(np.eye(6, dtype=bool)), np.array([1.0, 1, 4, 4])
    found = box_of_mask(above, box)
    found += 1
    assert (above == signed(np.eye(6, dtype=bool))).all()
    assert box.tolist() == [1, 1, 4, 4]
