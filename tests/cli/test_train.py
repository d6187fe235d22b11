# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_medglip.cli.main import main
from monai_medglip.inference import Bundle
from tests.phantoms import PhantomFolder, blocks

# One step of the smallest batch, here and now.
SHORT = ["epoch_length=1", "batch_size=2", "num_workers=0", "train#dataset#num_workers=0", "canvas=[64, 64]"]
SHORT += ["val_interval=1", "image_weights=null", "device=cpu", "dtype=float32"]


@pytest.fixture
def data(tmp_path):
    """Three patients with a heart each."""
    (tmp_path / "data").mkdir()
    made = PhantomFolder(tmp_path / "data", [{"value": 1, "label": "heart", "mirror": "fixed"}])
    for number, split in enumerate(["train", "train", "val"]):
        made.add_labelmap(f"p{number}", blocks((60, 44), (1, np.s_[5:30, 8:30])), split=split)
    return tmp_path / "data"


def train(bundle, data, out, *settings, words=()):
    changes = [word for setting in settings for word in ("--set", setting)]
    return main(["train", "--bundle", str(bundle), "--data", str(data), "--out", str(out), *words, *changes])


def test_it_trains_into_a_bundle_and_goes_on_where_it_stopped(tiny_bundle, data, tmp_path, capsys):
    out = tmp_path / "mine"
    assert train(tiny_bundle, data, out, *SHORT, "max_epochs=1") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"weights: {out / 'models' / 'model.pt'}"
    assert train(tiny_bundle, data, out, *SHORT, "max_epochs=2") == 0
    assert "epoch 1 until 2 epochs" in capsys.readouterr().out
    assert (out / "models" / "checkpoint_epoch=2.pt").is_file()
    trained = Bundle(out).load_network().state_dict()
    before = Bundle(tiny_bundle).load_network().state_dict()
    assert not all(torch.equal(trained[name], before[name]) for name in before)
    assert Bundle(out).metadata["weights_sha256"] == Bundle(out).weights_sha256


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("max_epoch=3", "did you mean 'max_epochs'?"),
        ("train#trainer#max_epoch=3", "did you mean 'train::trainer::max_epochs'?"),
        ("max_epochs=many", "expected a value like"),
        ("dataset_dir=elsewhere", "expected 'dataset_dir' to be given as --data"),
        ("tracking_uri=mlruns", "expected tracking_uri to be sqlite:///FILE or the address of a server, got 'mlruns'"),
        ("tracking_uri=file:///mlruns", "MLflow keeps no runs in folders any more"),
    ],
)
def test_a_wrong_setting_is_a_message(setting, message, tiny_bundle, data, tmp_path, capsys):
    assert train(tiny_bundle, data, tmp_path / "mine", setting) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_tracking_without_mlflow_is_a_message(tiny_bundle, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert train(tiny_bundle, data, tmp_path / "mine", "tracking_uri=sqlite:///runs.db") == 1
    assert "pip install monai_medglip[mlflow]" in capsys.readouterr().err


def test_missing_data_are_a_message(tiny_bundle, tmp_path, capsys):
    assert train(tiny_bundle, tmp_path / "nowhere", tmp_path / "mine") == 1
    assert "nowhere: expected a data folder, a store or shards, there is no such folder" in capsys.readouterr().err


def test_data_without_a_train_split_are_a_message(tiny_bundle, repository, tmp_path, capsys):
    assert train(tiny_bundle, repository / "examples", tmp_path / "mine") == 1
    assert "expected images of the split 'train', there are none" in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_a_message(data, tmp_path, capsys):
    assert train(tmp_path, data, tmp_path / "mine") == 1
    assert "expected a bundle with a training configuration at" in capsys.readouterr().err


def test_missing_image_weights_are_a_message(tiny_bundle, data, tmp_path, capsys):
    assert train(tiny_bundle, data, tmp_path / "mine", words=["--image-weights", str(tmp_path / "no.pt")]) == 1
    assert "expected image weights at" in capsys.readouterr().err


def test_an_error_inside_the_configuration_comes_through(tiny_bundle, data, tmp_path, capsys):
    assert train(tiny_bundle, data, tmp_path / "mine", *SHORT, "text_encoder=nowhere/at all") == 1
    assert "nowhere/at all" in capsys.readouterr().err.splitlines()[-1]


def test_help_says_that_the_stock_command_accepts_anything(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--help"])
    assert "accepts any key and any value" in capsys.readouterr().out
