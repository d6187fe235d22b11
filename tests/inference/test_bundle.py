# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json

import pytest
import torch

from monai_medglip.errors import ConfigurationError, MedGLIPError, WeightsError
from monai_medglip.inference import Bundle, Grounder
from monai_medglip.networks import build_network, load_weights


def test_a_bundle_tells_what_a_result_should_say_of_its_model(random_bundle):
    weights = (random_bundle / "models" / "model.pt").read_bytes()
    assert Bundle(random_bundle).provenance() == {
        "model": "tiny",
        "version": "0.0.1",
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "weights_license": "none",
        "intended_use": "tests",
    }


def test_its_network_has_its_weights_and_is_ready_to_be_asked(random_bundle):
    network = Bundle(random_bundle).load_network("cpu")
    reference = build_network(random_bundle / "models" / "network.json").eval()
    load_weights(reference, random_bundle / "models" / "model.pt")
    image = torch.rand(1, 3, 64, 64)
    assert not network.training
    with torch.no_grad():
        torch.testing.assert_close(network(image), reference(image), rtol=1e-3, atol=1e-4)


def test_a_folder_without_a_definition_is_no_bundle(tmp_path):
    with pytest.raises(WeightsError, match=r"expected a bundle folder with models/network\.json"):
        Bundle(tmp_path)


def test_weights_of_another_checksum_are_refused(own_bundle):
    weights = own_bundle / "models" / "model.pt"
    state = torch.load(weights)
    torch.save({key: value + 1 for key, value in state.items()}, weights)
    with pytest.raises(WeightsError, match=r"expected weights with SHA-256 \w{64} .* download the bundle again"):
        Bundle(own_bundle).load_network()


def test_weights_without_a_stated_checksum_are_taken(own_bundle):
    metadata = own_bundle / "configs" / "metadata.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "weights_sha256": None}))
    assert Bundle(own_bundle).load_network() is not None


def test_a_bundle_for_a_later_version_is_refused_with_the_way_to_get_it(own_bundle):
    metadata = own_bundle / "configs" / "metadata.json"
    stated = json.loads(metadata.read_text())
    metadata.write_text(json.dumps({**stated, "required_packages_version": {"monai-medglip": "99.1.0"}}))
    with pytest.raises(ConfigurationError, match=r"made for 99\.1\.0; install that version: pip install"):
        Bundle(own_bundle).load_network()
    metadata.write_text(json.dumps({**stated, "required_packages_version": {"monai-medglip": "0.0.1"}}))
    assert Bundle(own_bundle).load_network() is not None


def test_the_checksum_of_weights_that_are_not_there_is_an_error(own_bundle):
    (own_bundle / "models" / "model.pt").unlink()
    with pytest.raises(WeightsError, match="found no such file"):
        _ = Bundle(own_bundle).weights_sha256


@pytest.mark.parametrize("content", [None, "", "[]", "3"])
def test_metadata_of_another_form_are_refused(own_bundle, content):
    metadata = own_bundle / "configs" / "metadata.json"
    if content is None:
        metadata.unlink()
    else:
        metadata.write_text(content)
    with pytest.raises(ConfigurationError, match=r"metadata\.json"):
        _ = Bundle(own_bundle).metadata


@pytest.mark.parametrize(
    "file",
    [
        "models/model.pt",
        "models/network.json",
        "models/operating_point.json",
        "models/text_encoder/config.json",
        "models/text_encoder/tokenizer.json",
        "models/text_encoder/model.safetensors",
        "configs/metadata.json",
        "configs/validated_phrases.json",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_a_bundle_with_a_bad_file_is_refused_in_words(own_bundle, file, damage):
    path = own_bundle / file
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    with pytest.raises(MedGLIPError, match="expected"):
        Grounder(own_bundle, device="cpu").network.text_encoder(["heart"])
