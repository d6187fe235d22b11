# SPDX-License-Identifier: Apache-2.0
"""A store with boxes, masks, ignored specks, JPEG and grey pictures of two sources, and one with a volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.store import GroundingStore
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_store

LABELS = [
    {"value": 1, "label": "left lung", "mirror": "swap", "level": "organ"},
    {"value": 2, "label": "nodule", "level": "lesion", "instances": "components", "parent": "left lung"},
    {"source": "busi", "value": 1, "label": "breast lesion", "level": "lesion", "instances": "boxes"},
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> GroundingFolder:
    """Six images of one source with masks, one of them a JPEG with EXIF, and one of another with boxes."""
    made = PhantomFolder(tmp_path_factory.mktemp("Bilder ä 空"), LABELS, facts={"body_region": "chest"})
    lung, spots = (1, np.s_[0:20, 0:20]), [(2, np.s_[x : x + 4, 22:27]) for x in (2, 10)]
    speck = (2, np.s_[30:33, 4:6])
    for number in range(6):
        split = {4: "val", 5: "test"}.get(number, "train")
        regions = [lung, *spots, speck][: number if number < 5 else 0]
        made.add_labelmap(f"image {number}", blocks((40, 30), *regions), split=split)
    made.add_boxes("boxes", [("1", 1, 2, 5, 6), ("1", 3.25, 4, 9.5, 29.75)], source="busi", modality="US")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40), np.uint8))
    exif = Image.Exif()
    exif[0x010E] = "Müller^Anna 19560312"
    picture.save(made.path / "images" / "image 1.png", format="JPEG", quality=90, exif=exif, comment=b"Anna")
    return GroundingFolder(made.path)


@pytest.fixture(scope="session")
def store(folder: GroundingFolder, tmp_path_factory: pytest.TempPathFactory) -> GroundingStore:
    """The folder's store."""
    return GroundingStore(write_store(folder, tmp_path_factory.mktemp("stores") / "store"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder that is not there yet, whose name is not ASCII."""
    return tmp_path / "Ausgabe ü 空"
