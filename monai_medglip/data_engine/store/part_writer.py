# SPDX-License-Identifier: Apache-2.0
"""Parts of a store: what one unit of a build found, written by itself, to be joined by `finish_store`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from monai_medglip.data_engine.label_rules import LabelRule
from monai_medglip.data_engine.record import Region
from monai_medglip.data_engine.store.rows import FindingRow, finding_row, record_row, region_row
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.table_writer import TableWriter
from monai_medglip.errors import DataError

__all__ = ["PART_TABLES", "Part", "PartWriter"]

PART_TABLES = ("records", "findings", "regions")
"""The tables of a part; the first is renamed last."""


@dataclass(frozen=True)
class Part:
    """Where a part lies: the files ``NAME.records.parquet``, ``NAME.regions.parquet`` and ``NAME.findings.parquet``.

    Args:
        folder: the folder of the parts.
        name: names the part; a build names it after its unit, so that a restart finds what is done.
    """

    folder: Path
    name: str

    def table(self, name: str) -> Path:
        """Give the path of one of the part's tables."""
        return self.folder / f"{self.name}.{name}.parquet"

    @property
    def is_complete(self) -> bool:
        """Whether all of the part was written: the file of records gets its name last."""
        return self.table("records").is_file()


class PartWriter:
    """Writes one part in memory that does not grow with it; same calls, same bytes.

    The part is complete when the ``with`` block ends without an error, and not there after one.

    Args:
        part: where to write.
        labels: the rules of all labels that the regions may have; they give the level of a region.

    Raises:
        OutputError: when the files cannot be written.

    Example::

        with PartWriter(Part(folder, "kits23-0007"), labels) as writer:
            for record, regions in ...:
                writer.add(record, regions)
            writer.add_finding(finding)
    """

    def __init__(self, part: Part, labels: Iterable[LabelRule]) -> None:
        self.part = part
        self._levels = {(rule.source, rule.label): rule.level.value for rule in labels}
        self._files = ExitStack()
        self._tables: dict[str, TableWriter] = {}
        self._records = 0
        self._regions = 0

    def __enter__(self) -> PartWriter:
        # Left in the reverse order: the records, entered first, get their name when the others have theirs.
        for name in PART_TABLES:
            table = TableWriter.open(name, partial(_only_path, self.part.table(name)))
            self._tables[name] = self._files.enter_context(table)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def add(self, record: StoredRecord, regions: Sequence[Region]) -> None:
        """Append an image and its regions; ``number`` and ``first_region`` of the record are not looked at.

        Raises:
            DataError: when a region has a label that the source has no rule for, or does not fit the image.
        """
        rows = [
            region_row(region, self._records, self._checked_level(record, region)) for region in regions
        ]  # all are checked before any is written
        for row in rows:
            self._tables["regions"].add(row)
        self._tables["records"].add(record_row(record, self._records, self._regions, len(rows)))
        self._records += 1
        self._regions += len(rows)

    def add_finding(self, finding: FindingRow) -> None:
        """Append what a check says."""
        self._tables["findings"].add(finding_row(finding))

    def _checked_level(self, record: StoredRecord, region: Region) -> str:
        level = self._levels.get((record.source, region.concept))
        if level is None:
            known = ", ".join(label for source, label in self._levels if source == record.source) or "none"
            raise DataError(
                f"{record.name}: expected regions of the labels of {record.source} ({known}), got {region.concept!r}; "
                "add a rule for it to the source's card"
            )
        if len(region.box) != 2 * len(record.shape):
            raise DataError(
                f"{record.name}: expected boxes of {2 * len(record.shape)} numbers in an image of shape "
                f"{record.shape}, got {region.box} of {region.concept!r}"
            )
        if region.mask is not None and region.mask.shape != record.shape:
            raise DataError(
                f"{record.name}: expected masks of the image's shape {record.shape}, got {region.mask.shape} "
                f"of {region.concept!r}"
            )
        return level


def _only_path(path: Path, _number: int) -> Path:
    return path
