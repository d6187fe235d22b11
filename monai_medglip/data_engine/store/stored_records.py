# SPDX-License-Identifier: Apache-2.0
"""The records of a store, or some of them, made one by one when they are asked for; the columns of all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.data_engine.store.schema import ROWS_PER_GROUP
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.table_reader import TableReader
from monai_medglip.data_engine.store.values import record_of_row

__all__ = ["StoredRecords"]


class StoredRecords(Sequence[StoredRecord]):
    """Records by their numbers in a table.

    Args:
        table: the table of records.
        image_path: gives the path of the pixels from source and uri.
        numbers: (N,) which rows, in which order; None for all.
    """

    def __init__(
        self,
        table: TableReader,
        image_path: Callable[[str, str], Path],
        numbers: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self.numbers = np.arange(len(table)) if numbers is None else numbers
        self._table = table
        self._image_path = image_path

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> StoredRecord: ...

    @overload
    def __getitem__(self, index: slice) -> StoredRecords: ...

    def __getitem__(self, index: int | slice) -> StoredRecord | StoredRecords:
        """Give one record, or a part of them that is as lazy as the whole."""
        if isinstance(index, slice):
            return StoredRecords(self._table, self._image_path, self.numbers[index])
        number = int(self.numbers[index])
        return self._record(self._table.rows(number, number + 1).to_pylist()[0])

    def __iter__(self) -> Iterator[StoredRecord]:
        """Give all records, decoding each row group once where they stand in its order."""
        for group, numbers in groupby(self.numbers.tolist(), key=lambda number: number // ROWS_PER_GROUP):
            start = group * ROWS_PER_GROUP
            rows = self._table.rows(start, min(start + ROWS_PER_GROUP, len(self._table)))
            places = np.fromiter(numbers, np.int64) - start
            yield from map(self._record, rows.take(places).to_pylist())

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of these records without making them."""
        values = self._table.column(name)
        is_whole = len(self) == len(self._table) and bool((np.diff(self.numbers) == 1).all())
        return values if is_whole else values.take(self.numbers)

    def _record(self, row: dict[str, object]) -> StoredRecord:
        return record_of_row(row, self._image_path(str(row["source"]), str(row["uri"])))
