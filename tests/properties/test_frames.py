# SPDX-License-Identifier: Apache-2.0
"""Frames and mapped boxes against nibabel, SimpleITK and plain geometry, on oblique and anisotropic affines."""

from __future__ import annotations

import copy
import json
import pickle
from itertools import product

import nibabel
import numpy as np
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.geometry import LPS_FROM_RAS, AxisPair, Boxes, Frame, map_boxes, map_points

seeds = st.integers(0, 2**32 - 1)
dims = st.sampled_from([2, 3])
relaxed = settings(deadline=None, max_examples=60)


def random_frame(rng, spatial_dims=3):
    """Oblique, anisotropic, sometimes sheared, either handedness, far from the origin."""
    directions, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    shear = np.eye(3) + np.triu(rng.uniform(-0.3, 0.3, (3, 3)), 1) * rng.integers(2)
    affine = np.eye(4)
    affine[:3, :3] = directions @ shear @ np.diag(rng.uniform(0.05, 6.0, 3))
    affine[:3, 3] = rng.uniform(-500, 500, 3)
    known = [axis for axis in AxisPair if rng.integers(2)]
    shape = tuple(int(size) for size in rng.integers(1, 300, spatial_dims))
    return Frame(affine, shape, frozenset(known), bool(rng.integers(2)))


def same_plane(rng, frame):
    """Another frame of the same world; for a 2D frame, in its plane."""
    if frame.spatial_dims == 3:
        return random_frame(rng)
    in_plane = np.eye(4)
    in_plane[:2, :2] = rng.normal(size=(2, 2)) + 3 * np.eye(2)
    in_plane[:2, 3] = rng.uniform(-50, 50, 2)
    return Frame(frame.affine @ in_plane, frame.shape, frame.known_axes, frame.spacing_known)


def random_boxes(rng, frame, count=5):
    edges = np.sort(rng.uniform(-20, 320, (count, 2, frame.spatial_dims)), axis=1)
    return Boxes(edges.reshape(count, -1), frame)


def itk_image(frame):
    """A SimpleITK image of the same grid; ITK keeps directions apart from spacing and counts in LPS."""
    affine = LPS_FROM_RAS @ frame.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image = SimpleITK.Image([1, 1, 1], SimpleITK.sitkUInt8)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


@given(seed=seeds)
@relaxed
def test_index_to_world_is_what_nibabel_computes(seed):
    rng = np.random.default_rng(seed)
    frame, points = random_frame(rng), rng.uniform(-50, 400, (7, 3))
    truth = nibabel.affines.apply_affine(frame.affine, points)
    np.testing.assert_allclose(frame.index_to_world(points), truth, atol=1e-8)
    np.testing.assert_allclose(frame.world_to_index(truth), points, atol=1e-6)


@given(seed=seeds)
@relaxed
def test_index_to_world_is_what_simpleitk_computes_in_lps(seed):
    rng = np.random.default_rng(seed)
    directions, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = directions @ np.diag(rng.uniform(0.3, 6.0, 3))
    affine[:3, 3] = rng.uniform(-500, 500, 3)
    frame, points = Frame(affine, (9, 9, 9)), rng.uniform(-50, 400, (4, 3))
    image = itk_image(frame)
    lps = np.array([image.TransformContinuousIndexToPhysicalPoint(point.tolist()) for point in points])
    np.testing.assert_allclose(frame.index_to_world(points), lps * [-1, -1, 1], atol=1e-4)


@given(seed=seeds)
@relaxed
def test_a_plane_in_space_is_the_first_slice_of_its_volume(seed):
    rng = np.random.default_rng(seed)
    plane = random_frame(rng, 2)
    volume, points = Frame(plane.affine, (*plane.shape, 1)), rng.uniform(-50, 400, (5, 2))
    in_slice = np.column_stack([points, np.zeros(5)])
    np.testing.assert_allclose(plane.index_to_world(points), volume.index_to_world(in_slice), atol=1e-9)
    np.testing.assert_allclose(plane.world_to_index(volume.index_to_world(in_slice)), points, atol=1e-6)


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_points_map_through_the_world(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    source = random_frame(rng, spatial_dims)
    target, points = same_plane(rng, source), rng.uniform(-50, 400, (5, spatial_dims))
    through_world = target.world_to_index(source.index_to_world(points))
    mapped = map_points(points, source.affine, target.affine)
    np.testing.assert_allclose(mapped, through_world, atol=1e-6 * np.abs(through_world).max())


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_the_mapped_box_is_the_bounds_of_all_corners(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    source = random_frame(rng, spatial_dims)
    target, boxes = same_plane(rng, source), random_boxes(rng, source)
    moved = boxes.to_frame(target)
    for box, bounds in zip(boxes, moved, strict=True):
        corners = [list(corner) for corner in product(*zip(box[:spatial_dims], box[spatial_dims:], strict=True))]
        there = target.world_to_edge(source.edge_to_world(corners))
        truth = np.concatenate([there.min(axis=0), there.max(axis=0)])
        np.testing.assert_allclose(bounds, truth, atol=1e-6 * np.abs(truth).max())


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_every_voxel_of_the_box_lies_in_the_mapped_box(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    source = random_frame(rng, spatial_dims)
    target = same_plane(rng, source)
    low = rng.integers(0, 20, spatial_dims)
    high = low + rng.integers(1, 6, spatial_dims)
    centers = np.array(list(product(*map(range, low, high))), dtype=float)
    there = nibabel.affines.apply_affine(
        np.linalg.inv(target.affine) @ source.affine, np.pad(centers, ((0, 0), (0, 3 - spatial_dims)))
    )[:, :spatial_dims]
    bounds = map_boxes([[*low, *high]], source.affine, target.affine)[0]
    # A voxel center is half a voxel inside the voxel's edges, in the target's edge coordinates too.
    assert (there + 0.5 > bounds[:spatial_dims] - 1e-6).all()
    assert (there + 0.5 < bounds[spatial_dims:] + 1e-6).all()


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_boxes_together_map_as_one_by_one(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    source = random_frame(rng, spatial_dims)
    target, boxes = same_plane(rng, source), random_boxes(rng, source)
    together = boxes.to_frame(target)
    for row in range(len(boxes)):
        assert boxes[row : row + 1].to_frame(target) == together[row : row + 1]


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_a_flip_and_back_is_where_it_was_and_once_is_not(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    frame = random_frame(rng, spatial_dims)
    boxes = random_boxes(rng, frame)
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, frame.shape[0] - 1
    flipped = Frame(frame.affine @ flip, frame.shape)
    once = boxes.to_frame(flipped)
    np.testing.assert_allclose(once.low[:, 0], frame.shape[0] - boxes.high[:, 0], atol=1e-6)
    np.testing.assert_allclose(once.high[:, 0], frame.shape[0] - boxes.low[:, 0], atol=1e-6)
    np.testing.assert_allclose(once.to_frame(frame).data, boxes.data, atol=1e-6)


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_a_frame_survives_json_pickle_and_copy(seed, spatial_dims):
    frame = random_frame(np.random.default_rng(seed), spatial_dims)
    for again in (
        Frame.from_dict(json.loads(json.dumps(frame.to_dict()))),
        pickle.loads(pickle.dumps(frame)),
        copy.deepcopy(frame),
    ):
        assert again == frame
        assert hash(again) == hash(frame)
        assert np.array_equal(again.affine, frame.affine)
        assert not again.affine.flags.writeable


@given(seed=seeds)
@relaxed
def test_the_axes_of_a_volume_are_those_that_nibabel_names(seed):
    rng = np.random.default_rng(seed)
    frame = random_frame(rng)
    order = rng.permutation(3)
    turned = np.eye(4)
    # At most about 20 degrees off the patient's axes, so that there is only one right answer.
    turned[:3, :3] = np.eye(3)[:, order] * rng.choice([-1, 1], 3) + rng.uniform(-0.1, 0.1, (3, 3))
    frame = Frame(turned, frame.shape)
    named = nibabel.orientations.io_orientation(turned)[:, 0].astype(int)
    assert [axis.value for axis in frame.axes] == named.tolist()
