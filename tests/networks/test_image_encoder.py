# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.networks import MobileNetV2Encoder, TransformersEncoder
from tests.tiny_networks import TinyEncoder, noise

LEVELS = {2: 16, 4: 24, 8: 32, 16: 96, 32: 320}
SWIN = {"model_type": "swin", "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 1, 1], "window_size": 2}


@pytest.fixture(scope="module")
def mobilenet():
    torch.manual_seed(0)
    return MobileNetV2Encoder(frozen_blocks=6)


@pytest.fixture(scope="module")
def imagenet_file(shared):
    return shared / "weights" / "mobilenet_v2_imagenet.safetensors"


def test_levels_have_the_channels_and_strides_that_are_told(mobilenet):
    assert mobilenet.channels == LEVELS
    levels = mobilenet(noise(1, 64, 96))
    assert {s: tuple(x.shape[1:]) for s, x in levels.items()} == {s: (c, 64 // s, 96 // s) for s, c in LEVELS.items()}


def test_normalization_keeps_its_statistics_while_training(mobilenet):
    before = {key: value.clone() for key, value in mobilenet.state_dict().items()}
    mobilenet.train()(noise(2))
    norms = [module for module in mobilenet.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 52 - 1  # all of MobileNetV2's but that of the unused last convolution
    assert not any(norm.training for norm in norms)
    assert all(torch.equal(before[key], value) for key, value in mobilenet.state_dict().items())


def test_the_adapter_keeps_its_statistics_too_and_learns(mobilenet):
    adapter = mobilenet.adapter().train()
    assert all(parameter.requires_grad for parameter in adapter.parameters())
    assert not any(module.training for module in adapter.modules() if isinstance(module, nn.BatchNorm2d))
    torch.testing.assert_close(adapter(noise(1)), mobilenet.stem(noise(1)))


def test_frozen_blocks_get_no_gradient_and_the_others_do(mobilenet):
    sum(level.sum() for level in mobilenet.train()(noise(1)).values()).backward()
    learned = {int(name.split(".")[1]) for name, p in mobilenet.named_parameters() if p.grad is not None}
    assert learned == set(range(6, 16))
    assert all(p.grad is None for p in mobilenet.first.parameters())


def test_nothing_is_frozen_when_no_block_is():
    assert all(parameter.requires_grad for parameter in MobileNetV2Encoder().parameters())


@pytest.mark.parametrize("count", [-1, 17])
def test_it_has_sixteen_blocks_to_freeze(count):
    with pytest.raises(ConfigurationError, match=f"between 0 and 16, got {count}"):
        MobileNetV2Encoder(frozen_blocks=count)


@torch.no_grad()
def test_a_transposed_picture_gives_the_transposed_features_of_the_upright_model(imagenet_file):
    from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

    upright = MobileNetV2ForImageClassification(MobileNetV2Config(num_labels=1001)).eval()
    state = {key: value.float() for key, value in load_file(imagenet_file).items()}
    upright.load_state_dict(
        {key: value for key, value in state.items() if not key.startswith("classifier")}, strict=False
    )
    picture = noise(1, 64, 96)  # rows, columns
    states = upright.mobilenet_v2(picture, output_hidden_states=True).hidden_states
    levels = MobileNetV2Encoder(imagenet_file).eval()(picture.transpose(2, 3))
    for stride, block in ((4, 1), (8, 4), (16, 11), (32, 15)):
        expected = states[block].transpose(2, 3)
        assert expected.abs().max() > 0.1
        torch.testing.assert_close(levels[stride], expected, atol=1e-3, rtol=1e-3)


def test_a_missing_file_of_weights_is_told(tmp_path):
    with pytest.raises(WeightsError, match=r"found no such file"):
        MobileNetV2Encoder(tmp_path / "none.safetensors")


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"mobilenet_v2.other.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=r"expected the keys of a MobileNetV2 .* unexpected \['other\.weight'\]"):
        MobileNetV2Encoder(tmp_path / "other.safetensors")


def test_a_file_that_is_no_safetensors_is_refused(tmp_path):
    (tmp_path / "text.safetensors").write_text("no tensors here")
    with pytest.raises(WeightsError, match=r"text\.safetensors"):
        MobileNetV2Encoder(tmp_path / "text.safetensors")


def test_weights_of_other_shapes_are_refused(tmp_path, mobilenet):
    state = {f"mobilenet_v2.conv_stem.{key}": torch.zeros(3) for key in mobilenet.first.state_dict()}
    save_file(state, tmp_path / "shapes.safetensors")
    with pytest.raises(WeightsError, match=r"shapes\.safetensors"):
        MobileNetV2Encoder(tmp_path / "shapes.safetensors")


@pytest.fixture(scope="module")
def swin():
    torch.manual_seed(0)
    return TransformersEncoder(config=SWIN).eval()


def test_a_backbone_of_transformers_gives_levels_from_stride_four(swin):
    assert swin.channels == {4: 8, 8: 16, 16: 32, 32: 64}
    levels = swin(noise(1, 64, 96))
    assert {s: tuple(x.shape[1:]) for s, x in levels.items()} == {
        s: (c, 64 // s, 96 // s) for s, c in swin.channels.items()
    }


def test_the_backbone_sees_the_picture_upright(swin):
    picture = noise(1, 64, 96)  # rows, columns
    expected = swin.backbone(picture).feature_maps[0]
    torch.testing.assert_close(swin(picture.transpose(2, 3))[4], expected.transpose(2, 3))


def test_a_backbone_of_other_strides_is_refused():
    with pytest.raises(ConfigurationError, match="strides 4, 8, 16, 32; it gives"):
        TransformersEncoder(config={**SWIN, "patch_size": 2})


def test_a_backbone_needs_a_name_or_a_configuration():
    with pytest.raises(ConfigurationError, match="got neither"):
        TransformersEncoder()


def test_a_backbone_without_a_stem_has_no_adapter(swin):
    with pytest.raises(ConfigurationError, match=r"TransformersEncoder has no stem .* 'separate'"):
        swin.adapter()


def test_stem_and_trunk_make_the_encoder():
    encoder = TinyEncoder()
    levels = encoder.trunk(encoder.stem(noise(1)))
    assert all(torch.equal(levels[stride], level) for stride, level in encoder(noise(1)).items())
