# SPDX-License-Identifier: Apache-2.0
"""The train and evaluate configurations: properties, sources, and a run of each in a process of its own."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

from monai_medglip import Grounder
from monai_medglip.inference import Bundle
from tests.bundles.conftest import tiny_settings, tiny_words
from tests.phantoms import write_tsv


@pytest.fixture
def workflow(tiny_bundle: Path, made_data: Path, tmp_path: Path):
    """Makes the training workflow, with some keys changed; nothing is trained."""

    def make(*files: str, **keys) -> ConfigWorkflow:
        paths = [str(tiny_bundle / "configs" / f"{name}.json") for name in files or ("train",)]
        folders = {"dataset_dir": str(made_data), "ckpt_dir": str(tmp_path), "output_dir": str(tmp_path)}
        made = ConfigWorkflow(
            paths, logging_file=False, workflow_type="train", **{**tiny_settings(tiny_bundle), **folders, **keys}
        )
        made.initialize()
        return made

    return make


def test_monai_finds_every_property_of_a_training_bundle(workflow):
    assert workflow().check_properties() == []


def test_the_phantoms_source_is_not_cleared_for_every_use(workflow):
    with pytest.raises(RuntimeError) as error:
        _ = workflow(sources="permissive").train_dataset_data
    assert "card clears it for commercial use" in str(error.value.__cause__)


@pytest.fixture
def two_sources(made_data: Path, tmp_path: Path) -> Path:
    """The phantoms under the names of a source that is cleared and of one that is not."""
    folder = tmp_path / "two"
    folder.mkdir()
    names = ("hc18", "drive")
    for table, most in (("INDEX.tsv", None), ("LABELS.tsv", 1)):
        head, *lines = (made_data / table).read_text(encoding="utf-8").splitlines()
        columns = head.split("\t")
        rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[:most]]
        write_tsv(folder / table, columns, [{**row, "source": name} for name in names for row in rows])
    for part in ("images", "masks"):
        (folder / part).symlink_to(made_data / part)
    return folder


@pytest.mark.parametrize(
    ("chosen", "sources"),
    [(None, {"hc18", "drive"}), ("permissive", {"hc18"}), (["drive"], {"drive"}), ("drive", {"drive"})],
)
def test_one_key_chooses_the_sources(workflow, two_sources, chosen, sources):
    made = workflow(dataset_dir=str(two_sources), sources=chosen)
    for section in ("train", "validate"):
        items = made.parser.get_parsed_content(f"{section}#items")
        assert {item["record"].source for item in items} == sources
    assert len(made.parser.get_parsed_content("train#sampler").weights) == 4 * len(sources)


def test_evaluation_reads_the_chosen_split_and_no_other(workflow):
    made = workflow("train", "evaluate", split="test")
    items = made.parser.get_parsed_content("validate#items")
    assert {item["record"].split for item in items} == {"test"}


def test_evaluation_builds_no_optimizer_and_looks_for_no_image_weights(workflow):
    made = workflow("train", "evaluate", image_weights="nowhere")
    assert made.parser["image_weights"] == "nowhere"
    assert json.loads(json.dumps(made.parser["validate#evaluator#network"])) == "@network"


@pytest.fixture(scope="module")
def trained(bundle: Path, trainable_bundle: Path, made_data: Path, run_bundle):
    """A finished process of one epoch of two steps, and its bundle."""
    words = [
        "--dataset_dir",
        made_data,
        *tiny_words(bundle),
        "--tracking_uri",
        f"sqlite:///{trainable_bundle}/mlruns.db",
    ]
    process = run_bundle("--config_file", trainable_bundle / "configs/train.json", *words)
    return process, trainable_bundle


@pytest.mark.slow
def test_a_training_run_shows_its_progress_and_writes_curves(trained):
    process, bundle = trained
    assert re.search(r"Epoch.*loss=", process.stderr)
    assert len(list((bundle / "eval").glob("events.out.tfevents.*"))) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")  # of MLflow's tables
def test_a_training_run_is_tracked_by_mlflow(trained):
    from mlflow import MlflowClient

    _, bundle = trained
    client = MlflowClient(f"sqlite:///{bundle}/mlruns.db")
    (run,) = client.search_runs([client.get_experiment_by_name("medglip").experiment_id])
    assert (run.info.run_name, run.info.status) == (bundle.name, "FINISHED")
    assert {"loss", "alignment", "lr_group_0", "grounding_score"} <= set(run.data.metrics)
    assert {"batch_size": "2", "max_epochs": "1", "dtype": "float32"}.items() <= run.data.params.items()


@pytest.mark.slow
def test_a_training_run_ends_with_weights_that_the_bundle_can_be_used_with(trained, made_images, suffix):
    _, bundle = trained
    state = torch.load(bundle / "models" / "model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in state.values())
    assert Bundle(bundle).metadata["weights_sha256"] == Bundle(bundle).weights_sha256
    assert Grounder(bundle, device="cpu").ground(made_images / f"wide{suffix}", "heart").phrases[0].text == "heart"


@pytest.mark.slow
def test_the_evaluation_of_a_run_gives_the_score_that_its_best_weights_were_chosen_by(trained, made_data, run_bundle):
    process, bundle = trained
    files = [str(bundle / "configs" / f"{name}.json") for name in ("train", "evaluate")]
    evaluated = run_bundle("--config_file", repr(files), "--dataset_dir", made_data, *tiny_words(bundle))
    assert f"Restored all variables from {bundle / 'models' / 'model.pt'}" in evaluated.stdout
    with (bundle / "eval" / "metrics.csv").open(encoding="utf-8") as file:
        name, value = next(csv.reader(file))
    assert name == "grounding_score"
    told = re.findall(r"grounding_score: ([\d.]+)", process.stdout)
    assert float(value) == pytest.approx(float(told[-1]), abs=1e-4)


@pytest.mark.slow
def test_inference_runs_as_a_command_from_any_folder(tiny_bundle, made_images, tmp_path, run_bundle):
    config, out = tiny_bundle / "configs" / "inference.json", tmp_path / "out"
    words = ["--dataset_dir", made_images, "--prompt", "['heart','left lung']", "--output_dir", out]
    process = run_bundle("--config_file", config, *words)
    assert {path.name for path in out.glob("*.png")} == {"wide.png", "tall.png"}
    assert "Images" in process.stderr
