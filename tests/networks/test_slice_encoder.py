# SPDX-License-Identifier: Apache-2.0
"""The 2D backbone on the slabs of volumes, against the same backbone on each slab alone, and 3D layers beside it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.networks import MobileNetV2Encoder, build_network
from monai_medglip.networks.memory_layout import use_channels_last
from monai_medglip.networks.slice_encoder import SliceEncoder
from tests.tiny_networks import noise, phrases_of

PLANE = {2: 16, 4: 24, 8: 32, 16: 96}
LEVELS = {2: 16 + 8, 4: 24 + 16, 8: 32, 16: 96}


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return SliceEncoder(frozen_blocks=3, detail_width=8).eval()


@pytest.fixture
def volume():
    return noise(2, 32, 48, 16)


@torch.no_grad()
def test_levels_have_the_channels_and_strides_that_are_told(encoder, volume):
    assert encoder.channels == LEVELS
    levels = {stride: tuple(level.shape) for stride, level in encoder(volume).items()}
    assert levels == {s: (2, c, 32 // s, 48 // s, 16 // s) for s, c in LEVELS.items()}


@torch.no_grad()
def test_each_level_begins_with_the_mean_of_the_levels_of_its_slabs(encoder, volume):
    levels = encoder(volume)
    slabs = [encoder.plane(volume[..., z : z + 2].mean(-1)) for z in range(0, 16, 2)]
    for stride, level in levels.items():
        count = stride // 2
        for z in range(16 // stride):
            expected = torch.stack([one[stride] for one in slabs[z * count : (z + 1) * count]]).mean(0)
            torch.testing.assert_close(level[:, : PLANE[stride], ..., z], expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_stem_has_one_stride_for_all_axes(encoder, volume):
    stem = encoder.stem(volume)
    assert stem.shape == (2, 16 + 8, 16, 24, 8)
    torch.testing.assert_close(stem[:, :16, ..., 5], encoder.plane.stem(volume[..., 10:12].mean(-1)))


@torch.no_grad()
def test_slabs_do_not_see_each_other_but_the_3d_layers_see_all(encoder, volume):
    changed = volume.clone()
    changed[..., 4:8] = 0
    before, after = encoder(volume)[4], encoder(changed)[4]
    plane, detail = slice(0, PLANE[4]), slice(PLANE[4], None)
    assert torch.equal(before[:, plane, ..., 0], after[:, plane, ..., 0])
    assert torch.equal(before[:, plane, ..., 2:], after[:, plane, ..., 2:])
    assert not torch.allclose(before[:, plane, ..., 1], after[:, plane, ..., 1])
    assert not torch.allclose(before[:, detail, ..., 2], after[:, detail, ..., 2])


@torch.no_grad()
def test_images_of_a_batch_do_not_see_each_other(encoder, volume):
    for one, both in zip(encoder(volume[1:]).values(), encoder(volume).values(), strict=True):
        torch.testing.assert_close(one[0], both[1], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_adapter_is_a_copy_of_the_stem_that_learns(encoder, volume):
    adapter = encoder.adapter().train()
    torch.testing.assert_close(adapter(volume), encoder.stem(volume))
    assert all(parameter.requires_grad for parameter in adapter.parameters())
    assert not any(module.training for module in adapter.modules() if isinstance(module, nn.BatchNorm2d))


def test_blocks_that_no_level_needs_are_left_out(encoder):
    assert len(encoder.plane.blocks) == 12
    assert len(MobileNetV2Encoder().blocks) == 16


def test_frozen_blocks_get_no_gradient_and_the_others_do(encoder, volume):
    encoder.zero_grad()
    sum(level.sum() for level in encoder.train()(volume[:1, :, :, :32]).values()).backward()
    blocks = encoder.plane.blocks.named_parameters()
    assert {int(name.split(".")[0]) for name, p in blocks if p.grad is not None} == set(range(3, 12))
    assert all(p.grad is not None for p in (*encoder.detail_stem.parameters(), *encoder.detail.parameters()))
    assert all(p.grad is None for p in encoder.plane.first.parameters())
    assert not any(module.training for module in encoder.modules() if isinstance(module, nn.BatchNorm2d))


def test_nothing_is_frozen_when_no_block_is(volume):
    free = SliceEncoder().train()
    sum(level.sum() for level in free(volume[:1, :, :, :32]).values()).backward()
    assert all(parameter.grad is not None for parameter in free.parameters())


def test_weights_learned_on_pictures_are_those_of_the_plane(shared):
    weights = shared / "weights" / "mobilenet_v2_imagenet.safetensors"
    volumes, pictures = SliceEncoder(weights).state_dict(), MobileNetV2Encoder(weights).state_dict()
    plane = {key.removeprefix("plane."): value for key, value in volumes.items() if key.startswith("plane.")}
    assert len(plane) > 100
    assert all(torch.equal(value, pictures[key]) for key, value in plane.items())


def test_wrong_settings_are_told(tmp_path):
    with pytest.raises(WeightsError, match="found no such file"):
        SliceEncoder(tmp_path / "none.safetensors")
    with pytest.raises(ConfigurationError, match="between 0 and 16, got 17"):
        SliceEncoder(frozen_blocks=17)


def test_a_definition_makes_a_network_for_volumes(tiny_text_encoder):
    definition = {
        "network": "MedGLIP",
        "image_encoder": {"type": "SliceEncoder", "frozen_blocks": 2},
        "text_encoder": {"folder": str(tiny_text_encoder)},
        "width": 32,
        "pixel_width": 8,
        "region_strides": [4, 8, 16],
    }
    network = build_network(definition).eval()
    assert network.spatial_dims == 3
    assert network.image_encoder.encoders[0].plane.frozen_blocks == 2
    use_channels_last(network)
    with torch.no_grad():
        answer = network(noise(1, 32, 32, 16), [phrases_of("heart")])
    assert answer["boxes"].shape == (1, 1, 8 * 8 * 4 + 4 * 4 * 2 + 2 * 2 * 1, 6)
    assert answer["masks"].shape == (1, 1, 16, 16, 8)
