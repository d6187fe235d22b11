# SPDX-License-Identifier: Apache-2.0
"""Stores of millions of annotated images: Parquet tables to write, query and train from, and shards to stream.

The format is described in ``docs/reference/store-format.md``. What needs Arrow and DuckDB (the extra ``data``) or torch
is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from monai_medglip.data_engine.store.stored_record import SlicePlace, StoredRecord
from monai_medglip.data_engine.store.stored_source import StoredSource

if TYPE_CHECKING:
    from monai_medglip.data_engine.store.balanced_sampler import BalancedSampler
    from monai_medglip.data_engine.store.epoch_order import DrawnImages, EpochOrder
    from monai_medglip.data_engine.store.grounding_shards import GroundingShards
    from monai_medglip.data_engine.store.grounding_store import GroundingStore
    from monai_medglip.data_engine.store.grounding_stream import GroundingStream
    from monai_medglip.data_engine.store.part_writer import Part, PartWriter
    from monai_medglip.data_engine.store.resumable_loader import ResumableLoader
    from monai_medglip.data_engine.store.shard_writer import write_shards
    from monai_medglip.data_engine.store.store_copy import copy_store
    from monai_medglip.data_engine.store.store_writer import finish_store

_HOMES = {
    "BalancedSampler": "balanced_sampler",
    "DrawnImages": "epoch_order",
    "EpochOrder": "epoch_order",
    "GroundingShards": "grounding_shards",
    "GroundingStore": "grounding_store",
    "GroundingStream": "grounding_stream",
    "Part": "part_writer",
    "PartWriter": "part_writer",
    "ResumableLoader": "resumable_loader",
    "copy_store": "store_copy",
    "finish_store": "store_writer",
    "write_shards": "shard_writer",
}

__all__ = [
    "BalancedSampler",
    "DrawnImages",
    "EpochOrder",
    "GroundingShards",
    "GroundingStore",
    "GroundingStream",
    "Part",
    "PartWriter",
    "ResumableLoader",
    "SlicePlace",
    "StoredRecord",
    "StoredSource",
    "copy_store",
    "finish_store",
    "write_shards",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
