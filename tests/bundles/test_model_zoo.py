# SPDX-License-Identifier: Apache-2.0
"""Every bundle passes what the Model Zoo's CI asks of one, by MONAI's own commands and without a network connection.

``min`` there: the directory, the version, the form of the metadata. ``full`` adds properties, data shape and
TorchScript; the last excludes networks that take lists of words (VISTA3D's are on the same list), so it is left out
here. File sizes, licenses and the page are what its guide for contributors asks.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigWorkflow, verify_metadata, verify_net_in_out

import monai_medglip
from monai_medglip.evaluation.results_table import stale_pages
from monai_medglip.inference.bundle_stamp import checksums
from monai_medglip.networks import build_network
from tests.bundles.conftest import dimensions, read_json, tiny_settings

SCHEMA = Path(__file__).with_name("meta_schema_20240725.json")
#: Headings of the Zoo's docs/readme_template.md, in its order; those that it calls optional may be left out.
HEADINGS = [
    "### **Authors**",
    "### **Tags**",
    "## **Model Description**",
    "## **Data**",
    "#### **Preprocessing**",
    "## **Performance**",
    "## **Additional Usage Steps**",
    "## **System Configuration**",
    "## **Limitations**",
    "## **Citation Info**",
    "## **References**",
]
OPTIONAL = {"## **Additional Usage Steps**", "## **Limitations**", "## **Citation Info**", "## **References**"}


@pytest.fixture
def page(bundle: Path) -> str:
    return (bundle / "docs" / "README.md").read_text(encoding="utf-8")


# min: directory, version, metadata


@pytest.mark.parametrize("name", ["LICENSE", "models/model.pt", "configs/inference.json", "docs/data_license.txt"])
def test_the_folder_has_what_a_bundle_needs(bundle, name):
    assert (bundle / name).is_file()


def test_the_version_is_the_packages_and_has_an_entry_in_the_changelog(metadata):
    assert metadata["version"] == metadata["required_packages_version"]["monai-medglip"] == monai_medglip.__version__
    assert metadata["version"] in metadata["changelog"]


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


def test_versions_of_other_packages_are_those_that_are_tested(metadata, repository):
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", (repository / "constraints.txt").read_text(), re.MULTILINE))
    named = {name: version for name, version in metadata["required_packages_version"].items() if name in pinned}
    named |= {name: metadata[f"{key}_version"] for name, key in (("monai", "monai"), ("numpy", "numpy"))}
    named["torch"] = metadata["pytorch_version"]
    assert len(named) == len(metadata["required_packages_version"]) + 2
    assert {name: pinned[name] for name in named} == named


# full: properties, data shape


@pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")
@pytest.mark.parametrize("kind", ["train", "inference"])
def test_monai_finds_every_property(tiny_bundle, made_data, made_images, tmp_path, kind):
    changes = {"dataset_dir": str(made_images)}
    if kind == "train":
        changes = {**tiny_settings(tiny_bundle), "dataset_dir": str(made_data), "ckpt_dir": str(tmp_path)}
    path = str(tiny_bundle / "configs" / f"{kind}.json")
    workflow = ConfigWorkflow(path, logging_file=False, workflow_type=kind, output_dir=str(tmp_path), **changes)
    workflow.initialize()
    assert workflow.check_properties() == []


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


def test_the_pixel_map_has_the_stated_size_and_channels(metadata, tiny_bundle):
    stated = metadata["network_data_format"]
    image, pixels = stated["inputs"]["image"], stated["outputs"]["pred"]
    coarsest = int(image["spatial_shape"][0].partition("*")[0])
    assert image["spatial_shape"] == [f"{coarsest}*n"] * dimensions(tiny_bundle)
    stride = {2: 2, 3: 1}[dimensions(tiny_bundle)]  # masks of volumes lie on the full grid
    assert pixels["spatial_shape"] == [f"{coarsest // stride}*n"] * dimensions(tiny_bundle)
    network = build_network(tiny_bundle / "models" / "network.json").eval()
    size = [2 * coarsest, 3 * coarsest, 2 * coarsest][: dimensions(tiny_bundle)]
    with torch.inference_mode():
        answer = network(torch.zeros(1, image["num_channels"], *size))
    assert answer.shape == (1, pixels["num_channels"], *(side // stride for side in size))


# what the guide for contributors asks


def test_the_committed_checksums_are_those_of_the_files(bundle, metadata):
    for key, value in checksums(bundle).items():
        assert metadata[key] == value, f"run: python -m monai_medglip.inference.bundle_stamp bundles/{bundle.name}"


def test_no_file_is_larger_than_the_model_zoo_allows(bundle):
    files = [path for path in bundle.rglob("*") if path.is_file() and "checkpoint" not in path.name]
    assert max(path.stat().st_size for path in files) < 25e6


def test_the_code_has_the_license_of_the_repository(bundle, repository):
    assert (bundle / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()


def test_the_metadata_says_that_it_is_no_medical_device_and_whose_terms_the_weights_have(metadata):
    assert metadata["intended_use"] == "research; not a medical device"
    assert metadata["weights_license"].startswith("research")


def test_the_page_has_the_headings_of_the_template_in_its_order(bundle, page):
    assert page.startswith(f"# {bundle.name}\n")
    found = [line for line in page.splitlines() if line in HEADINGS]
    assert found == [heading for heading in HEADINGS if heading in found]
    assert set(HEADINGS) - OPTIONAL <= set(found)


def test_the_page_gives_the_command_that_each_configuration_states(bundle, page):
    for path in (bundle / "configs").glob("*.json"):
        command = read_json(bundle, f"configs/{path.name}").get("_meta_", {}).get("command")
        assert command is None or command in page


def test_the_figures_of_the_page_are_those_of_the_result_files(bundle, page, repository):
    assert "<!-- results:" in page
    assert stale_pages([bundle / "docs" / "README.md"], repository / "benchmarks" / "results") == []
