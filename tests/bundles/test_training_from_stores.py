# SPDX-License-Identifier: Apache-2.0
"""The training configuration on a store and on shards of the phantoms: the same items, and a real step."""

from __future__ import annotations

import re

import pytest
import torch

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.store import GroundingStore, write_shards
from tests.bundles.conftest import tiny_words
from tests.store_of_folder import write_store


@pytest.fixture(params=["store", "shards"])
def stored_data(request, made_data, tmp_path):
    """The phantoms as a store, or in shards."""
    store = write_store(GroundingFolder(made_data), tmp_path / "store")
    if request.param == "store":
        return store
    write_shards(GroundingStore(store), tmp_path / "shards")
    return tmp_path / "shards"


@pytest.mark.slow
def test_the_trainer_trains_from_a_store_and_from_shards(bundle, tiny_bundle, stored_data, run_bundle, tmp_path):
    folders = ["--dataset_dir", stored_data, "--ckpt_dir", tmp_path / "models", "--output_dir", tmp_path / "eval"]
    process = run_bundle("--config_file", tiny_bundle / "configs/train.json", *folders, *tiny_words(bundle))
    assert re.search(r"Epoch.*loss=", process.stderr)
    state = torch.load(tmp_path / "models" / "model.pt", weights_only=True)
    assert all(torch.isfinite(tensor).all() for tensor in state.values() if tensor.is_floating_point())
