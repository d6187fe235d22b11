# SPDX-License-Identifier: Apache-2.0
"""Annotated images of any form as tables to ask in SQL: a store has them, of a folder they are made in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.quality.collection_report import UNREADABLE
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.errors import MedGLIPError
from monai_medglip.readers import read_frame

if TYPE_CHECKING:
    from monai_medglip.data_engine.store.arrow import pa
    from monai_medglip.data_engine.store.rows import Row

__all__ = ["DataTables", "data_tables"]

Progress = Callable[[Sequence[Record]], Iterable[Record]]


class DataTables(Protocol):
    """The tables ``records, regions, labels, sources, findings`` of ``docs/reference/store-format.md``."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Give the answer to one SELECT as an Arrow table.

        Args:
            sql: the question; ``?`` stands for the parameters.
            parameters: values for the question marks.

        Raises:
            DataError: when it is no SELECT, or cannot be answered.
        """


def data_tables(data: GroundingData, *, progress: Progress = iter) -> DataTables:
    """Give the tables of a store as they are, and those of other data made in memory.

    For the latter all annotations are read once. One that cannot be read leaves its record without regions and gives a
    row of ``findings``. The number of a record is its position in ``data.records()``.

    Args:
        data: the images.
        progress: what the records go through while tables are made, such as a progress bar.

    Raises:
        ConfigurationError: when the extra ``data`` is not installed.
    """
    from monai_medglip.data_engine.store.grounding_store import GroundingStore  # Arrow is an extra

    return data if isinstance(data, GroundingStore) else _TablesInMemory(data, progress)


class _TablesInMemory:
    """The tables of data that have none."""

    def __init__(self, data: GroundingData, progress: Progress) -> None:
        from monai_medglip.data_engine.store.rows import finding_row, label_row, record_row, region_row, source_row
        from monai_medglip.data_engine.store.schema import SCHEMAS
        from monai_medglip.data_engine.store.store_queries import StoreQueries
        from monai_medglip.data_engine.store.stored_source import StoredSource
        from monai_medglip.data_engine.store.table_writer import table_from_rows

        rules = [rule for source in data.sources for rule in data.labels(source)]
        levels = {(rule.source, rule.label): rule.level.value for rule in rules}
        rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
        rows["labels"] = [label_row(rule) for rule in rules]
        rows["sources"] = [source_row(StoredSource(data.facts(source))) for source in data.sources]
        for number, record in enumerate(progress(data.records())):
            stored, regions, finding = _looked_at(data, record)
            rows["records"].append(record_row(stored, number, len(rows["regions"]), len(regions)))
            rows["regions"] += [region_row(one, number, levels[record.source, one.concept]) for one in regions]
            rows["findings"] += [] if finding is None else [finding_row(finding)]
        self._queries = StoreQueries({name: table_from_rows(name, own) for name, own in rows.items()})

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        return self._queries.ask(sql, parameters)


def _looked_at(data: GroundingData, record: Record) -> tuple[StoredRecord, tuple[Region, ...], Finding | None]:
    """A record with its place, its regions, and what is wrong when they cannot be read."""
    try:
        return _stored(data, record, is_readable=True), data.regions(record), None
    except MedGLIPError as error:
        finding = Finding(Stage.FILES, UNREADABLE, record.source, record.id, str(error))
        return _stored(data, record, is_readable=False), (), finding


def _stored(data: GroundingData, record: Record, *, is_readable: bool) -> StoredRecord:
    """A record of a folder as a store would keep it; its file is opened only where its spacing means something."""
    if isinstance(record, StoredRecord):
        return record
    facts = data.facts(record.source)
    frame = read_frame(record.image) if is_readable and facts.spacing_known else None
    return StoredRecord(
        id=record.id,
        source=record.source,
        modality=record.modality,
        body_region=record.body_region,
        image=record.image,
        patient=record.patient,
        split=record.split,
        shape=record.shape,
        uri=record.image.relative_to(data.path).as_posix(),
        affine=None if frame is None else tuple(frame.affine[:3].ravel().tolist()),
        known_axes=frozenset() if frame is None else frame.known_axes & facts.known_axes,
        spacing_known=frame is not None and frame.spacing_known,
    )
