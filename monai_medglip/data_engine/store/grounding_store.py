# SPDX-License-Identifier: Apache-2.0
"""A built store: opened at once however large it is, looked into by name, by filter and in SQL, and trained from.

The format is described in ``docs/reference/store-format.md``. It is written by `finish_store` only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.slice_records import volume_plane
from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.data_engine.store.image_roots import ImageRoot
from monai_medglip.data_engine.store.schema import SCHEMAS
from monai_medglip.data_engine.store.store_queries import StoreQueries
from monai_medglip.data_engine.store.store_writer import STORE_KIND
from monai_medglip.data_engine.store.stored_data import StoredData
from monai_medglip.data_engine.store.stored_records import StoredRecords
from monai_medglip.data_engine.store.values import regions_of_table
from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.imaging.scan import Scan

__all__ = ["GroundingStore"]


class GroundingStore(StoredData):
    """A store of annotated images.

    It holds no open connection until it is asked, so that it can be sent to worker processes.

    Args:
        path: the folder with ``manifest.json``.
        image_root: the folder of the images, or one for each source; None takes those of ``roots.json``.

    Raises:
        ConfigurationError: when the extra ``data`` is not installed.
        DataError: when the store is incomplete, damaged, or of a later version.

    Example::

        store = GroundingStore("built")
        store.query("SELECT modality, count(*) FROM records GROUP BY modality")
        record = store.record_by_id("kits23", "case_00001")
        store.read(record), store.regions(record)
    """

    def __init__(
        self, path: str | os.PathLike[str], *, image_root: ImageRoot | Mapping[str, ImageRoot] | None = None
    ) -> None:
        super().__init__(path, STORE_KIND, image_root)
        self._regions = self._table("regions")
        files = {name: [self.path / file.path for file in self.manifest.files[name]] for name in SCHEMAS}
        self._queries = StoreQueries(files)

    def select(self, condition: str, parameters: Sequence[object] = ()) -> StoredRecords:
        """Give the records for which a condition of SQL on the table ``records`` holds, in their order.

        Args:
            condition: what stands after WHERE, such as ``modality = ? AND region_count > 0``.
            parameters: values for the question marks.

        Raises:
            DataError: when the condition cannot be answered.
        """
        answer = self.query(f"SELECT number FROM records WHERE {condition} ORDER BY number", parameters)
        return StoredRecords(self, answer["number"].to_numpy())

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Give the answer to one SELECT about ``records, regions, labels, sources, findings`` as an Arrow table.

        Raises:
            DataError: when it is no SELECT, or cannot be answered.
        """
        return self._queries.ask(sql, parameters)

    def regions(self, record: Record) -> tuple[Region, ...]:
        """Give the annotated regions of an image in its own pixels, in the order in which they were built.

        Raises:
            DataError: for a record of another collection.
        """
        own = self._own(record)
        rows = self._regions.rows(own.first_region, own.first_region + own.region_count)
        return tuple(regions_of_table(rows, own.shape))

    def read(self, record: Record) -> Scan:
        """Read the pixels of an image; the frame is the one that the store holds.

        Raises:
            DataError: when the image cannot be read, or is not the one that was built from.
        """
        own = self._own(record)
        try:
            scan = own.pixels.read(own.image)
            if own.slice_place is not None:
                scan = volume_plane(scan, own.slice_place.axis, own.slice_place.index)
        except MedGLIPError as problem:
            raise DataError(f"{self.path}: {own.name}: {problem}; see roots.json") from problem
        if scan.spatial_shape != own.shape:
            raise DataError(
                f"{own.image}: expected an image of {own.shape} as the store says of {own.name}, "
                f"got {scan.spatial_shape}; was it replaced after the build?"
            )
        return replace(scan, frame=own.frame, modality=own.modality, body_region=own.body_region)
