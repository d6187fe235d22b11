# SPDX-License-Identifier: Apache-2.0
"""Writing one table of a store into Parquet files of bounded size and the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.store.arrow import pa, pq
from monai_medglip.data_engine.store.rows import Row
from monai_medglip.data_engine.store.schema import (
    ENCODINGS,
    ROWS_PER_GROUP,
    SCHEMAS,
    UNIQUE_COLUMNS,
    USUAL_ROWS_PER_GROUP,
)

__all__ = ["TableWriter", "table_from_rows"]


def table_from_rows(name: str, rows: Iterable[Row]) -> pa.Table:
    """Give rows, each in the order of the columns, as an Arrow table of the schema ``name``."""
    schema = SCHEMAS[name]
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


class TableWriter:
    """Takes rows or tables and writes full row groups; holds one row group in memory.

    Made by `open`.

    Attributes:
        name: the table.
        row_count: the rows that were added so far.
        paths: the files so far.
    """

    def __init__(self, name: str, path_of: Callable[[int], Path], files: ExitStack, rows_per_file: int | None) -> None:
        self.name = name
        self.row_count = 0
        self.paths: list[Path] = []
        self._path_of = path_of
        self._file = files
        self._rows_per_file = rows_per_file
        self._group_rows = ROWS_PER_GROUP.get(name, USUAL_ROWS_PER_GROUP)
        self._in_file = 0
        self._rows: list[Row] = []
        self._waiting = SCHEMAS[name].empty_table()
        self._writer: pq.ParquetWriter | None = None

    @classmethod
    @contextmanager
    def open(
        cls, name: str, path_of: Callable[[int], Path], *, rows_per_file: int | None = None
    ) -> Iterator[TableWriter]:
        """Begin a table; every file appears under its name when it is full or the block ends without an error.

        Args:
            name: the table, see `SCHEMAS`.
            path_of: gives the path of the n-th file, counted from 0.
            rows_per_file: begin the next file after so many rows, a multiple of a row group; None for a single file.

        Raises:
            OutputError: when a file cannot be written; the one that was begun is removed.
        """
        with ExitStack() as files:
            writer = cls(name, path_of, files, rows_per_file)
            yield writer
            writer._finish()

    def add(self, row: Row) -> None:
        """Append a row."""
        self._rows.append(row)
        self.row_count += 1
        if len(self._rows) == self._group_rows:
            self._write_waiting()

    def add_table(self, table: pa.Table) -> None:
        """Append the rows of a table of this schema."""
        self.row_count += table.num_rows
        self._write_waiting(table)

    def _write_waiting(self, table: pa.Table | None = None, *, is_end: bool = False) -> None:
        """Write what waits, and then the rows of ``table``, in whole groups; at the end also what is less than one."""
        tables = [self._waiting, table_from_rows(self.name, self._rows)]
        waiting = pa.concat_tables(tables if table is None else [*tables, table])
        self._rows, start = [], 0
        while waiting.num_rows - start >= (1 if is_end else self._group_rows):
            self._write_group(waiting.slice(start, self._group_rows))
            start += self._group_rows
        self._waiting = waiting.slice(start)

    def _finish(self) -> None:
        self._write_waiting(is_end=True)
        if not self.paths:
            self._begin_file()  # an empty table is a file too

    def _write_group(self, group: pa.Table) -> None:
        writer = self._writer or self._begin_file()
        writer.write_table(group, row_group_size=self._group_rows)
        self._in_file += group.num_rows
        if self._in_file == self._rows_per_file:
            self._writer = None
            self._file.close()

    def _begin_file(self) -> pq.ParquetWriter:
        path = self._path_of(len(self.paths))
        temporary = self._file.enter_context(atomic_file(path))
        encodings = ENCODINGS.get(self.name, {})
        repeating = [name for name in SCHEMAS[self.name].names if name not in (*encodings, *UNIQUE_COLUMNS)]
        self._writer = self._file.enter_context(
            pq.ParquetWriter(
                temporary,
                SCHEMAS[self.name],
                compression="zstd",
                use_dictionary=_leaves(self.name, repeating),
                column_encoding=dict(encodings),
            )
        )
        self.paths.append(path)
        self._in_file = 0
        return self._writer


def _leaves(name: str, columns: list[str]) -> list[str]:
    """Give the columns by the paths that Parquet has for them: a list and a map hold their values one level down."""
    paths = []
    for column in columns:
        kind = SCHEMAS[name].field(column).type
        if pa.types.is_map(kind):
            paths += [f"{column}.key_value.key", f"{column}.key_value.value"]
        else:
            paths.append(f"{column}.list.element" if pa.types.is_list(kind) else column)
    return paths
