# SPDX-License-Identifier: Apache-2.0
"""The records of a store, or some of them, made one by one when they are asked for; the columns of all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, overload

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.data_engine.store.stored_record import StoredRecord

__all__ = ["RecordTable", "StoredRecords"]


class RecordTable(Protocol):
    """Where records are kept by their numbers from 0."""

    def __len__(self) -> int: ...

    def record_at(self, number: int) -> StoredRecord:
        """Give one record."""

    def records_at(self, numbers: npt.NDArray[np.int64]) -> Iterator[StoredRecord]:
        """Give records in the order of their numbers (N,)."""

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of all records."""


class StoredRecords(Sequence[StoredRecord]):
    """Records by their numbers in a table.

    Args:
        table: where they are kept.
        numbers: (N,) which ones, in which order.
    """

    def __init__(self, table: RecordTable, numbers: npt.NDArray[np.int64]) -> None:
        self.numbers = numbers
        self._table = table

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> StoredRecord: ...

    @overload
    def __getitem__(self, index: slice) -> StoredRecords: ...

    def __getitem__(self, index: int | slice) -> StoredRecord | StoredRecords:
        """Give one record, or a part of them that is as lazy as the whole."""
        if isinstance(index, slice):
            return StoredRecords(self._table, self.numbers[index])
        return self._table.record_at(int(self.numbers[index]))

    def __iter__(self) -> Iterator[StoredRecord]:
        """Give all records; faster than one by one where they are in the order of the table."""
        return self._table.records_at(self.numbers)

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of these records without making them."""
        values = self._table.column(name)
        is_whole = len(self) == len(self._table) and bool((np.diff(self.numbers) == 1).all())
        return values if is_whole else values.take(self.numbers)
