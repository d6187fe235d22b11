# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.errors import ConfigurationError
from monai_medglip.networks import build_network
from monai_medglip.networks.memory_layout import use_channels_last
from monai_medglip.networks.residual_encoder import ResidualEncoder
from tests.tiny_networks import noise, phrases_of

LEVELS = {2: 8, 4: 16, 8: 32, 16: 64}


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return ResidualEncoder(width=8, blocks=(1, 1, 1, 1)).eval()


@pytest.fixture
def definition(tiny_text_encoder):
    """A definition of the smallest network of this kind."""
    return {
        "network": "MedGLIP",
        "image_encoder": {"type": "ResidualEncoder", "width": 8, "blocks": [1, 1, 1, 1]},
        "text_encoder": {"folder": str(tiny_text_encoder)},
        "width": 32,
        "pixel_width": 8,
        "region_strides": [4, 8, 16],
    }


@torch.no_grad()
def test_levels_have_the_channels_and_strides_that_are_told(encoder):
    assert encoder.channels == LEVELS
    levels = {stride: tuple(level.shape) for stride, level in encoder(noise(2, 32, 48, 16)).items()}
    assert levels == {s: (2, c, 32 // s, 48 // s, 16 // s) for s, c in LEVELS.items()}


def test_every_list_of_blocks_is_a_level():
    assert ResidualEncoder(width=16, blocks=(1, 2)).channels == {2: 16, 4: 32}
    assert ResidualEncoder().channels == {2: 32, 4: 64, 8: 128, 16: 256}


@torch.no_grad()
def test_levels_are_those_of_monais_encoder_behind_the_stem(encoder):
    volume = noise(1, 32, 32, 16)
    expected = encoder.body(encoder.first(volume))
    assert len(expected) == 4
    assert all(torch.equal(a, b) for a, b in zip(encoder(volume).values(), expected, strict=True))


@torch.no_grad()
def test_all_three_axes_are_seen(encoder):
    volume = noise(1, 32, 32, 32)
    for axis in (2, 3, 4):
        changed = volume.clone()
        changed.select(axis, 9).zero_()
        assert not torch.allclose(encoder(volume)[4].narrow(axis, 3, 1), encoder(changed)[4].narrow(axis, 3, 1))


def test_everything_learns(encoder):
    encoder.zero_grad()
    sum(level.square().sum() for level in encoder(noise(1, 16, 16, 16)).values()).backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@torch.no_grad()
def test_the_adapter_is_another_stem_of_the_same_form(encoder):
    volume = noise(1, 16, 16, 16)
    adapter = encoder.adapter()
    assert adapter(volume).shape == encoder.stem(volume).shape
    assert not torch.equal(adapter.weight, encoder.first.weight)


@torch.no_grad()
def test_a_definition_makes_a_network_for_volumes(definition):
    answer = build_network(definition).eval()(noise(1, 32, 32, 16), [phrases_of("heart", "liver")])
    assert answer["boxes"].shape == (1, 2, 8 * 8 * 4 + 4 * 4 * 2 + 2 * 2 * 1, 6)
    assert answer["masks"].shape == (1, 2, 16, 16, 8)


@torch.no_grad()
def test_kernels_are_laid_out_channels_last_and_answers_stay(definition):
    torch.manual_seed(0)
    network = build_network(definition).eval()
    volume, asked = noise(1, 32, 32, 16), [phrases_of("heart")]
    before = network(volume, asked)
    use_channels_last(network)
    kernels = [parameter for parameter in network.parameters() if parameter.ndim == 5]
    assert kernels
    assert all(kernel.is_contiguous(memory_format=torch.channels_last_3d) for kernel in kernels)
    after = network(volume, asked)
    assert all(torch.allclose(after[key], value, atol=1e-4) for key, value in before.items())


def test_kernels_of_both_kinds_are_laid_out():
    both = torch.nn.ModuleList([torch.nn.Conv2d(4, 6, 3), torch.nn.Conv3d(4, 6, 3), torch.nn.Linear(4, 6)])
    use_channels_last(both)
    assert both[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert both[1].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert both[2].weight.is_contiguous()


def test_it_starts_at_random_and_takes_no_weights(definition, tmp_path):
    with pytest.raises(ConfigurationError, match="expected no image weights for ResidualEncoder"):
        build_network(definition, image_weights=tmp_path / "any.safetensors")


@pytest.mark.parametrize("wrong", [{"width": "wide"}, {"depth": 3}, {"blocks": 3}, {"width": 12}])
def test_wrong_settings_are_refused(definition, wrong):
    definition["image_encoder"] |= wrong
    with pytest.raises(ConfigurationError, match="expected settings that MedGLIP, ResidualEncoder and TextEncoder"):
        build_network(definition)
