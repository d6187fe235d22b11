# SPDX-License-Identifier: Apache-2.0
"""From annotated images to the items of a MONAI data set: pixels, instance map and table of regions.

Everything here is the same in every epoch, so that MONAI's `CacheDataset` keeps it; what is drawn by chance follows in
`phrase_sampling`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from monai.data.meta_tensor import MetaTensor
from monai.transforms.transform import Transform

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.open_data import open_grounding_data
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.region_table import RegionRow, pack_regions
from monai_medglip.ontology.concept import Mirror
from monai_medglip.transforms.mirroring import strictest_mirror

__all__ = ["PERMISSIVE", "LoadGroundingd", "grounding_items"]

PERMISSIVE = "permissive"
"""The word that stands for all sources whose terms allow commercial use."""


def grounding_items(
    folder: GroundingData | str | Path, split: str | None = None, sources: Collection[str] | str | None = None
) -> RecordItems:
    """Give one item ``{"record": Record}`` per image, for MONAI's `Dataset` and `CacheDataset`.

    Args:
        folder: the data, or the path of a data folder, a store or shards.
        split: train, val or test; None for all.
        sources: keep these sources only; a word alone is one source, ``permissive`` all that are cleared for every use.

    Returns:
        The items in the order of the records.

    Raises:
        ConfigurationError: when no source is permissive.
        DataError: when the data break the rules of their form, or lack a source that was named.
    """
    opened = open_grounding_data(folder)
    if isinstance(sources, str):
        sources = opened.permissive_sources() if sources == PERMISSIVE else [sources]
    return RecordItems(opened.records(split, sources))


class RecordItems(Sequence[dict[str, Any]]):
    """Items of one record each, made when they are looked at: a store has a million of them.

    Args:
        records: the records.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> RecordItems: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | RecordItems:
        """Give one item, or some of them."""
        if isinstance(index, slice):
            return RecordItems(self.records[index])
        return {"record": self.records[index]}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give all items; a store reads its records faster in one go."""
        return ({"record": record} for record in self.records)


class LoadGroundingd(Transform):
    """Reads what a record names.

    Adds to the item:

    * ``image``: MetaTensor (C, x, y[, z]), integers as stored, else float32; its affine is the frame's, kept in its
      metadata as ``original_affine``;
    * ``instances``: MetaTensor (K, x, y[, z]) int16, regions by their id, see `pack_regions`;
    * ``region_table``: list of `RegionRow`; ``region_boxes``: their boxes, float32 (R, 2D) in voxel edges;
    * ``mirror``: the strictest `Mirror` of the image's regions; of all labels of the source where it has none.

    Args:
        folder: the data, or the path of a data folder, a store or shards.
    """

    def __init__(self, folder: GroundingData | str | Path) -> None:
        self.folder = open_grounding_data(folder)
        self._mirrors = {
            (source, rule.label): rule.mirror for source in self.folder.sources for rule in self.folder.labels(source)
        }

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with the image and its regions."""
        item = dict(data)
        record: Record = item["record"]
        scan = self.folder.read(record)
        regions = self.folder.regions(record)
        mirrors = [self._mirrors[record.source, region.concept] for region in regions]
        instances, table = pack_regions(regions, mirrors, record.shape)
        affine = torch.tensor(scan.frame.affine, dtype=torch.float64)
        item["image"] = _meta_tensor(_compact(scan.array), affine, str(record.image))
        item["instances"] = _meta_tensor(instances, affine, str(record.image))
        item["region_table"] = table
        item["region_boxes"] = _boxes(table, record.spatial_dims)
        item["mirror"] = strictest_mirror(mirrors or self._source_mirrors(record.source))
        return item

    def _source_mirrors(self, source: str) -> list[Mirror]:
        return [mirror for (own, _), mirror in self._mirrors.items() if own == source]


def _meta_tensor(array: np.ndarray[Any, Any], affine: torch.Tensor, name: str) -> MetaTensor:
    meta = {"original_affine": affine.clone(), "filename_or_obj": name}
    return MetaTensor(torch.tensor(np.ascontiguousarray(array)), affine=affine.clone(), meta=meta)


def _compact(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Keep uint8 and int16, which a cache holds at a quarter of the memory; torch has no arithmetic for uint16."""
    return array if array.dtype in (np.uint8, np.int16) else array.astype(np.float32)


def _boxes(table: list[RegionRow], dims: int) -> torch.Tensor:
    return torch.tensor([row.box for row in table], dtype=torch.float32).reshape(-1, 2 * dims)
