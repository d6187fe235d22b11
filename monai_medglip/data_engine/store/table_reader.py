# SPDX-License-Identifier: Apache-2.0
"""Reading rows and columns of one table of a store; knows Parquet files, not what the columns mean."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.store.arrow import pa, pq

__all__ = ["TableReader"]

_KEPT_GROUPS = 8


class TableReader:
    """A table in one or several Parquet files; the last row groups that were looked at stay decoded.

    Files are mapped into memory and opened when first needed, so that a reader may be pickled and forked.

    Args:
        paths: the files in the order of their rows.
        rows: the number of rows of each file.
    """

    def __init__(self, paths: Sequence[Path], rows: Sequence[int]) -> None:
        self._paths = tuple(paths)
        self._ends = tuple(accumulate(rows))
        self._files: dict[int, tuple[pq.ParquetFile, tuple[int, ...]]] = {}
        self._groups: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files and decoded rows behind."""
        return {**self.__dict__, "_files": {}, "_groups": OrderedDict()}

    def column(self, name: str) -> pa.ChunkedArray:
        """Give all values of a column."""
        return self.columns([name]).column(0)

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Give all rows of some columns."""
        return pa.concat_tables([self._file(i)[0].read(columns=list(names)) for i in range(len(self._paths))])

    def groups(self) -> Iterator[pa.Table]:
        """Give all rows, row group by row group."""
        for number in range(len(self._paths)):
            file, ends = self._file(number)
            for group in range(len(ends)):
                yield file.read_row_group(group, use_threads=False)

    def rows(self, start: int, stop: int) -> pa.Table:
        """Give the rows from ``start`` to before ``stop``."""
        tables = []
        while start < stop:
            group, first = self._group_of(start)
            tables.append(group.slice(start - first, stop - start))
            start = first + group.num_rows
        return pa.concat_tables(tables) if tables else self._file(0)[0].schema_arrow.empty_table()

    def _group_of(self, row: int) -> tuple[pa.Table, int]:
        """Give the row group that holds a row, and the number of its first row."""
        number = bisect_right(self._ends, row)
        begin = self._ends[number - 1] if number else 0
        file, ends = self._file(number)
        group = bisect_right(ends, row - begin)
        key = (number, group)
        if key not in self._groups:
            self._groups[key] = file.read_row_group(group, use_threads=False)
            if len(self._groups) > _KEPT_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(key)
        return self._groups[key], begin + (ends[group - 1] if group else 0)

    def _file(self, number: int) -> tuple[pq.ParquetFile, tuple[int, ...]]:
        """Give a file and the ends of its row groups."""
        if number not in self._files:
            file = pq.ParquetFile(self._paths[number], memory_map=True)
            sizes = (file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))
            self._files[number] = (file, tuple(accumulate(sizes)))
        return self._files[number]
