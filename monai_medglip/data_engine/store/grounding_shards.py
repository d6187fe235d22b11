# SPDX-License-Identifier: Apache-2.0
"""A set of shards as annotated images: pixels and regions of any record out of few large files.

The format is described in ``docs/reference/store-format.md``. It is written by `write_shards` only.
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.store.pixels import CODINGS, unpack_pixels
from monai_medglip.data_engine.store.shard_format import (
    PLACES,
    SHARDS_KIND,
    MemberPlaces,
    record_of_json,
    regions_of_json,
    shard_name,
)
from monai_medglip.data_engine.store.shard_reader import ShardReader
from monai_medglip.data_engine.store.stored_data import StoredData
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.stored_records import StoredRecords
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import ImageSource, Scan

__all__ = ["GroundingShards"]


class GroundingShards(StoredData):
    """Annotated images in tar files, for training that must not open a file for each image.

    It holds no open file until it is asked, so that it can be sent to worker processes.

    Args:
        path: the folder with ``manifest.json``.

    Raises:
        ConfigurationError: when the extra ``data`` is not installed.
        DataError: when the shards are incomplete, damaged, or of a later version.

    Example::

        shards = GroundingShards("built/shards")
        record = shards.records("train")[0]
        shards.read(record), shards.regions(record)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, SHARDS_KIND, path)
        self._places: npt.NDArray[np.int64] = np.load(self.path / PLACES, mmap_mode="r")
        self._reader = ShardReader(self.path)

    def shards_of(self, records: StoredRecords) -> npt.NDArray[np.int64]:
        """Give the number of the shard (N,) that each record lies in."""
        return np.asarray(self._places[records.numbers, 0])

    def record_at(self, number: int) -> StoredRecord:
        """Give the record at a position, from 0, out of the shard itself: its pixels are next to it."""
        place = self._place(number)
        facts = self._reader.bytes(place.shard, place.facts_at, place.facts_size)
        return record_of_json(facts, number, self.path / shard_name(place.shard))

    def regions(self, record: Record) -> tuple[Region, ...]:
        """Give the annotated regions of an image in its own pixels, in the order in which they were built.

        Raises:
            DataError: for a record of another collection, or a damaged shard.
        """
        own = self._own(record)
        place = self._place(own.number)
        return regions_of_json(self._reader.bytes(place.shard, place.facts_at, place.facts_size), own.shape)

    def read(self, record: Record) -> Scan:
        """Read the pixels of an image; the frame is the one that the store held.

        Raises:
            DataError: for a record of another collection, or a damaged shard.
        """
        own = self._own(record)
        place = self._place(own.number)
        try:
            array = unpack_pixels(
                CODINGS[place.coding], self._reader.bytes(place.shard, place.pixels_at, place.pixels_size)
            )
        except DataError as problem:
            raise DataError(f"{self.path / shard_name(place.shard)}: {own.name}: {problem}") from problem
        source = ImageSource(str(own.image))
        return Scan(array, own.frame, own.modality, source, own.body_region)

    def _place(self, number: int | None) -> MemberPlaces:
        return MemberPlaces(*self._places[number].tolist())
