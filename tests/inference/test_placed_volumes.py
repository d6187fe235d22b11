# SPDX-License-Identifier: Apache-2.0
"""Volumes on their working grid and back, against samples taken voxel by voxel."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import torch
from scipy import ndimage

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry import Boxes, box_from_mask, map_boxes
from monai_medglip.imaging import Modality
from monai_medglip.inference import PlacedScan, placed_scan
from monai_medglip.transforms import NormalizeIntensity
from tests.inference.volume_scans import random_volume, volume_scan
from tests.transforms.test_random_volume_window import in_order
from tests.volume_files import AXIS_ORDERS, turned

CANVAS = (32, 32, 32)
SHAPE = (40, 36, 30)
SPACING = (1.0, 1.5, 2.0)
ORDERS = AXIS_ORDERS[::7]
OBLIQUE = turned(np.diag([*SPACING, 1.0]), 25)


def oriented(array, affine, order):
    """A volume (x, y, z) and its affine, stored in another axis order."""
    image = nibabel.Nifti1Image(array, affine)
    now, wanted = nibabel.orientations.io_orientation(affine), nibabel.orientations.axcodes2ornt(order)
    stored = image.as_reoriented(nibabel.orientations.ornt_transform(now, wanted))
    return np.asarray(stored.dataobj), stored.affine


def in_other_grid(points, affine, other):
    """Voxel-center indices (3, ...) of one grid in another one."""
    matrix = np.linalg.inv(other) @ affine
    return np.tensordot(matrix[:3, :3], points, 1) + matrix[:3, 3].reshape(3, *[1] * (points.ndim - 1))


@pytest.mark.parametrize("order", ORDERS)
def test_pixels_are_the_values_between_the_voxels(order):
    array, affine = oriented(random_volume(*SHAPE), OBLIQUE, order)
    placed = PlacedScan.on_canvas(volume_scan(array, affine), (48, 48, 48))
    scaled = NormalizeIntensity()(torch.from_numpy(array[None].copy()), Modality.CT).numpy()
    places = in_other_grid(np.indices(placed.pixels.shape[1:]).astype(float), placed.affine, affine)
    rim = np.minimum(places.T, np.array(array.shape) - 1 - places.T).min(-1).T
    clear = rim > 0.5
    for channel in range(3):
        expected = ndimage.map_coordinates(scaled[channel], places, order=1)
        np.testing.assert_allclose(placed.pixels[channel].numpy()[clear], expected[clear], atol=2e-4)


def test_a_ct_is_shown_in_three_windows():
    array = np.full((16, 16, 16), -50, np.int16)
    placed = PlacedScan.on_canvas(volume_scan(array), (16, 16, 16))
    assert len(set(placed.limits)) == 3
    for channel, (low, high) in zip(placed.pixels, placed.limits, strict=True):
        expected = np.clip(2 * (-50 - low) / (high - low) - 1, -1, 1)
        torch.testing.assert_close(channel, torch.full((16, 16, 16), float(expected)))


@pytest.mark.parametrize("order", ORDERS)
def test_a_volume_looks_the_same_however_it_is_stored(order):
    array = random_volume(*SHAPE)
    expected = PlacedScan.on_canvas(volume_scan(array, OBLIQUE), CANVAS)
    placed = PlacedScan.on_canvas(volume_scan(*oriented(array, OBLIQUE, order)), CANVAS)
    torch.testing.assert_close(placed.pixels, expected.pixels, atol=1e-4, rtol=0)
    np.testing.assert_allclose(placed.affine, expected.affine, atol=1e-9)
    assert torch.equal(placed.valid_region, expected.valid_region)


@pytest.mark.parametrize("order", ORDERS)
def test_boxes_come_back_to_the_voxels_of_the_scan(order):
    array, affine = oriented(np.zeros(SHAPE, np.int16), OBLIQUE, order)
    placed = PlacedScan.on_canvas(volume_scan(array, affine), CANVAS)
    box = map_boxes([[3.0, 5, 7, 21, 22, 12.5]], OBLIQUE, affine)
    on_canvas = torch.from_numpy(map_boxes(box, affine, placed.affine))
    np.testing.assert_allclose(placed.boxes_in_scan(on_canvas), box, atol=1e-6)


def test_all_of_the_volume_is_shown_and_told():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16), in_order("LPS", SPACING)), CANVAS)
    side = (40 * 54 * 60 / 32**3) ** (1 / 3)
    assert placed.spacing == pytest.approx(side)
    np.testing.assert_allclose(placed.valid_region, np.array([0, 0, 0, 40, 54, 60]) / side, rtol=1e-6)
    assert torch.equal(placed.whole_image, placed.valid_region)
    np.testing.assert_allclose(placed.boxes_in_scan(placed.valid_region[None]), [[0, 0, 0, *SHAPE]], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 50, 40), (60, 60, 2), (3, 3, 3), (200, 4, 4)])
def test_thin_volumes_are_shown_whole_too(shape):
    placed = PlacedScan.on_canvas(volume_scan(np.full(shape, 30, np.int16), in_order("PSL", SPACING)), CANVAS)
    assert all(side % 16 == 0 for side in placed.pixels.shape[1:])
    np.testing.assert_allclose(placed.boxes_in_scan(placed.valid_region[None]), [[0, 0, 0, *shape]], atol=1e-4)


def test_an_image_does_not_fit_the_canvas_of_volumes():
    with pytest.raises(ImageReadError, match=r"expected an image with 3 axes, .*\(8, 9\): it is a 2D image"):
        PlacedScan.on_canvas(volume_scan(np.zeros((8, 9), np.uint8)), CANVAS)


def test_a_window_of_the_native_spacing_is_a_cut_of_the_volume():
    array = random_volume(*SHAPE)
    placed = PlacedScan.on_canvas(volume_scan(array), (16, 16, 16))
    window = placed.window(np.array([4.0, 6, 8, 24, 26, 28]), 20**3)
    scaled = NormalizeIntensity()(torch.from_numpy(array[None]), Modality.CT)
    torch.testing.assert_close(window.pixels[:, :20, :20, :20], scaled[:, 4:24, 6:26, 8:28], atol=1e-4, rtol=0)
    assert (window.pixels[:, 20:] == 0).all()
    assert window.valid_region.tolist() == [0, 0, 0, 20, 20, 20]
    np.testing.assert_allclose(window.whole_image, [-4, -6, -8, 36, 30, 22], atol=1e-5)
    assert window.scan is placed.scan


@pytest.mark.parametrize("order", ORDERS)
def test_a_window_knows_where_in_the_whole_volume_it_lies(order):
    array, affine = oriented(random_volume(*SHAPE), OBLIQUE, order)
    placed = PlacedScan.on_canvas(volume_scan(array, affine), CANVAS)
    box, seen = map_boxes([[10.4, 8.5, 5.5, 29.6, 27.5, 19.5], [10, 8, 5, 30, 28, 20]], OBLIQUE, affine)
    window = placed.window(box, 24**3)
    np.testing.assert_allclose(window.boxes_in_scan(window.valid_region[None])[0], seen, atol=1e-4)
    whole = map_boxes(window.whole_image[None].numpy(), window.affine, affine)[0]
    np.testing.assert_allclose(whole, [0, 0, 0, *array.shape], atol=1e-4)
    directions = (matrix.affine[:3, :3] / matrix.spacing for matrix in (window, placed))
    np.testing.assert_allclose(*directions, atol=1e-9)


def test_a_window_is_scaled_as_the_whole_volume():
    array = random_volume(30, 30, 30)
    array[:10] *= 9
    placed = PlacedScan.on_canvas(volume_scan(array, modality=Modality.MR), (30, 30, 30))
    window = placed.window(np.array([14.0, 4, 4, 30, 20, 20]), 16**3)
    torch.testing.assert_close(window.pixels[:, :16, :16, :16], placed.pixels[:, 14:30, 4:20, 4:20], atol=1e-4, rtol=0)
    assert window.limits == placed.limits


@pytest.mark.parametrize(
    ("box", "seen"),
    [
        ([-8.0, -3, 5, 10.4, 12, 99], [0, 0, 5, 11, 12, 30]),
        ([4.3, 5, 5, 4.6, 5.2, 6], [4, 5, 5, 5, 6, 6]),
        ([50, 50, 50, 60, 60, 60], [39, 35, 29, 40, 36, 30]),
        ([0, 0, 0, 40, 36, 30], [0, 0, 0, 40, 36, 30]),
    ],
)
def test_a_window_shows_whole_voxels_of_the_scan(box, seen):
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16)), CANVAS)
    window = placed.window(np.array(box, dtype=float), 16**3)
    np.testing.assert_allclose(window.boxes_in_scan(window.valid_region[None])[0], seen, atol=1e-4)


def blobs(shape, seed=0):
    """Smooth random logits, negative at the rim but for one corner."""
    noise = np.random.default_rng(seed).normal(size=shape)
    logits = ndimage.gaussian_filter(noise, 2) * 30 - 1
    logits[-3:, -3:, -3:] = 4
    return torch.from_numpy(logits).float()


def sampled_by_hand(placed, logits, threshold):
    """The value less the threshold's logit at each voxel's center, 0 outside of the cells."""
    above = logits.numpy() - np.log(threshold / (1 - threshold))
    cell = np.array(placed.pixels.shape[1:]) / above.shape
    indices = np.indices(placed.scan.spatial_shape).astype(float)
    places = in_other_grid(indices, placed.scan.frame.affine, placed.affine)
    cells = (places + 0.5) / cell.reshape(3, 1, 1, 1) - 0.5
    return ndimage.map_coordinates(above, cells, order=1, mode="grid-constant", cval=0.0)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("order", ORDERS)
def test_masks_are_sampled_at_the_center_of_each_voxel(order, threshold):
    array, affine = oriented(np.zeros(SHAPE, np.int16), OBLIQUE, order)
    placed = PlacedScan.on_canvas(volume_scan(array, affine), CANVAS)
    logits = blobs([side // 2 for side in placed.pixels.shape[1:]])
    value = sampled_by_hand(placed, logits, threshold)
    mask = placed.mask_in_scan(logits, threshold)
    clear = np.abs(value) > 1e-3
    assert mask.any()
    assert (mask == (value > 0))[clear].all()
    assert clear.mean() > 0.98


@pytest.mark.parametrize("shape", [(40, 36, 3), (1, 40, 36), (90, 2, 2)])
def test_masks_of_thin_volumes_are_sampled_alike(shape):
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(shape, np.int16), in_order("PIR")), CANVAS)
    logits = blobs([side // 2 for side in placed.pixels.shape[1:]])
    value = sampled_by_hand(placed, logits, 0.5)
    clear = np.abs(value) > 1e-3
    assert (placed.mask_in_scan(logits, 0.5) == (value > 0))[clear].all()


def test_masks_of_a_window_are_sampled_alike():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16), OBLIQUE), CANVAS)
    window = placed.window(np.array([10.0, 8, 5, 30, 28, 20]), 32**3)
    logits = blobs([side // 2 for side in window.pixels.shape[1:]])
    value = sampled_by_hand(window, logits, 0.5)
    clear = np.abs(value) > 1e-3
    assert (window.mask_in_scan(logits, 0.5) == (value > 0))[clear].all()


def test_a_strong_cell_reaches_into_its_weak_neighbors():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16)), CANVAS)
    logits = torch.full([side // 2 for side in placed.pixels.shape[1:]], -0.1)
    logits[7, 6, 5] = 9.0
    value = sampled_by_hand(placed, logits, 0.5)
    assert (placed.mask_in_scan(logits, 0.5) == (value > 0)).all()


def test_thick_slices_are_inside_where_most_of_them_is():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros((60, 60, 6), np.int16), np.diag([1.0, 1, 10, 1])), CANVAS)
    logits = torch.full([side // 2 for side in placed.pixels.shape[1:]], -9.0)
    x, y, z = (np.array([20, 30, 20]) / placed.spacing / 2).round().astype(int)
    logits[:x, :y, :z] = 9.0
    mask = placed.mask_in_scan(logits, 0.5)
    assert mask[:18, :28, :2].all()
    assert not mask[22:].any()
    assert not mask[:, 32:].any()
    assert not mask[:, :, 2:].any()


def test_masks_drawn_in_slabs_are_the_same(monkeypatch):
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16), OBLIQUE), CANVAS)
    logits = blobs([side // 2 for side in placed.pixels.shape[1:]])
    at_once = placed.mask_in_scan(logits, 0.5)
    monkeypatch.setattr(placed_scan, "_VOXELS_AT_ONCE", 3000)
    value = sampled_by_hand(placed, logits, 0.5)
    differs = placed.mask_in_scan(logits, 0.5) != at_once
    assert np.abs(value[differs]).max(initial=0) < 1e-4


def test_masks_of_several_phrases_do_not_touch_each_other():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16)), CANVAS)
    size = [side // 2 for side in placed.pixels.shape[1:]]
    logits = torch.stack([blobs(size), torch.full(size, -5.0), blobs(size, seed=1)])
    masks = placed.masks_in_scan(logits, 0.5)
    assert masks.shape == (3, *SHAPE)
    assert not masks[1].any()
    for mask, of_phrase in zip(masks, logits, strict=True):
        assert (mask == placed.mask_in_scan(of_phrase, 0.5)).all()
    assert placed.masks_in_scan(logits[:0], 0.5).shape == (0, *SHAPE)


@pytest.mark.parametrize("order", ORDERS)
def test_the_box_of_a_mask_is_where_its_voxels_are(order):
    array, affine = oriented(np.zeros(SHAPE, np.int16), OBLIQUE, order)
    placed = PlacedScan.on_canvas(volume_scan(array, affine), CANVAS)
    size = [side // 2 for side in placed.pixels.shape[1:]]
    away = np.linalg.norm(np.moveaxis(np.indices(size), 0, -1) - np.array([5.2, 6.1, 7.4]), axis=-1)
    logits = torch.from_numpy(4.3 - away).float()
    voxels = box_from_mask(placed.mask_in_scan(logits, 0.5))
    found = placed.box_of_mask(logits, 0.5, placed.scan.frame.extent)
    # a voxel belongs to the mask when its center does, and the tip of a ball may lie between centers
    assert (np.abs(found - voxels) < 0.75).all()
    assert (found != np.round(found)).all()


def test_the_box_of_a_mask_does_not_depend_on_how_the_volume_is_stored():
    values = blobs([24, 28, 31])
    places = []
    for order in ORDERS:
        array, affine = oriented(np.zeros(SHAPE, np.int16), OBLIQUE, order)
        placed = PlacedScan.on_canvas(volume_scan(array, affine), CANVAS)
        box = placed.box_of_mask(values, 0.5, placed.scan.frame.extent)
        places.append(Boxes(box[None], placed.scan.frame).centers_mm()[0])
    assert len(places) > 5
    np.testing.assert_allclose(places, np.tile(places[0], (len(places), 1)), atol=1e-6)


def test_without_a_mask_the_box_stays():
    placed = PlacedScan.on_canvas(volume_scan(np.zeros(SHAPE, np.int16)), CANVAS)
    logits = torch.full([side // 2 for side in placed.pixels.shape[1:]], -2.0)
    box = np.array([3.25, 4, 5, 9, 10.5, 11])
    assert placed.box_of_mask(logits, 0.5, box).tolist() == box.tolist()
