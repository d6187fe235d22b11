# SPDX-License-Identifier: Apache-2.0
"""A store of an image and a volume, of pictures with every kind of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.store import GroundingStore
from tests.phantoms import INDEX_COLUMNS, PhantomFolder, blocks, write_tsv, write_volume
from tests.store_of_folder import write_store


def store_with_a_volume(path: Path, *, volume: bool = True) -> GroundingStore:
    """Write it; the volume has negative numbers and one lesion of 27 voxels."""
    (path / "folder").mkdir()
    made = PhantomFolder(path / "folder", [{"value": 1, "label": "tumor", "level": "lesion"}])
    made.add_labelmap("image", blocks((20, 16), (1, np.s_[3:9, 4:12])))
    if volume:
        voxels = np.random.default_rng(1).integers(-1000, 1000, (9, 8, 7)).astype(np.int16)
        write_volume(made.path / "images" / "volume.nii.gz", voxels)
        write_volume(made.path / "masks" / "volume.nii.gz", blocks((9, 8, 7), (1, np.s_[2:5, 3:6, 1:4])))
        row = dict(made.rows[0]) | {"id": "volume", "patient": "volume", "modality": "CT", "width": "-", "height": "-"}
        row |= {"image": "images/volume.nii.gz", "annotation": "masks/volume.nii.gz"}
        shapes = [dict(made.rows[0]) | {"width": "20", "height": "16"}, row]
        write_tsv(made.path / "INDEX.tsv", INDEX_COLUMNS, shapes)
    return GroundingStore(write_store(GroundingFolder(made.path), path / "store"))
