# SPDX-License-Identifier: Apache-2.0
"""From the parts that a build wrote to a store: one numbering, files of bounded size, an index, and the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.label_rules import LabelRule
from monai_medglip.data_engine.store.arrow import pa, pq
from monai_medglip.data_engine.store.id_index import ID_INDEX, IdIndex, id_keys
from monai_medglip.data_engine.store.image_roots import ImageRoot, write_roots
from monai_medglip.data_engine.store.manifest import MANIFEST, Manifest, StoreFile
from monai_medglip.data_engine.store.part_writer import Part
from monai_medglip.data_engine.store.rows import FindingRow, Row, finding_row, label_row, source_row
from monai_medglip.data_engine.store.schema import SCHEMA_VERSION, SCHEMAS
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.data_engine.store.table_files import open_table, table_files
from monai_medglip.data_engine.store.table_reader import TableReader
from monai_medglip.data_engine.store.table_writer import TableWriter
from monai_medglip.errors import DataError, OutputError

__all__ = ["STORE_KIND", "Revision", "finish_store"]

STORE_KIND = "grounding-store"
"""What the manifest of a store calls it."""

Revision = Callable[[pa.Table], pa.Table]
"""Takes some rows of records and gives those that stay, in the same order; it may change them, but not ``number``,
``first_region`` and ``region_count``. Regions of records that are left out are left out too."""


def finish_store(
    target: Path,
    parts: Sequence[Part],
    *,
    labels: Iterable[LabelRule],
    sources: Iterable[StoredSource],
    roots: Mapping[str, ImageRoot],
    findings: Iterable[FindingRow] = (),
    revise: Revision = lambda records: records,
) -> Manifest:
    """Join parts into a store; memory grows by 16 bytes per record only, and same parts give the same bytes.

    Args:
        target: folder of the store; the manifest is written last, without it the folder is no store.
        parts: the parts in the order that their records shall have.
        labels: the rules of the labels of all sources.
        sources: the data sets that the records come from.
        roots: the folder that the ``uri`` of a source's images starts from; one that is not absolute starts from the
            store.
        findings: what was found beyond single parts; they follow those of the parts.
        revise: leaves records out, or changes them, such as their split.

    Returns:
        The manifest as written.

    Raises:
        DataError: when a part is incomplete or two records have one name.
        OutputError: when a store is there already, or it cannot be written.
    """
    if (target / MANIFEST).exists():
        raise OutputError(f"{target}: expected a folder without a store, there is one; remove it or name another")
    with ExitStack() as stack:
        tables = {name: stack.enter_context(open_table(target, name)) for name in SCHEMAS}
        _add_all(tables["labels"], map(label_row, labels))
        _add_all(tables["sources"], map(source_row, sources))
        keys = [part_keys for part in parts for part_keys in _append(tables, part, revise)]
        _add_all(tables["findings"], map(finding_row, findings))
    files = {name: table_files(target, table) for name, table in tables.items()}
    index = IdIndex.of_keys(np.concatenate([np.empty(0, np.uint64), *keys]))
    _check_names(tables["records"], index)
    index.write(target / ID_INDEX)
    files["ids"] = [StoreFile.of(target, target / ID_INDEX)]
    write_roots(target, roots)
    manifest = Manifest(STORE_KIND, SCHEMA_VERSION, {name: t.row_count for name, t in tables.items()}, files)
    manifest.write(target)
    return manifest


def _add_all(table: TableWriter, rows: Iterable[Row]) -> None:
    for row in rows:
        table.add(row)


def _append(tables: Mapping[str, TableWriter], part: Part, revise: Revision) -> Iterator[npt.NDArray[np.uint64]]:
    """Append a part and give the hashes of the names of its records."""
    if not part.is_complete:
        raise DataError(f"{part.table('records')}: expected a complete part, it is not there; build it again")
    first_record, first_region = tables["records"].row_count, tables["regions"].row_count
    kept = []
    for group in _part_groups(part, "records"):
        records = revise(group)
        kept.append(records["number"].to_numpy())
        yield id_keys(zip(records["source"].to_pylist(), records["id"].to_pylist(), strict=True))
        counts = records["region_count"].to_numpy().astype(np.int64)
        ends = first_region + np.cumsum(counts)
        records = _with_column(records, "number", tables["records"].row_count + np.arange(len(records)))
        tables["records"].add_table(_with_column(records, "first_region", ends - counts))
        first_region += int(counts.sum())
    numbers = np.concatenate([np.empty(0, np.int64), *kept])
    for group in _part_groups(part, "regions"):
        _append_regions(tables["regions"], group, numbers, first_record)
    for group in _part_groups(part, "findings"):
        tables["findings"].add_table(group)
    if tables["regions"].row_count != first_region:
        raise DataError(f"{part.table('regions')}: expected as many regions as the records count; build it again")


def _part_groups(part: Part, name: str) -> Iterator[pa.Table]:
    path = part.table(name)
    return TableReader([path], [pq.read_metadata(path).num_rows]).groups()


def _append_regions(table: TableWriter, regions: pa.Table, kept: npt.NDArray[np.int64], first_record: int) -> None:
    """Append the regions of those records of a part that are kept, under the records' new numbers."""
    records = regions["record"].to_numpy()
    at = np.searchsorted(kept, records)
    stays = np.isin(records, kept)
    table.add_table(_with_column(regions, "record", first_record + at).filter(pa.array(stays)))


def _with_column(table: pa.Table, name: str, values: npt.NDArray[np.int64]) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values, pa.int64()))


def _check_names(table: TableWriter, index: IdIndex) -> None:
    """Refuse two records of one name; different names with one hash are fine."""
    records = TableReader(table.paths, [pq.read_metadata(path).num_rows for path in table.paths])
    for pair in index.equal_neighbors():
        names = [
            (row["source"][0].as_py(), row["id"][0].as_py())
            for row in (records.rows(number, number + 1) for number in pair)
        ]
        if names[0] == names[1]:
            raise DataError(f"expected every id once in a source, {'/'.join(names[0])} is there twice")
