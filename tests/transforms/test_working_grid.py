# SPDX-License-Identifier: Apache-2.0
"""The working grid of volumes: its order, spacing, size, and where its voxels were taken."""

from __future__ import annotations

import pickle

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.errors import ConfigurationError, GeometryError
from monai_medglip.transforms import VolumeGrid, WorkingGridd, affine_sampling
from monai_medglip.transforms.affine_sampling import sample_affine
from tests.transforms.test_canvas import column_ramp, sampled_minus_told
from tests.transforms.test_random_volume_window import in_order
from tests.volume_files import AXIS_ORDERS, turned

SHAPES = [(64, 64, 64), (165, 167, 10), (35, 51, 36), (512, 512, 300), (1, 200, 90), (7, 5, 3)]
SPACINGS = [(1.0, 1.0, 1.0), (1.5, 1.5, 10.0), (5.0, 0.7, 0.7)]


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))


def on_grid(values: torch.Tensor, affine: np.ndarray, voxels: int, **options: object) -> MetaTensor:
    """A volume after `WorkingGridd`."""
    volume = MetaTensor(values, affine=torch.as_tensor(affine))
    return WorkingGridd("image", voxels, **options)({"image": volume})["image"]


@pytest.mark.parametrize("degrees", [0, 20])
@pytest.mark.parametrize("order", AXIS_ORDERS)
def test_a_grid_as_fine_as_the_volume_holds_what_nibabel_calls_canonical(order, degrees):
    values, affine = noise(6, 8, 5), turned(in_order(order, (0.7, 0.7, 0.7)), degrees)
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(values[0].numpy(), affine))
    found = on_grid(values, affine, 6 * 8 * 5, divisor=1)
    np.testing.assert_allclose(found.affine.numpy(), canonical.affine, atol=1e-6)
    np.testing.assert_allclose(found[0].numpy(), canonical.get_fdata(), atol=1e-4)


@pytest.mark.parametrize("order", ["RAS", "LPS", "PIR", "SLA", "IPL"])
def test_the_low_corner_of_the_volume_is_that_of_the_grid(order):
    affine = turned(in_order(order, (0.8, 1.5, 5.0)), 15)
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(np.zeros((31, 17, 9)), affine)).affine
    grid = VolumeGrid(8**3).of(affine, (31, 17, 9))
    own = affine @ grid.index_map
    corner = [-0.5, -0.5, -0.5, 1]
    np.testing.assert_allclose(own @ corner, canonical @ corner)
    lengths = (np.linalg.norm(matrix[:3, :3], axis=0) for matrix in (own, canonical))
    directions = [matrix[:3, :3] / length for matrix, length in zip((own, canonical), lengths, strict=True)]
    np.testing.assert_allclose(*directions, atol=1e-9)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_spacing_serves_all_axes(shape, spacing):
    affine = turned(in_order("PSL", spacing), 30)
    grid = VolumeGrid(40**3).of(affine, shape)
    np.testing.assert_allclose(np.linalg.norm((affine @ grid.index_map)[:3, :3], axis=0), grid.spacing)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_content_is_all_of_the_volume_and_keeps_to_the_budget(shape, spacing):
    grid = VolumeGrid(40**3).of(np.diag([*spacing, 1.0]), shape)
    np.testing.assert_allclose(np.array(grid.content) * grid.spacing, np.array(shape) * spacing)
    assert np.prod(grid.content) <= 40**3 * (1 + 1e-9)
    assert grid.spacing >= min(spacing) / 2


@pytest.mark.parametrize("shape", [(64, 64, 64), (165, 167, 10), (512, 512, 300)])
def test_the_budget_is_used_up_where_the_volume_is_fine_enough(shape):
    grid = VolumeGrid(24**3).of(np.diag([2.0, 2, 2, 1]), shape)
    np.testing.assert_allclose(np.prod(grid.content), 24**3)


def test_no_grid_is_finer_than_half_the_finest_spacing():
    grid = VolumeGrid(10**9).of(np.diag([3.0, 2, 4, 1]), (12, 12, 12))
    assert grid.spacing == 1
    assert grid.largest_zoom == 1
    np.testing.assert_allclose(grid.content, (36, 24, 48))


def test_a_grid_tells_how_much_finer_it_may_be():
    grid = VolumeGrid(10**3).of(np.eye(4), (40, 40, 40))
    assert (grid.spacing, grid.largest_zoom) == pytest.approx((4, 8))


@pytest.mark.parametrize("divisor", [1, 8, 16])
@pytest.mark.parametrize("shape", SHAPES)
def test_sides_are_padded_to_the_divisor_and_no_further(shape, divisor):
    grid = VolumeGrid(40**3, divisor).of(np.diag([1.0, 2, 3, 1]), shape)
    room = np.array(grid.shape) - grid.content
    assert all(side % divisor == 0 for side in grid.shape)
    assert (room > -1e-6).all()
    assert (room < divisor).all()


@pytest.mark.parametrize("order", ["RAS", "ASR"])
def test_a_thin_stack_is_no_coarser_than_its_slices(order):
    affine = in_order(order, (1.5, 1.5, 10.0))
    grid = VolumeGrid(80**3).of(affine, (165, 167, 10))
    assert grid.spacing < 10 / 4
    assert sorted(grid.content)[0] > 4 * 10


@pytest.mark.parametrize("order", AXIS_ORDERS[::5])
@pytest.mark.parametrize("voxels", [12**3, 50**3])
def test_the_affine_of_the_grid_tells_where_its_voxels_were_taken(order, voxels):
    affine = turned(in_order(order, (1.5, 2.0, 3.0)), 10)
    found = on_grid(column_ramp((48, 40, 30)).as_tensor(), affine, voxels)
    told = MetaTensor(found.as_tensor(), affine=np.linalg.inv(affine) @ found.affine.numpy())
    errors = sampled_minus_told(told, (48, 40, 30), margin=5)
    assert len(errors)
    assert np.abs(errors).max() < 2e-3


def test_images_and_instance_maps_come_to_lie_in_one_place():
    ids = torch.zeros(1, 40, 30, 20, dtype=torch.int16)
    ids[0, 8:24, 4:20, 6:14] = 7
    item = {key: MetaTensor(value, affine=torch.eye(4)) for key, value in {"image": ids.float(), "ids": ids}.items()}
    found = WorkingGridd(("image", "ids"), 20 * 15 * 10, interpolation=("linear", "nearest"))(item)
    assert found["ids"].dtype == torch.int16
    assert set(found["ids"].unique().tolist()) == {0, 7}
    for mask in (found["image"][0] > 3.5, found["ids"][0] == 7):
        inside = np.argwhere(np.asarray(mask))
        assert (*inside.min(axis=0), *(inside.max(axis=0) + 1)) == (4, 2, 3, 12, 10, 7)


def test_beside_the_volume_the_grid_is_zero():
    found = on_grid(torch.ones(1, 20, 20, 20), np.eye(4), 10**3)
    assert found.shape == (1, 16, 16, 16)
    torch.testing.assert_close(found[0, :10, :10, :10].as_tensor(), torch.ones(10, 10, 10))
    assert found.sum() == pytest.approx(10**3)


def test_small_volumes_are_kept_where_that_is_asked_for():
    values = noise(10, 12, 8)
    kept = on_grid(values, in_order("LPS"), 10 * 12 * 8, keep_smaller=True)
    assert torch.equal(kept.as_tensor(), values)
    np.testing.assert_array_equal(kept.affine, in_order("LPS"))
    assert on_grid(values, in_order("LPS"), 10 * 12 * 8 - 1, keep_smaller=True).shape == (1, 16, 16, 16)
    assert on_grid(values, in_order("LPS"), 10 * 12 * 8).shape == (1, 16, 16, 16)


def test_the_item_that_was_given_stays_as_it_was():
    volume = MetaTensor(noise(9, 8, 7), affine=torch.eye(4))
    item = {"image": volume}
    WorkingGridd("image", 100)(item)
    assert item["image"] is volume
    assert torch.equal(volume.affine, torch.eye(4, dtype=volume.affine.dtype))


def test_missing_volumes_pass_only_where_that_is_allowed():
    assert WorkingGridd("image", 8, allow_missing_keys=True)({"text": "none"}) == {"text": "none"}
    with pytest.raises(KeyError, match="image"):
        WorkingGridd("image", 8)({"text": "none"})


def test_the_transform_survives_pickling():
    transform = WorkingGridd("image", 300, divisor=4)
    item = {"image": column_ramp((12, 11, 10))}
    assert torch.equal(pickle.loads(pickle.dumps(transform))(item)["image"], transform(item)["image"])


def test_a_volume_that_nobody_tracked_is_refused():
    with pytest.raises(GeometryError, match="expected a MetaTensor"):
        WorkingGridd("image", 8)({"image": torch.zeros(1, 4, 4, 4)})


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 0)])
def test_an_image_and_an_empty_volume_are_refused(shape):
    with pytest.raises(GeometryError, match=r"expected the shape \(x, y, z\) of a volume"):
        on_grid(torch.zeros(1, *shape), np.eye(4), 8)


@pytest.mark.parametrize("wrong", [{"voxels": 0}, {"voxels": 8, "divisor": 0}])
def test_an_empty_grid_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="at least one voxel and a divisor of at least 1"):
        VolumeGrid(**wrong)


def halving() -> np.ndarray:
    """The index map of a grid each of whose voxels covers two voxels on each axis."""
    index_map = np.diag([2.0, 2, 2, 1])
    index_map[:3, 3] = 0.5
    return index_map


def test_a_reduction_by_two_is_the_mean_of_eight_voxels():
    values = noise(12, 8, 6)
    expected = values[0].reshape(6, 2, 4, 2, 3, 2).mean(dim=(1, 3, 5))
    torch.testing.assert_close(sample_affine(values, halving(), (6, 4, 3))[0], expected)


@pytest.mark.parametrize("voxels_at_once", [1, 500, 4000])
@pytest.mark.parametrize("factor", [2, 3, 7])
def test_averaging_slab_by_slab_changes_nothing(monkeypatch, voxels_at_once, factor):
    values = torch.randint(-900, 900, (2, 50, 21, 16), generator=torch.Generator().manual_seed(0)).to(torch.int16)
    index_map, size = np.diag([factor, factor, 1.0, 1]), (50 // factor + 1, 21 // factor + 1, 16)
    at_once = sample_affine(values, index_map, size)
    monkeypatch.setattr(affine_sampling, "_VOXELS_AT_ONCE", voxels_at_once)
    assert torch.equal(sample_affine(values, index_map, size), at_once)


def test_values_are_scaled_before_they_are_averaged(monkeypatch):
    def window(values):
        return values.float().clamp(-0.2, 0.4).expand(3, *values.shape[1:])

    values = noise(30, 8, 6) - 0.5
    expected = sample_affine(window(values), halving(), (15, 4, 3))
    monkeypatch.setattr(affine_sampling, "_VOXELS_AT_ONCE", 100)
    torch.testing.assert_close(sample_affine(values, halving(), (15, 4, 3), scale=window), expected)
    assert not torch.allclose(window(sample_affine(values, halving(), (15, 4, 3))), expected, atol=1e-3)


def test_the_scale_applies_without_a_reduction_too():
    values = noise(6, 5, 4)
    doubled = sample_affine(values, np.eye(4), (6, 5, 4), scale=lambda part: 2 * part)
    torch.testing.assert_close(doubled, 2 * values)
