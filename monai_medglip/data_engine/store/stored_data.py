# SPDX-License-Identifier: Apache-2.0
"""What a store and a set of shards have in common: records, labels and sources in tables, found by number or name."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.cards.terms import CommercialUse
from monai_medglip.data_engine.label_rules import LabelRule, SourceFacts
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.store.arrow import pa, pc
from monai_medglip.data_engine.store.id_index import ID_INDEX, IdIndex
from monai_medglip.data_engine.store.image_roots import ImageRoot, ImageRoots
from monai_medglip.data_engine.store.manifest import MANIFEST, Manifest
from monai_medglip.data_engine.store.schema import ROWS_PER_GROUP, SCHEMA_VERSION
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.stored_records import StoredRecords
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.data_engine.store.table_reader import TableReader
from monai_medglip.data_engine.store.values import label_of_row, record_of_row, source_of_row
from monai_medglip.errors import ConfigurationError, DataError

__all__ = ["StoredData"]

_DECODED_TOGETHER = ROWS_PER_GROUP["records"]


class StoredData:
    """Annotated images in a folder with a manifest; how regions and pixels are stored, its subclasses know.

    Attributes:
        path: the folder.
        manifest: what it consists of.
    """

    def __init__(
        self, path: str | os.PathLike[str], kind: str, image_root: ImageRoot | Mapping[str, ImageRoot] | None
    ) -> None:
        self.path = Path(path)
        self.manifest = Manifest.read(self.path, kind, SCHEMA_VERSION)
        self._roots = ImageRoots(self.path, image_root)
        self._records = self._table("records")
        self._ids = IdIndex.open(self.path / ID_INDEX)
        self._rules: dict[str, tuple[LabelRule, ...]] = {}
        for row in self._table("labels").rows(0, self.manifest.counts["labels"]).to_pylist():
            self._rules[row["source"]] = (*self._rules.get(row["source"], ()), label_of_row(row))
        rows = self._table("sources").rows(0, self.manifest.counts["sources"]).to_pylist()
        self._sources = {row["source"]: source_of_row(row) for row in rows}

    def __len__(self) -> int:
        return self.manifest.counts["records"]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources that have images, in the order of the records."""
        return tuple(self._records.column("source").unique().to_pylist())

    def records(self, split: str | None = None, sources: Collection[str] | None = None) -> StoredRecords:
        """Give the records, of one split and of some sources only if asked; made when they are looked at.

        Raises:
            DataError: for a split or a source that is not there.
        """
        for source in sources or ():
            if source not in self.sources:
                raise DataError(f"{self.path}: expected one of the sources {', '.join(self.sources)}, got {source!r}")
        chosen = np.ones(len(self), bool)
        if split is not None:
            chosen &= self._is_in("split", [split])
            if split not in ("train", "val", "test"):
                raise DataError(f"expected one of the splits train, val, test, got {split!r}")
        if sources is not None:
            chosen &= self._is_in("source", list(sources))
        return StoredRecords(self, np.flatnonzero(chosen))

    def record_at(self, number: int) -> StoredRecord:
        """Give the record at a position, from 0."""
        row = self._records.rows(number, number + 1).to_pylist()[0]
        return record_of_row(row, self._roots.path(row["source"], row["uri"]))

    def records_at(self, numbers: npt.NDArray[np.int64]) -> Iterator[StoredRecord]:
        """Give records by their numbers (N,), in that order; neighbors are decoded together."""
        for group, members in groupby(numbers.tolist(), key=lambda number: number // _DECODED_TOGETHER):
            start = group * _DECODED_TOGETHER
            rows = self._records.rows(start, min(start + _DECODED_TOGETHER, len(self)))
            for row in rows.take(np.fromiter(members, np.int64) - start).to_pylist():
                yield record_of_row(row, self._roots.path(row["source"], row["uri"]))

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of the table of records, see ``docs/reference/store-format.md``."""
        return self._records.column(name)

    def record_by_id(self, source: str, id_: str) -> StoredRecord:
        """Give the record of a name.

        Raises:
            DataError: when there is none.
        """
        for number in self._ids.candidates(source, id_):
            record = self.record_at(number)
            if (record.source, record.id) == (source, id_):
                return record
        raise DataError(f"{self.path}: expected an image {id_!r} of source {source!r}, there is none")

    def labels(self, source: str) -> tuple[LabelRule, ...]:
        """Give the rules of a source's labels.

        Raises:
            DataError: for a source without labels.
        """
        if source not in self._rules:
            raise DataError(f"{self.path}: expected one of the sources {', '.join(self._rules)}, got {source!r}")
        return self._rules[source]

    def facts(self, source: str) -> SourceFacts:
        """Give what is known of a source; nothing, where the store does not list it."""
        return self._sources[source].facts if source in self._sources else SourceFacts(source)

    def source(self, name: str) -> StoredSource:
        """Give what is known of a source, with its terms and whom to cite.

        Raises:
            DataError: when the store does not list it.
        """
        if name not in self._sources:
            raise DataError(f"{self.path}: expected one of the sources {', '.join(self._sources)}, got {name!r}")
        return self._sources[name]

    def permissive_sources(self) -> list[str]:
        """Give the sources whose terms allow commercial use, as the table of sources says.

        Raises:
            ConfigurationError: when there is none.
        """
        cleared = [name for name in self.sources if self.source(name).commercial_use is CommercialUse.YES]
        if not cleared:
            raise ConfigurationError(
                f"{self.path}: expected at least one source whose terms allow commercial use, there is none; "
                "name the sources to use instead of 'permissive'"
            )
        return cleared

    def damaged_files(self) -> list[str]:
        """Give the files whose bytes are not those that were written; reads all of them."""
        return self.manifest.damaged_files(self.path)

    def _table(self, name: str) -> TableReader:
        files = self.manifest.files[name]
        return TableReader([self.path / file.path for file in files], [file.rows for file in files])

    def _is_in(self, column: str, values: list[str]) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = pc.is_in(self._records.column(column), value_set=pa.array(values)).to_numpy()
        return found

    def _own(self, record: Record) -> StoredRecord:
        if not isinstance(record, StoredRecord) or record.number is None:
            raise DataError(f"{self.path}: expected a record of this store, got {record.name} of another collection")
        return record

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.manifest.counts.items())
        return f"{type(self).__name__}({str(self.path / MANIFEST)!r}: {counts})"
