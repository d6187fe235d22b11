# SPDX-License-Identifier: Apache-2.0
"""The one way to open annotated images for training and evaluation, in whichever form they are kept."""

from __future__ import annotations

import os
from pathlib import Path

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.grounding_folder import GroundingFolder
from monai_medglip.data_engine.store.manifest import MANIFEST
from monai_medglip.errors import DataError

__all__ = ["open_grounding_data"]


def open_grounding_data(data: GroundingData | str | os.PathLike[str]) -> GroundingData:
    """Open a data folder, a built store or a set of shards; data that are open already are given back.

    Args:
        data: a folder with INDEX.tsv, or the folder of a store or of shards with ``manifest.json``.

    Raises:
        ConfigurationError: for a store, when the extra ``data`` is not installed.
        DataError: when there is no such folder, or it breaks the rules of its form.
    """
    if not isinstance(data, (str, os.PathLike)):
        return data
    path = Path(data)
    if not path.is_dir():
        raise DataError(f"{path}: expected a data folder, a store or shards, there is no such folder; correct the path")
    if not (path / MANIFEST).exists():
        return GroundingFolder(path)
    from monai_medglip.data_engine.store.open_stored import open_stored  # Arrow is an extra

    return open_stored(path)
