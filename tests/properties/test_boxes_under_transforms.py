# SPDX-License-Identifier: Apache-2.0
"""Boxes carried on affines against masks pushed through the same MONAI transforms.

The mask is the independent truth: MONAI moves its voxels, `map_boxes` only sees the affine before and after. A mask of
ones goes along and tells which part of the result is image, because a crop followed by a pad leaves no trace in the
affine.
"""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor
from monai.transforms import (
    Flip,
    Orientation,
    RandAffine,
    Resize,
    ResizeWithPadOrCrop,
    Rotate90,
    Spacing,
    SpatialCrop,
    SpatialPad,
)

from monai_medglip.geometry import box_from_mask, clip_boxes, map_boxes

RAS = (("L", "R"), ("P", "A"), ("I", "S"))
seeds = st.integers(0, 2**32 - 1)
dims = st.sampled_from([2, 3])


def rotation(rng):
    """A random turn in space."""
    matrix, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return matrix * np.sign(np.linalg.det(matrix))


def oblique_affine(rng):
    """Turned in space, anisotropic, either handedness, away from the origin."""
    affine = np.eye(4)
    affine[:3, :3] = rotation(rng) @ np.diag(rng.uniform(0.3, 4.0, 3) * rng.choice([-1, 1], 3))
    affine[:3, 3] = rng.uniform(-200, 200, 3)
    return affine


def flat_affine(rng):
    """Turned within the world's x-y plane: MONAI's Spacing moves 2D images right only there."""
    angle = rng.uniform(-0.6, 0.6)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine[:2, :2] *= rng.uniform(0.3, 4.0, 2) * rng.choice([-1, 1], 2)
    affine[:2, 3] = rng.uniform(-50, 50, 2)
    return affine


def boxed_image(rng, spatial_dims, affine):
    """A box, its mask and a mask of ones, as the two channels of one MetaTensor."""
    shape = rng.integers(18, 34, spatial_dims)
    low = rng.integers(0, shape - 8)
    high = low + rng.integers(5, shape - low)
    image = np.zeros((2, *shape), dtype=np.float32)
    image[(0, *(slice(a, b) for a, b in zip(low, high, strict=True)))] = 1
    image[1] = 1
    return np.concatenate([low, high]).astype(float), MetaTensor(
        torch.from_numpy(image), affine=torch.from_numpy(affine)
    )


def lattice_step(rng, shape):
    """A transform that only moves whole voxels."""
    count = len(shape)
    axis = int(rng.integers(count))
    low = rng.integers(0, np.maximum(np.array(shape) // 4, 1))
    return [
        Flip(spatial_axis=axis),
        Rotate90(k=int(rng.integers(1, 4)), spatial_axes=tuple(int(a) for a in rng.choice(count, 2, replace=False))),
        SpatialPad([int(size + rng.integers(0, 7)) for size in shape]),
        SpatialCrop(roi_start=low.tolist(), roi_end=(np.array(shape) - rng.integers(0, 4, count)).tolist()),
        ResizeWithPadOrCrop([int(size + rng.integers(-5, 6)) for size in shape]),
    ][rng.integers(5)]


def carried(box, before, after):
    """The box on the affines, clipped to what is still image, and the mask's box (None if nothing of it is left)."""
    mask, valid = (np.asarray(channel) > 0.5 for channel in after.as_tensor())
    moved = clip_boxes(map_boxes([box], before.affine, after.affine), box_from_mask(valid))[0]
    return moved, box_from_mask(mask) if mask.any() else None


@given(seed=seeds, spatial_dims=dims, length=st.integers(1, 5))
@settings(deadline=None, max_examples=150)
def test_moving_whole_voxels_moves_the_box_exactly(seed, spatial_dims, length):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, oblique_affine(rng))
    after = before
    for _ in range(length):
        after = lattice_step(rng, after.shape[1:])(after)
    moved, truth = carried(box, before, after)
    if truth is None:
        assert np.prod(np.diff(moved.reshape(2, -1), axis=0)) < 1e-6
    else:
        np.testing.assert_allclose(moved, truth, atol=1e-6)


@given(seed=seeds)
@settings(deadline=None, max_examples=40)
def test_orientation_moves_the_box_exactly(seed):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, 3, oblique_affine(rng))
    moved, truth = carried(box, before, Orientation("RAS", labels=RAS)(before))
    np.testing.assert_allclose(moved, truth, atol=1e-6)


@given(seed=seeds, spatial_dims=dims, factor=st.integers(1, 3))
@settings(deadline=None, max_examples=30)
def test_whole_number_magnification_is_exact(seed, spatial_dims, factor):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, oblique_affine(rng))
    after = Resize([size * factor for size in before.shape[1:]], mode="nearest-exact")(before)
    moved, truth = carried(box, before, after)
    np.testing.assert_allclose(moved, truth, atol=1e-6)
    np.testing.assert_allclose(moved, box * factor, atol=1e-6)


@given(seed=seeds, spatial_dims=dims, mode=st.sampled_from(["nearest-exact", "bilinear"]))
@settings(deadline=None, max_examples=60)
def test_resized_boxes_agree_within_the_rounding_of_the_mask(seed, spatial_dims, mode):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, oblique_affine(rng))
    mode = "trilinear" if mode == "bilinear" and spatial_dims == 3 else mode
    moved, truth = carried(box, before, Resize(rng.integers(12, 60, spatial_dims).tolist(), mode=mode)(before))
    np.testing.assert_allclose(moved, truth, atol=0.51)


def respaced(rng, image):
    """The image at another spacing; outside of it there is nothing."""
    pixdim = np.linalg.norm(np.asarray(image.affine)[:3, :3], axis=0)[: image.ndim - 1]
    pixdim = pixdim * rng.uniform(0.6, 1.5, len(pixdim))
    return Spacing(pixdim=pixdim.tolist(), mode="nearest", padding_mode="zeros")(image)


def slightly_turned(rng, image):
    """The image turned by up to 11 degrees, scaled and moved a little."""
    count = image.ndim - 1
    transform = RandAffine(
        prob=1,
        rotate_range=[0.2] * (1 if count == 2 else 3),
        scale_range=[0.1] * count,
        translate_range=[2] * count,
        mode="nearest",
        padding_mode="zeros",
    )
    return transform.set_random_state(int(rng.integers(2**31)))(image)


@given(seed=seeds, spatial_dims=dims)
@settings(deadline=None, max_examples=50)
def test_respaced_images_agree_within_the_rounding_of_the_mask(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, flat_affine(rng) if spatial_dims == 2 else oblique_affine(rng))
    moved, truth = carried(box, before, respaced(rng, before))
    np.testing.assert_allclose(moved, truth, atol=0.51)


@given(seed=seeds, spatial_dims=dims)
@settings(deadline=None, max_examples=80)
def test_turned_boxes_contain_the_mask_and_are_tight(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, oblique_affine(rng))
    moved, truth = carried(box, before, slightly_turned(rng, before))
    low_slack, high_slack = truth[:spatial_dims] - moved[:spatial_dims], moved[spatial_dims:] - truth[spatial_dims:]
    slack = np.concatenate([low_slack, high_slack])
    assert slack.min() > -0.51, "the mask sticks out by more than the rounding of its own voxels"
    assert slack.max() < 1.3, "the corners of a turned mask are at most a voxel short of the turned box"


@given(seed=seeds, spatial_dims=dims)
@settings(deadline=None, max_examples=40)
def test_a_training_chain_keeps_the_center(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    box, before = boxed_image(rng, spatial_dims, flat_affine(rng) if spatial_dims == 2 else oblique_affine(rng))
    after = respaced(rng, Flip(spatial_axis=0)(Orientation("RAS"[:spatial_dims], labels=RAS[:spatial_dims])(before)))
    after = slightly_turned(rng, Rotate90(spatial_axes=(0, 1))(after))
    moved, truth = carried(box, before, SpatialPad([int(size + 5) for size in after.shape[1:]])(after))
    np.testing.assert_allclose(moved.reshape(2, -1).mean(axis=0), truth.reshape(2, -1).mean(axis=0), atol=0.8)
