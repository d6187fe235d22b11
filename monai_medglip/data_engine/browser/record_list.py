# SPDX-License-Identifier: Apache-2.0
"""Which images of a collection a person wants to see: by concept, source, modality, split and finding, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from monai_medglip.data_engine.data_tables import DataTables
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.errors import DataError
from monai_medglip.ontology import Ontology

__all__ = ["PAGE_SIZE", "RecordFilter", "RecordList"]

PAGE_SIZE = 24
"""Images on a page."""


@dataclass(frozen=True)
class RecordFilter:
    """What the images have in common; None: anything.

    Attributes:
        concept: a region's concept; its kinds and parts count too.
        source: the data set.
        modality: kind of imaging.
        split: train, val or test.
        check: a check of quality control that found something.
    """

    concept: str | None = None
    source: str | None = None
    modality: str | None = None
    split: str | None = None
    check: str | None = None


class RecordList:
    """The images as rows.

    Args:
        tables: of the collection.
        findings: what was found in it besides what the tables say.
        ontology: the concepts.
    """

    def __init__(self, tables: DataTables, findings: Sequence[Finding], ontology: Ontology) -> None:
        self._tables = tables
        self._ontology = ontology
        told = [*_stored_findings(tables), *findings]
        self._findings = self._by_record(tuple(dict.fromkeys(told)))

    def choices(self) -> dict[str, list[dict[str, Any]]]:
        """Give what can be chosen for each word of a filter, with the number of images."""
        columns = {
            name: self._counted(f"SELECT {name}, count(*) FROM records GROUP BY 1 ORDER BY 1")
            for name in ("source", "modality", "split")
        }
        checks = Counter(check for own in self._findings.values() for check in {finding.check for finding in own})
        return {
            **columns,
            "concept": self._concepts(),
            "check": [{"name": check, "count": count} for check, count in sorted(checks.items())],
        }

    def page(self, chosen: RecordFilter, page: int) -> dict[str, Any]:
        """Give one page of images.

        Args:
            chosen: what they have in common.
            page: from 0; one behind the last is empty.

        Returns:
            ``total``, the number of images on all pages, and ``records``, the rows of this page.
        """
        condition, parameters = self._condition(chosen)
        total = self._tables.query(f"SELECT count(*) AS n FROM records WHERE {condition}", parameters)["n"][0].as_py()
        rows = self._tables.query(
            "SELECT number, source, id, modality, split, shape, region_count AS regions "
            f"FROM records WHERE {condition} ORDER BY number LIMIT {PAGE_SIZE} OFFSET ?",
            [*parameters, page * PAGE_SIZE],
        ).to_pylist()
        for row in rows:
            row["findings"] = len(self.findings(row["number"]))
        return {"total": total, "page_size": PAGE_SIZE, "records": rows}

    def findings(self, number: int) -> Sequence[Finding]:
        """Give what was found in an image."""
        return self._findings.get(number, ())

    def _condition(self, chosen: RecordFilter) -> tuple[str, list[object]]:
        conditions, parameters = ["true"], list[object]()
        for name in ("source", "modality", "split"):
            if (value := getattr(chosen, name)) is not None:
                conditions.append(f"{name} = ?")
                parameters.append(value)
        if chosen.concept is not None:
            conditions.append("number IN (SELECT record FROM regions WHERE concept IN (SELECT unnest(?)))")
            parameters.append(self._with_narrower(chosen.concept))
        if chosen.check is not None:
            conditions.append("number IN (SELECT unnest(?::BIGINT[]))")
            found = (number for number, own in self._findings.items() if chosen.check in {f.check for f in own})
            parameters.append(sorted(found))
        return " AND ".join(conditions), parameters

    def _with_narrower(self, name: str) -> list[str]:
        """A concept with all that is one or part of one; a label that is no concept alone."""
        found = [name]
        for one in found:
            if one in self._ontology:
                near = (*self._ontology.children(one), *self._ontology.parts(one))
                found += [other for other in near if other not in found]
        return found

    def _concepts(self) -> list[dict[str, Any]]:
        """The labels that are drawn and all wider concepts; only labels have a number of their own."""
        drawn = self._counted("SELECT concept, count(DISTINCT record) FROM regions GROUP BY 1 ORDER BY 1")
        names = {row["name"] for row in drawn}
        wider: set[str] = set()
        waiting = [name for name in names if name in self._ontology]
        while waiting:
            concept = self._ontology[waiting.pop()]
            fresh = {*concept.is_a, *concept.part_of} - wider - names
            wider |= fresh
            waiting += fresh
        return [*drawn, *({"name": name, "count": None} for name in sorted(wider))]

    def _counted(self, sql: str) -> list[dict[str, Any]]:
        table = self._tables.query(sql)
        names, counts = (table.column(place).to_pylist() for place in range(2))
        return [{"name": name, "count": count} for name, count in zip(names, counts, strict=True)]

    def _by_record(self, findings: Sequence[Finding]) -> dict[int, list[Finding]]:
        """Findings by the number of their image; those of a whole source belong to none."""
        own: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.record is not None:
                own.setdefault(f"{finding.source}/{finding.record}", []).append(finding)
        sql = "SELECT number, source || '/' || id AS name FROM records WHERE source || '/' || id IN (SELECT unnest(?))"
        rows = self._tables.query(sql, [list(own)]).to_pylist() if own else []
        if own and not rows:
            raise DataError(f"expected findings of these images, got findings of others, such as {next(iter(own))}")
        return {row["number"]: own[row["name"]] for row in rows}


def _stored_findings(tables: DataTables) -> Iterator[Finding]:
    columns = 'stage, "check", source, record, reason, waived_by, region'
    for row in tables.query(f"SELECT {columns} FROM findings WHERE record IS NOT NULL").to_pylist():
        yield Finding(**{**row, "stage": Stage(row["stage"])})
