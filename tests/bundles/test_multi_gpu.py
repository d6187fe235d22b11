# SPDX-License-Identifier: Apache-2.0
"""Training and evaluating with two processes on one machine, by gloo, as several GPUs would by nccl."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from monai_medglip.inference import Bundle
from tests.bundles.conftest import dimensions, tiny_words, write_data

pytestmark = pytest.mark.slow
RunProcesses = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def uneven_data(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images to train on and three to validate: neither can be halved."""
    splits = ["train"] * 5 + ["val"] * 3
    return write_data(tmp_path_factory.mktemp("uneven"), splits, dimensions(bundle))


@pytest.fixture(scope="module")
def run_processes(tmp_path_factory: pytest.TempPathFactory) -> RunProcesses:
    """``torch.distributed.run`` of some of a bundle's configurations in two processes."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(bundle: Path, names: list[str], *words: object) -> subprocess.CompletedProcess[str]:
        files = [str(bundle / "configs" / f"{name}.json") for name in names]
        start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "monai.bundle", "run"]
        command = [sys.executable, *start, "--config_file", repr(files), *tiny_words(bundle), *map(str, words)]
        process = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-6000:]
        return process

    return run


@pytest.fixture(scope="module")
def trained(trainable_bundle, uneven_data, run_processes):
    """The process of one epoch of two steps, and its bundle."""
    return run_processes(trainable_bundle, ["train", "multi_gpu_train"], "--dataset_dir", uneven_data), trainable_bundle


def score(folder: Path) -> float:
    """What an evaluation wrote."""
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        name, value = next(csv.reader(file))
    assert name == "grounding_score"
    return float(value)


@pytest.fixture
def evaluate_alone(run_bundle, uneven_data, tmp_path):
    """The score that one process gives the weights of a bundle."""

    def evaluate(bundle: Path) -> float:
        files = [str(bundle / "configs" / f"{name}.json") for name in ("train", "evaluate")]
        words = ["--dataset_dir", uneven_data, "--output_dir", tmp_path / "alone", *tiny_words(bundle)]
        run_bundle("--config_file", repr(files), *words)
        return score(tmp_path / "alone")

    return evaluate


def test_only_the_first_process_logs_and_saves(trained):
    process, bundle = trained
    assert process.stdout.count("Engine run finished") == 2  # the training's and its validation's
    assert len(list((bundle / "eval").glob("events.out.tfevents.*"))) == 1
    assert sorted(path.name for path in (bundle / "models").glob("*.pt")) == ["checkpoint_epoch=1.pt", "model.pt"]
    assert Bundle(bundle).metadata["weights_sha256"] == Bundle(bundle).weights_sha256


def test_weights_bear_the_names_that_one_process_gives_them(trained, tiny_bundle):
    saved, plain = (
        torch.load(bundle / "models" / "model.pt", weights_only=True) for bundle in (trained[1], tiny_bundle)
    )
    assert saved.keys() == plain.keys()
    assert not all(torch.equal(value, plain[name]) for name, value in saved.items())


def test_the_score_of_the_training_is_that_of_the_weights_that_were_saved(trained, evaluate_alone):
    process, bundle = trained
    told = re.findall(r"grounding_score: ([\d.]+)", process.stdout)
    assert float(told[-1]) == pytest.approx(evaluate_alone(bundle), abs=1e-4)


def test_two_processes_evaluate_to_the_score_of_one(tiny_bundle, uneven_data, tmp_path, run_processes, evaluate_alone):
    names, out = ["train", "evaluate", "multi_gpu_evaluate"], tmp_path / "two"
    run_processes(tiny_bundle, names, "--dataset_dir", uneven_data, "--output_dir", out)
    assert 0 < score(out) < 1
    # bfloat16 depends on the number of threads: a voxel at the border of a mask may fall the other way
    assert score(out) == pytest.approx(evaluate_alone(tiny_bundle), abs=1e-4)


def test_a_run_goes_on_at_the_epoch_where_it_stopped(trained, uneven_data, run_processes):
    _, bundle = trained
    process = run_processes(
        bundle, ["train", "multi_gpu_train"], "--dataset_dir", uneven_data, "--max_epochs", 2, "--val_interval", 2
    )
    assert "epoch 1 until 2 epochs" in process.stdout
    state = torch.load(bundle / "models" / "checkpoint_epoch=2.pt", weights_only=True)
    assert state["trainer"]["epoch_length"] * 2 == state["trainer"]["iteration"] == 4
