# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
import torch

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.networks import (
    MobileNetV2Encoder,
    TransformersEncoder,
    build_network,
    load_weights,
    read_network_definition,
)
from tests.networks.test_image_encoder import SWIN
from tests.tiny_networks import noise, phrases_of, tiny_network


@pytest.fixture
def definition(tiny_text_encoder):
    """A definition of the smallest MobileNetV2 network."""
    return {
        "network": "MedGLIP",
        "image_encoder": {"type": "MobileNetV2Encoder"},
        "text_encoder": {"folder": str(tiny_text_encoder), "max_tokens": 16},
        "width": 32,
        "pixel_width": 8,
    }


@pytest.mark.parametrize("name", ["medglip_tiny", "medglip_base"])
def test_shipped_definitions_are_known_by_name(name):
    read = read_network_definition(name)
    assert read["network"] == "MedGLIP"
    assert all(size % 32 == 0 for size in read["canvas"])


def test_medglip_tiny_is_built_as_it_is_defined(tiny_text_encoder):
    network = build_network("medglip_tiny", text_encoder=tiny_text_encoder)
    assert network.training
    assert isinstance(network.image_encoder.encoders[0], MobileNetV2Encoder)
    assert network.image_encoder.encoders[0].frozen_blocks == 6
    assert 2e6 < sum(parameter.numel() for parameter in network.parameters()) < 5e6  # at most 20 MB of weights


def test_medglip_base_takes_a_backbone_by_its_configuration(tiny_text_encoder):
    image_encoder = {"type": "TransformersEncoder", "config": SWIN}
    network = build_network("medglip_base", text_encoder=tiny_text_encoder, image_encoder=image_encoder).eval()
    assert isinstance(network.image_encoder.encoders[0], TransformersEncoder)
    with torch.no_grad():
        answer = network(noise(1), [phrases_of("heart")])
    assert answer["boxes"].shape == (1, 1, 64 + 16 + 4, 4)
    assert answer["masks"].shape == (1, 1, 16, 16)  # its finest level has stride 4


def test_a_definition_may_be_a_file_or_its_content(definition, tmp_path):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(definition))
    torch.manual_seed(0)
    from_file = build_network(path).state_dict()
    torch.manual_seed(0)
    from_content = build_network(definition).state_dict()
    assert all(torch.equal(value, from_content[key]) for key, value in from_file.items())


def test_keys_can_be_overridden(definition):
    network = build_network(definition, pixel_width=16, sharing="adapters")
    assert network.neck.pixel_projection.conv.out_channels == 16
    assert len(network.image_encoder.stems) == 11


def test_a_text_encoder_beside_the_file_is_found(definition, tiny_text_encoder, tmp_path):
    definition["text_encoder"]["folder"] = "words"
    (tmp_path / "network.json").write_text(json.dumps(definition))
    (tmp_path / "words").symlink_to(tiny_text_encoder)
    assert build_network(tmp_path / "network.json").text_encoder.width == 32


def test_another_text_encoder_can_be_given(definition, tiny_text_encoder):
    definition["text_encoder"]["folder"] = "/no/such/folder"
    assert build_network(definition, text_encoder=tiny_text_encoder).text_encoder.folder == str(tiny_text_encoder)


def test_image_weights_are_those_of_the_file(definition, shared):
    weights = shared / "weights" / "mobilenet_v2_imagenet.safetensors"
    first, second = (build_network(definition, image_weights=weights).image_encoder for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 8}, r"unknown \['heads'\]"),
        ({"network": "DETR"}, "got 'DETR'"),
        ({"image_encoder": {"type": "os.system"}}, r"got 'MedGLIP' with 'os\.system'"),
        ({"image_encoder": {}}, "with None"),
    ],
)
def test_an_unknown_key_or_class_is_refused(definition, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        build_network({**definition, **changes})


def test_an_unknown_override_is_refused(definition):
    with pytest.raises(ConfigurationError, match=r"unknown \['depth'\]"):
        build_network(definition, depth=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_encoder": {"type": "MobileNetV2Encoder", "blocks": 3}},
        {"image_encoder": "MobileNetV2Encoder"},
        {"text_encoder": {"path": "x"}},
        {"text_encoder": "text_encoder"},
        {"text_encoder": {"folder": ".", "depth": 1}},
        {"sharing": "halves"},
        {"width": "wide"},
    ],
)
def test_a_wrong_value_is_refused(definition, changes, tmp_path):
    (tmp_path / "network.json").write_text(json.dumps({**definition, **changes}))
    with pytest.raises(ConfigurationError, match=r"^expected (settings that MedGLIP|{\"image_encoder\")"):
        build_network(tmp_path / "network.json")


def test_a_missing_key_is_named(definition):
    del definition["text_encoder"]
    with pytest.raises(ConfigurationError, match=r"missing \['text_encoder'\]"):
        build_network(definition)


@pytest.mark.parametrize("content", [None, "{", "[]", '"MedGLIP"'])
def test_a_file_that_is_no_definition_is_refused(tmp_path, content):
    path = tmp_path / "network.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"expected a network definition .*network\.json"):
        read_network_definition(path)


@pytest.fixture
def weights(network, tmp_path):
    path = tmp_path / "model.pt"
    torch.save(network.state_dict(), path)
    return path


def test_weights_come_back_as_they_were_saved(network, weights, tiny_text_encoder):
    other = tiny_network(tiny_text_encoder, seed=1)
    load_weights(other, weights)
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("head.presence_peak"),
        lambda state: state.update(stranger=torch.zeros(1)),
        lambda state: state.update({"head.level_scale": torch.zeros(4)}),
    ],
    ids=["missing", "extra", "other shape"],
)
def test_weights_that_do_not_fit_are_refused(weights, tiny_text_encoder, change):
    state = torch.load(weights)
    change(state)
    torch.save(state, weights)
    with pytest.raises(WeightsError, match=r"expected weights in .*model\.pt that fit the network definition"):
        load_weights(tiny_network(tiny_text_encoder), weights)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 half a zip"])
def test_a_damaged_file_is_refused(network, tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="damaged or belongs to another version"):
        load_weights(network, tmp_path / "model.pt")


def test_a_missing_file_is_refused(network, tmp_path):
    with pytest.raises(WeightsError, match="found no such file"):
        load_weights(network, tmp_path / "model.pt")


def test_a_pickle_that_would_run_code_is_refused(network, tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle ran code",))

    torch.save({"head.presence_peak": Trap()}, tmp_path / "model.pt")
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(network, tmp_path / "model.pt")


def test_a_definition_without_its_text_encoder_is_refused_at_once(tmp_path, definition):
    file = tmp_path / "network.json"
    file.write_text(json.dumps({**definition, "text_encoder": {"folder": "text_encoder"}}))
    with pytest.raises(WeightsError, match=r"expected the text encoder in a folder 'text_encoder' .* found none"):
        build_network(file)
