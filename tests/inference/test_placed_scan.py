# SPDX-License-Identifier: Apache-2.0
"""The way to the canvas and back, against sums made pixel by pixel."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.imaging import KNOWN_MODALITIES, Modality, Scan
from monai_medglip.inference import PlacedScan

SHAPES = [(64, 64), (200, 131), (37, 300), (3, 5), (1, 1), (511, 1), (1, 90), (1000, 999)]
CANVAS = (96, 64)


def scan_of(shape, **facts):
    pixels = np.random.default_rng(0).integers(0, 255, (1, *shape)).astype(np.uint8)
    return Scan(pixels, Frame.pixel(shape), **facts)


def factors(shape, canvas=CANVAS):
    """Canvas pixels per source pixel on each axis: as large as fits, the aspect kept, whole pixels, at least one."""
    scale = min(room / extent for room, extent in zip(canvas, shape, strict=True))
    return np.array([max(1, round(scale * extent)) / extent for extent in shape])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_canvas_is_filled_up_to_the_valid_region(shape):
    placed = PlacedScan.on_canvas(scan_of(shape), CANVAS)
    assert placed.pixels.shape == (3, *CANVAS)
    assert placed.pixels.abs().max() <= 1
    expected = [0, 0, *(factors(shape) * shape)]
    np.testing.assert_allclose(placed.valid_region, expected, atol=1e-4)
    np.testing.assert_allclose(placed.whole_image, expected, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_boxes_come_back_to_the_scans_own_pixels(shape):
    placed = PlacedScan.on_canvas(scan_of(shape), CANVAS)
    content = placed.valid_region[2:].numpy()
    shares = np.array([[0.0, 0, 1, 1], [0.25, 0.5, 0.5, 0.75], [0.1, 0.2, 0.3, 0.9]])
    boxes = torch.tensor(shares * np.tile(content, 2))
    np.testing.assert_allclose(placed.boxes_in_scan(boxes), shares * np.tile(shape, 2), atol=1e-4 * max(shape))


def test_boxes_beyond_the_image_end_at_its_edge():
    placed = PlacedScan.on_canvas(scan_of((50, 20)), CANVAS)
    assert placed.boxes_in_scan(torch.tensor([[-10.0, -10, 500, 500]])).tolist() == [[0, 0, 50, 20]]
    assert placed.boxes_in_scan(torch.zeros(0, 4)).shape == (0, 4)


def sampled_by_hand(cells, shape):
    """The bilinear value of a map (half the canvas), with zeros around it, at each pixel of the source."""
    padded = np.pad(cells, 1)
    values = np.zeros(shape)
    for pixel in itertools.product(*map(range, shape)):
        place = (np.array(pixel) + 0.5) * factors(shape) / 2 - 0.5 + 1
        low = np.clip(np.floor(place).astype(int), 0, np.array(cells.shape))
        part = place - low
        for corner in itertools.product((0, 1), repeat=2):
            weight = np.prod(np.where(corner, part, 1 - part))
            values[pixel] += weight * padded[tuple(low + corner)]
    return values


@pytest.mark.parametrize("shape", [(64, 64), (100, 67), (37, 120), (90, 1)])
def test_masks_are_sampled_at_the_center_of_each_pixel(shape):
    placed = PlacedScan.on_canvas(scan_of(shape), CANVAS)
    logits = torch.randn(48, 32, generator=torch.Generator().manual_seed(1))
    value = sampled_by_hand(logits.numpy(), shape)
    clear = np.abs(value) > 1e-4
    assert placed.mask_in_scan(logits, 0.5).shape == shape
    assert (placed.mask_in_scan(logits, 0.5) == (value > 0))[clear].all()


@pytest.mark.parametrize(("share", "inside"), [(0.7, True), (0.3, False)])
def test_a_pixel_that_covers_many_cells_is_inside_when_most_of_them_are(share, inside):
    placed = PlacedScan.on_canvas(scan_of((1, 1)), CANVAS)
    logits = torch.where(torch.arange(48)[:, None] < share * 32, 1.0, -1.0).expand(48, 32)
    assert placed.mask_in_scan(logits, 0.5).tolist() == [[inside]]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_over_half_the_image_covers_half_of_its_pixels(shape):
    placed = PlacedScan.on_canvas(scan_of(shape), CANVAS)
    logits = torch.full((48, 32), -9.0)
    logits[: round(float(placed.valid_region[2]) / 4)] = 9.0
    covered = placed.mask_in_scan(logits, 0.5).mean(axis=1)
    middle = shape[0] / 2
    cells = 2 / factors(shape)[0]
    assert (covered[: max(0, int(middle - cells))] == 1).all()
    assert (covered[int(middle + cells) + 1 :] == 0).all()


def test_a_higher_threshold_draws_less():
    placed = PlacedScan.on_canvas(scan_of((64, 64)), (64, 64))
    logits = torch.zeros(32, 32)
    logits[8:16] = float(np.log(0.7 / 0.3))
    logits[20:24] = float(np.log(0.4 / 0.6))
    areas = [placed.mask_in_scan(logits - 9 * (logits == 0), cut).sum() for cut in (0.3, 0.5, 0.8)]
    assert areas[0] > areas[1] > areas[2] == 0


def test_a_slice_that_is_stored_upside_down_is_shown_upright_and_answered_as_stored():
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])  # columns to the patient's right, rows to the front: head first film stored
    pixels = np.zeros((1, 64, 64), np.uint8)
    pixels[0, 10:20, 5:15] = 200
    frame = Frame(affine, (64, 64), frozenset(AxisPair), spacing_known=True)
    placed = PlacedScan.on_canvas(Scan(pixels, frame), (64, 64))
    bright = np.argwhere(placed.pixels[0].numpy() > 0)
    box = torch.tensor([[*bright.min(axis=0), *(bright.max(axis=0) + 1)]], dtype=torch.float32)
    np.testing.assert_allclose(placed.boxes_in_scan(box), [[10, 5, 20, 15]], atol=1e-6)
    mask = placed.mask_in_scan(placed.pixels[0, ::2, ::2] * 9, 0.5)
    assert mask[11:19, 6:14].all()
    assert not mask[25:].any()


def test_a_modality_is_predicted_only_where_the_scan_does_not_tell():
    logits = torch.zeros(len(KNOWN_MODALITIES))
    logits[KNOWN_MODALITIES.index(Modality.US)] = 1.0
    unknown = PlacedScan.on_canvas(scan_of((8, 8)), CANVAS).with_predicted_modality(logits)
    known = PlacedScan.on_canvas(scan_of((8, 8), modality=Modality.CT), CANVAS).with_predicted_modality(logits)
    assert (unknown.modality, unknown.modality_predicted) == (Modality.US, True)
    assert (known.modality, known.modality_predicted) == (Modality.CT, False)
    assert unknown.scan.modality is Modality.UNKNOWN


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint32, np.int64, np.float64, ">u2", ">f4"])
def test_the_type_of_pixels_that_are_no_8_bit_picture_makes_no_difference(dtype):
    values = np.random.default_rng(0).integers(0, 255, (1, 20, 30))
    expected = PlacedScan.on_canvas(Scan(values.astype(np.float32), Frame.pixel((20, 30))), CANVAS).pixels
    placed = PlacedScan.on_canvas(Scan(values.astype(dtype), Frame.pixel((20, 30))), CANVAS)
    torch.testing.assert_close(placed.pixels, expected)


def test_the_scan_stays_as_it_was():
    scan = scan_of((20, 30))
    before = scan.array.copy()
    PlacedScan.on_canvas(scan, CANVAS).pixels.add_(1)
    assert np.array_equal(scan.array, before)


def test_a_volume_does_not_fit_a_flat_canvas():
    volume = Scan(np.zeros((1, 8, 8, 8), np.uint8), Frame.pixel((8, 8, 8)))
    with pytest.raises(ImageReadError, match=r"expected an image with 2 axes, .* \(8, 8, 8\): it is a volume"):
        PlacedScan.on_canvas(volume, CANVAS)


def test_a_volume_finds_its_way_back_too():
    volume = Scan(np.zeros((1, 40, 20, 10), np.uint8), Frame.pixel((40, 20, 10)))
    placed = PlacedScan.on_canvas(volume, (16, 32, 16))
    assert placed.pixels.shape == (3, 48, 32, 16)
    step = placed.spacing
    box = torch.tensor([[8.0, 4, 2, 16, 8, 6]])
    np.testing.assert_allclose(placed.boxes_in_scan(box), box.numpy() * step, atol=1e-4)
    assert placed.mask_in_scan(torch.ones(24, 16, 8), 0.5).all()
