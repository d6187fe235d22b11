# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.imaging import Modality
from monai_medglip.networks import ModalityModulation, PyramidNeck

CHANNELS = {2: 4, 4: 8, 8: 8, 16: 16, 32: 16}
UNKNOWN = torch.tensor([Modality.UNKNOWN.index])


def levels_of(channels, *canvas, batch=1):
    torch.manual_seed(0)
    return {
        stride: torch.randn(batch, width, *(size // stride for size in canvas)) for stride, width in channels.items()
    }


def image_of(*canvas):
    return torch.zeros(1, 3, *canvas)


def whole(*canvas):
    return torch.tensor([[0.0] * len(canvas) + [float(size) for size in canvas]])


@pytest.mark.parametrize("canvas", [(64, 96), (32, 64, 32)])
def test_it_gives_region_features_per_stride_and_a_map_at_the_finest(canvas):
    neck = PyramidNeck(CHANNELS, width=16, pixel_width=8, spatial_dims=len(canvas))
    regions, pixels = neck(levels_of(CHANNELS, *canvas), image_of(*canvas), UNKNOWN, whole(*canvas))
    assert [tuple(x.shape) for x in regions] == [(1, 16, *(size // s for size in canvas)) for s in (8, 16, 32)]
    assert pixels.shape == (1, 8, *(size // 2 for size in canvas))
    assert neck.pixel_stride == 2


@pytest.mark.parametrize(("finest", "expected"), [(4, 4), (8, 8)])
def test_a_backbone_without_fine_levels_gives_a_coarser_map(finest, expected):
    channels = {stride: width for stride, width in CHANNELS.items() if stride >= finest}
    neck = PyramidNeck(channels, width=16, pixel_width=8)
    _, pixels = neck(levels_of(channels, 64, 64), image_of(64, 64), UNKNOWN, whole(64, 64))
    assert (neck.pixel_stride, tuple(pixels.shape[2:])) == (expected, (64 // expected,) * 2)


@pytest.mark.parametrize("canvas", [(64, 96), (32, 64, 32)])
def test_at_full_resolution_the_map_has_the_grid_and_the_detail_of_the_image(canvas):
    neck = PyramidNeck(CHANNELS, width=16, pixel_width=8, full_resolution=True, spatial_dims=len(canvas))
    levels, image = levels_of(CHANNELS, *canvas), image_of(*canvas)
    _, pixels = neck(levels, image, UNKNOWN, whole(*canvas))
    assert (neck.pixel_stride, pixels.shape) == (1, (1, 8, *canvas))
    place = (0, slice(None), *[10] * len(canvas))
    image[place] = 1.0
    _, changed = neck(levels, image, UNKNOWN, whole(*canvas))
    moved = torch.nonzero((changed != pixels).any(1)[0])
    assert moved.amin(0).tolist() == [9] * len(canvas)
    assert moved.amax(0).tolist() == [11] * len(canvas)


def test_equal_features_at_different_places_are_told_apart_by_position_alone():
    neck = PyramidNeck(CHANNELS, width=16, pixel_width=8)
    flat = {stride: torch.ones_like(level) for stride, level in levels_of(CHANNELS, 256, 256).items()}
    regions, _ = neck(flat, image_of(256, 256), UNKNOWN, whole(256, 256))
    inner = regions[0][0, :, 12:20, 12:20].flatten(1)  # far from the zero padding
    assert (inner[:, :1] - inner).abs().amax(0)[1:].min() > 1e-4


def test_modulation_is_the_identity_before_training_and_a_modality_of_its_own_after():
    modulation = ModalityModulation(4)
    features, modality = torch.randn(2, 4, 3, 3), torch.tensor([0, Modality.UNKNOWN.index])
    assert torch.equal(modulation(features, modality), features)
    with torch.no_grad():
        modulation.scale.weight[0], modulation.shift.weight[0] = 1.0, 3.0
    changed = modulation(features, modality)
    torch.testing.assert_close(changed[0], 2 * features[0] + 3)
    assert torch.equal(changed[1], features[1])
