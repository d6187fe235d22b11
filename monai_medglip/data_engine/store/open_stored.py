# SPDX-License-Identifier: Apache-2.0
"""Opening a folder with a manifest as what its manifest says it is."""

from __future__ import annotations

from pathlib import Path

from monai_medglip.data_engine.store.grounding_shards import GroundingShards
from monai_medglip.data_engine.store.grounding_store import GroundingStore
from monai_medglip.data_engine.store.manifest import kind_of
from monai_medglip.data_engine.store.shard_format import SHARDS_KIND

__all__ = ["open_stored"]


def open_stored(path: Path) -> GroundingStore | GroundingShards:
    """Open a store or a set of shards.

    Raises:
        DataError: when it is neither, or is incomplete, damaged or of a later version.
    """
    return GroundingShards(path) if kind_of(path) == SHARDS_KIND else GroundingStore(path)
