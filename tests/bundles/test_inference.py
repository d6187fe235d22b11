# SPDX-License-Identifier: Apache-2.0
"""The inference configuration, run in this process: the same answers as `Grounder`, and MONAI's own way to load it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow, load

from monai_medglip import Grounder
from monai_medglip.errors import OutputError, WeightsError
from monai_medglip.grounding import read_json
from monai_medglip.inference import config_root, stamp_bundle
from tests.bundles.conftest import dimensions

PROMPT = ["heart", "left lung", "no polyp"]
pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


@pytest.fixture
def workflow(tiny_bundle: Path, made_images: Path, tmp_path: Path):
    """Makes the workflow, with some keys changed."""

    def make(**keys) -> ConfigWorkflow:
        usual = {"dataset_dir": str(made_images), "prompt": PROMPT, "output_dir": str(tmp_path / "out")}
        path = str(tiny_bundle / "configs" / "inference.json")
        made = ConfigWorkflow(path, logging_file=False, workflow_type="inference", **{**usual, **keys})
        made.initialize()
        return made

    return make


@pytest.fixture(scope="module")
def grounder(tiny_bundle: Path) -> Grounder:
    return Grounder(tiny_bundle, device="cpu")


def assert_same(found, expected):
    assert found.boxes.data == pytest.approx(expected.boxes.data, abs=1e-3)
    assert found.scores == pytest.approx(expected.scores, abs=1e-5)
    assert found.presence == pytest.approx(expected.presence, abs=1e-5, nan_ok=True)
    assert (found.phrases, found.status, found.support) == (expected.phrases, expected.status, expected.support)
    assert found.phrase_index.tolist() == expected.phrase_index.tolist()
    assert found.provenance == expected.provenance


@pytest.fixture(scope="module")
def at_once(bundle):
    """Images of different shapes that a batch can hold: pictures share a canvas, a volume has a grid of its own."""
    return 2 if dimensions(bundle) == 2 else 1


@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("modality", ["CT", None])
def test_the_answers_are_those_of_grounder(
    workflow, grounder, made_images, suffix, tmp_path, at_once, one_by_one, modality
):
    workflow(batch_size=1 if one_by_one else at_once, modality=modality).run()
    for name in ("wide", "tall"):
        expected = grounder.ground(made_images / f"{name}{suffix}", PROMPT, modality=modality)
        assert_same(read_json(tmp_path / "out" / f"{name}.json"), expected)


def test_masks_are_those_of_grounder(workflow, grounder, made_images, suffix, tmp_path):
    workflow(threshold=0.0).run()
    expected = grounder.ground(made_images / f"wide{suffix}", PROMPT, threshold=0.0)
    found = read_json(tmp_path / "out" / "wide.json")
    assert_same(found, expected)
    for mask, other in zip(found.phrase_masks, expected.phrase_masks, strict=True):
        assert (mask is None) == (other is None)
        if mask is not None:  # folded normalization changes last digits, and random masks lie close to their threshold
            assert np.mean(mask.decode() == other.decode()) > 0.999
    assert any(found.phrase_masks)


def test_images_of_a_table_are_asked_what_it_says(workflow, grounder, made_images, suffix, tmp_path, at_once):
    table, (wide, tall) = tmp_path / "jobs.csv", (made_images / f"{name}{suffix}" for name in ("wide", "tall"))
    rows = ["image,phrases,modality", f"{wide},heart,CT", f"{tall},,"]
    table.write_text("\n".join(rows), encoding="utf-8")
    workflow(datalist=[str(table)], batch_size=at_once).run()
    answers = [read_json(tmp_path / "out" / f"{name}.json") for name in ("wide", "tall")]
    assert_same(answers[0], grounder.ground(wide, "heart", modality="CT"))
    assert_same(answers[1], grounder.ground(tall, PROMPT))


def test_every_image_gets_its_answers_picture_and_masks(workflow, tmp_path):
    workflow().run()
    written = {path.name for path in (tmp_path / "out").iterdir()}
    endings = (".json", ".labels.json", ".nii.gz", ".png")
    assert written >= {f"{name}{ending}" for name in ("tall", "wide") for ending in endings}
    assert {name.partition(".")[0] for name in written} == {"tall", "wide"}


def test_the_images_themselves_are_never_overwritten(workflow, made_images, suffix):
    image = made_images / f"wide{suffix}"
    before = image.read_bytes()
    with pytest.raises(RuntimeError) as error:
        workflow(datalist=[str(image)], output_dir=str(made_images)).run()
    assert isinstance(error.value.__cause__, OutputError)
    assert image.read_bytes() == before


def test_the_body_region_rules_out_what_it_cannot_show(workflow, tmp_path):
    workflow(modality="CT", body_region="head", prompt=["heart"]).run()
    assert [status.value for status in read_json(tmp_path / "out" / "wide.json").status] == ["not applicable"]


def test_monai_finds_every_property_of_an_inference_bundle(workflow):
    assert workflow().check_properties() == []


def test_an_untrained_network_does_not_claim_the_weights(workflow, tmp_path):
    workflow(load_pretrain=False).run()
    assert "weights_sha256" not in read_json(tmp_path / "out" / "wide.json").provenance


def test_weights_of_another_version_are_refused_before_anything_is_asked(workflow, tiny_bundle, tmp_path):
    root = tmp_path / "bundle"
    (root / "models").mkdir(parents=True)
    for part in ("configs", *(f"models/{name}" for name in ("network.json", "operating_point.json", "text_encoder"))):
        (root / part).symlink_to(tiny_bundle / part)
    (root / "models" / "model.pt").write_bytes(b"damaged")
    with pytest.raises(RuntimeError) as error:
        workflow(bundle_root=str(root))
    assert isinstance(error.value.__cause__, WeightsError)


@pytest.fixture
def load_network(tmp_path, monkeypatch):
    """What `monai.bundle.load` makes of a bundle, asked from a folder that is not the bundle's."""
    monkeypatch.chdir(tmp_path)
    return lambda bundle: load(bundle.name, bundle_dir=str(bundle.parent), workflow_type="inference", device="cpu")


def test_monai_loads_every_weight_of_the_network(load_network, tiny_bundle):
    network = load_network(tiny_bundle)
    saved = torch.load(tiny_bundle / "models" / "model.pt", weights_only=True)
    assert network.state_dict().keys() == saved.keys()
    assert all(torch.equal(value, saved[key]) for key, value in network.state_dict().items())


def without_a_key(state):
    state.pop(next(iter(state)))


def with_another_key(state):
    state["added"] = torch.zeros(1)


@pytest.mark.parametrize("change", [without_a_key, with_another_key])
def test_missing_and_extra_weights_are_refused_when_monai_loads(load_network, tiny_bundle, tmp_path, change):
    changed = Path(shutil.copytree(tiny_bundle, tmp_path / tiny_bundle.name, symlinks=True))
    state = torch.load(tiny_bundle / "models" / "model.pt", weights_only=True)
    change(state)
    torch.save(state, changed / "models" / "model.pt")
    stamp_bundle(changed)  # so that the checksum is right
    with pytest.raises(RuntimeError) as error:
        load_network(changed)
    assert isinstance(error.value.__cause__, WeightsError)


def test_weights_that_fit_in_part_are_loaded_on_demand(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.json").write_text('{"load_pretrain": false}', encoding="utf-8")
    where = {"bundle_dir": str(tiny_bundle.parent), "workflow_type": "inference", "device": "cpu"}
    network = load(tiny_bundle.name, **where, args_file="other.json", net_override={"pixel_width": 8})
    saved = torch.load(tiny_bundle / "models" / "model.pt", weights_only=True)
    same = [key for key, value in network.state_dict().items() if value.shape == saved[key].shape]
    assert 0 < len(same) < len(saved)
    assert all(torch.equal(network.state_dict()[key], saved[key]) for key in same)


def test_monai_loads_the_committed_weights(load_network, bundle):
    network = load_network(bundle)
    image = torch.zeros(1, 3, *[64] * network.spatial_dims)
    with torch.inference_mode():
        # Grounder folds the normalization into the convolutions, which changes the last digits
        answer = Grounder(bundle, device="cpu").network(image)
        torch.testing.assert_close(network.eval()(image), answer, rtol=1e-3, atol=1e-3)


def test_the_bundle_of_a_configuration_is_found_through_the_workflow_only(workflow, tiny_bundle):
    assert workflow().bundle_root == str(tiny_bundle)
    assert config_root() == "."
