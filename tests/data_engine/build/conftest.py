# SPDX-License-Identifier: Apache-2.0
"""A small data set in the form of a data folder, with one broken image, that builds in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
from monai_medglip.data_engine.cards import source_card
from tests.phantoms import PhantomFolder, write_grey

SALT = "a salt that no build uses"


@pytest.fixture
def polyps(tmp_path: Path) -> Path:
    """Twelve noisy images of a source that has a card, one of which cannot be read."""
    folder = tmp_path / "Bilder mit Ümläut und 空格"
    folder.mkdir()
    labels = [{"source": "kvasir_seg", "value": 1, "label": "polyp", "level": "lesion", "instances": "components"}]
    made = PhantomFolder(folder, labels)
    chance = np.random.default_rng(0)
    for number in range(12):
        pixels = np.zeros((48, 40))
        pixels[5 : 15 + number, 5:20] = 1
        cells = {"source": "kvasir_seg", "modality": "ES", "patient": f"Müller, Anna {number % 5}"}
        cells["split"] = ("train", "test")[number % 5 == 0]
        made.add_labelmap(f"image {number}", pixels, **cells)
        write_grey(folder / "images" / f"image {number}.png", chance.integers(0, 255, (48, 40)))
    (folder / "images" / "image 7.png").write_bytes(b"broken")
    return folder


@pytest.fixture
def plan(polyps: Path) -> BuildPlan:
    return BuildPlan((PlannedSource(source_card("kvasir_seg"), polyps),), SALT, unit_size=3)
