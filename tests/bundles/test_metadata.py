# SPDX-License-Identifier: Apache-2.0
"""The bundle keeps the Model Zoo's rules, checked by MONAI's own commands without a network connection."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import verify_metadata, verify_net_in_out

import monai_medglip
from monai_medglip.inference.bundle_stamp import checksums
from monai_medglip.networks import build_network

SCHEMA = Path(__file__).with_name("meta_schema_20240725.json")


@pytest.fixture(scope="module")
def metadata(bundle_2d: Path) -> dict[str, Any]:
    return json.loads((bundle_2d / "configs" / "metadata.json").read_text(encoding="utf-8"))


@pytest.fixture
def verify(tmp_path: Path):
    """MONAI's check of some metadata, with the schema lying where it would be downloaded to."""

    def run(metadata: dict[str, Any]) -> None:
        (tmp_path / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
        schema = shutil.copy(SCHEMA, tmp_path / SCHEMA.name)
        digest = hashlib.sha256(SCHEMA.read_bytes()).hexdigest()
        verify_metadata(str(tmp_path / "metadata.json"), str(schema), hash_val=digest, hash_type="sha256")

    return run


def test_the_metadata_has_the_form_that_monai_demands(verify, metadata):
    verify(metadata)


def test_metadata_without_a_task_would_not_pass(verify, metadata):
    with pytest.raises(ValueError, match="'task' is a required property"):
        verify({key: value for key, value in metadata.items() if key != "task"})


def test_the_schema_is_the_one_that_the_metadata_names(metadata):
    assert Path(metadata["schema"]).name == SCHEMA.name


def test_the_version_is_the_packages_and_has_an_entry_in_the_changelog(metadata):
    assert metadata["version"] == metadata["required_packages_version"]["monai-medglip"] == monai_medglip.__version__
    assert metadata["version"] in metadata["changelog"]


def test_versions_of_other_packages_are_those_that_are_tested(metadata, repository):
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", (repository / "constraints.txt").read_text(), re.MULTILINE))
    named = {name: version for name, version in metadata["required_packages_version"].items() if name in pinned}
    named |= {name: metadata[f"{key}_version"] for name, key in (("monai", "monai"), ("numpy", "numpy"))}
    named["torch"] = metadata["pytorch_version"]
    assert len(named) == len(metadata["required_packages_version"]) + 2
    assert {name: pinned[name] for name in named} == named


def test_the_metadata_says_that_it_is_no_medical_device_and_whose_terms_the_weights_have(metadata):
    assert metadata["intended_use"] == "research; not a medical device"
    assert metadata["weights_license"].startswith("research")


@pytest.mark.parametrize("n", [2, 3])
def test_monai_finds_the_network_to_take_and_give_what_the_metadata_says(tiny_bundle, n):
    configs = tiny_bundle / "configs"
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(configs / "metadata.json"),
        config_file=str(configs / "inference.json"),
        bundle_root=str(tiny_bundle),
        device="cpu",
        n=n,
    )


def test_the_pixel_map_has_half_the_size_of_the_image(metadata, tiny_bundle):
    image, pixels = (
        metadata["network_data_format"][side][name] for side, name in (("inputs", "image"), ("outputs", "pred"))
    )
    assert (image["spatial_shape"], pixels["spatial_shape"]) == (["32*n", "32*n"], ["16*n", "16*n"])
    network = build_network(tiny_bundle / "models" / "network.json").eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, pixels["num_channels"], 32, 48)


def test_the_committed_checksums_are_those_of_the_files(bundle_2d, metadata):
    for key, value in checksums(bundle_2d).items():
        assert metadata[key] == value, "run: python -m monai_medglip.inference.bundle_stamp bundles/medglip_2d"


def test_no_file_is_larger_than_the_model_zoo_allows(bundle_2d):
    files = [path for path in bundle_2d.rglob("*") if path.is_file() and "checkpoint" not in path.name]
    assert max(path.stat().st_size for path in files) < 25e6


def test_the_code_has_the_license_of_the_repository(bundle_2d, repository):
    assert (bundle_2d / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()
