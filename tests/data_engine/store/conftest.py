# SPDX-License-Identifier: Apache-2.0
"""A data folder of images and volumes of our making, and the store that was written from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.store import GroundingShards, GroundingStore, write_shards
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_store

LABELS = [
    {"value": 1, "label": "left lung", "mirror": "swap", "level": "organ"},
    {"value": 2, "label": "nodule", "level": "lesion", "instances": "components", "parent": "left lung"},
]


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> GroundingFolder:
    """Seven images of 40 x 30, one of them a JPEG, with no, one and several regions."""
    made = PhantomFolder(tmp_path_factory.mktemp("made folder ä"), LABELS, facts={"body_region": "chest"})
    lung, spots = (1, np.s_[0:20, 0:20]), [(2, np.s_[x : x + 3, 24:28]) for x in (2, 10, 30)]
    for number in range(6):
        split = {4: "val", 5: "test"}.get(number, "train")
        regions = [lung, *spots][: number if number < 5 else 0]
        made.add_labelmap(f"image {number}", blocks((40, 30), *regions), split=split)
    made.add_boxes("boxes", [("1", 1, 2, 5, 6), ("2", 3, 4, 9, 30)], split="val")
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40), np.uint8)
    Image.fromarray(pixels).save(made.path / "images" / "image 1.png", format="JPEG", quality=90)
    return GroundingFolder(made.path)


@pytest.fixture(scope="session")
def store_path(made_folder: GroundingFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder's store."""
    return write_store(made_folder, tmp_path_factory.mktemp("stores") / "store")


@pytest.fixture
def store(store_path: Path) -> GroundingStore:
    """The store, opened anew."""
    return GroundingStore(store_path)


@pytest.fixture(scope="session")
def shards_path(store_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store's images in shards of two or three images."""
    target = tmp_path_factory.mktemp("shards") / "shards"
    write_shards(GroundingStore(store_path), target, shard_bytes=6000)
    return target


@pytest.fixture
def shards(shards_path: Path) -> GroundingShards:
    """The shards, opened anew."""
    return GroundingShards(shards_path)
