# SPDX-License-Identifier: Apache-2.0
"""Where the files of a table lie in a store or beside shards, and their entries in the manifest."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from monai_medglip.data_engine.store.arrow import pq
from monai_medglip.data_engine.store.manifest import StoreFile
from monai_medglip.data_engine.store.schema import ROWS_PER_FILE
from monai_medglip.data_engine.store.table_writer import TableWriter

__all__ = ["open_table", "table_files"]


def open_table(folder: Path, name: str) -> AbstractContextManager[TableWriter]:
    """Begin a table below a folder."""
    return TableWriter.open(name, partial(_path, folder, name), rows_per_file=ROWS_PER_FILE.get(name))


def table_files(folder: Path, table: TableWriter) -> list[StoreFile]:
    """Give the entries of a finished table's files."""
    return [StoreFile.of(folder, path, rows=pq.read_metadata(path).num_rows) for path in table.paths]


def _path(folder: Path, name: str, number: int) -> Path:
    return folder / name / f"{number:05d}.parquet"
