# SPDX-License-Identifier: Apache-2.0
"""Counting by questions in SQL, each answered in one pass over the columns that it needs; no record is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monai_medglip.data_engine.data_tables import DataTables
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.source_terms import source_terms
from monai_medglip.data_engine.statistics.data_statistics import (
    SIZE_BINS_PER_DECADE,
    ConceptCount,
    DataStatistics,
    RecordCount,
    SourceCount,
)
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Level

__all__ = ["collect_statistics"]

_RECORDS = """
SELECT source, modality, len(shape) AS dims, split, count(*) AS records
FROM records GROUP BY ALL ORDER BY ALL"""
_PATIENTS = "SELECT source, count(*) AS records, count(DISTINCT patient) AS patients FROM records GROUP BY source"
_BODY_REGIONS = "SELECT body_region, count(*) AS records FROM records GROUP BY ALL ORDER BY records DESC, body_region"
# By source and concept first: the large table is read once for all that is told of sources, concepts and levels.
_LABELS = """
SELECT source, modality, concept, level, count(*) AS regions, count(DISTINCT record) AS records
FROM regions JOIN records ON record = number WHERE NOT ignored GROUP BY ALL ORDER BY ALL"""
_MASKS = "SELECT count(mask) FILTER (NOT ignored) AS masks, count(*) FILTER (ignored) AS specks FROM regions"
_PER_RECORD = """
SELECT count, count(*) AS records FROM (
  SELECT region_count - coalesce(specks, 0) AS count FROM records LEFT JOIN (
    SELECT record, count(*) AS specks FROM regions WHERE ignored GROUP BY record
  ) ON record = number
) GROUP BY count ORDER BY count"""
_SHARES = f"""
SELECT dims, least(floor({SIZE_BINS_PER_DECADE} * log10(share)), -1)::INT AS bin, count(*) AS regions FROM (
  SELECT len(shape) AS dims, (x_hi - x_lo) / shape[1] * (y_hi - y_lo) / shape[2]
    * CASE WHEN len(shape) = 3 THEN (z_hi - z_lo) / shape[3] ELSE 1 END AS share
  FROM regions JOIN records ON record = number WHERE NOT ignored
) WHERE share > 0 GROUP BY ALL ORDER BY ALL"""
# The affine is told row by row; the length of a column is that of a voxel's side.
_SIDE = "({axis}_hi - {axis}_lo) * sqrt(affine[{0}]**2 + affine[{1}]**2 + affine[{2}]**2)"
_SIDES = ", ".join(_SIDE.format(n + 1, n + 5, n + 9, axis=axis) for n, axis in enumerate("xyz"))
_LENGTHS = f"""
SELECT dims, floor({SIZE_BINS_PER_DECADE} * log10(side))::INT AS bin, count(*) AS regions FROM (
  SELECT len(shape) AS dims, greatest({_SIDES}) AS side
  FROM regions JOIN records ON record = number WHERE NOT ignored AND spacing_known AND affine IS NOT NULL
) WHERE side > 0 GROUP BY ALL ORDER BY ALL"""
_FINDINGS = """
SELECT stage, "check", count(*) AS findings FROM findings WHERE waived_by IS NULL GROUP BY ALL ORDER BY findings DESC"""


def collect_statistics(data: GroundingData, tables: DataTables) -> DataStatistics:
    """Count what a collection consists of.

    Args:
        data: the images, which tell the terms of their sources.
        tables: the same as tables, see `data_tables`.

    Raises:
        DataError: when the tables cannot be read.
    """
    labels = list(_rows(tables, _LABELS))
    (parts,) = _rows(tables, _MASKS)
    return DataStatistics(
        records=tuple(
            RecordCount(row["source"], Modality(row["modality"]), row["dims"], row["split"], row["records"])
            for row in _rows(tables, _RECORDS)
        ),
        sources=_sources(data, list(_rows(tables, _PATIENTS)), labels),
        concepts=_concepts(labels),
        levels=_levels(labels),
        body_regions={row["body_region"]: row["records"] for row in _rows(tables, _BODY_REGIONS)},
        masks=parts["masks"],
        specks=parts["specks"],
        shares=_by_dims(_rows(tables, _SHARES)),
        lengths_mm=_by_dims(_rows(tables, _LENGTHS)),
        per_record={row["count"]: row["records"] for row in _rows(tables, _PER_RECORD)},
        findings={(row["stage"], row["check"]): row["findings"] for row in _rows(tables, _FINDINGS)},
    )


Row = Mapping[str, Any]


def _rows(tables: DataTables, sql: str) -> Iterator[Row]:
    rows: list[Row] = tables.query(sql).to_pylist()
    return iter(rows)


def _sources(data: GroundingData, counted: list[Row], labels: list[Row]) -> tuple[SourceCount, ...]:
    regions: dict[str, int] = {}
    concepts: dict[str, set[str]] = {}
    for row in labels:
        regions[row["source"]] = regions.get(row["source"], 0) + row["regions"]
        concepts.setdefault(row["source"], set()).add(row["concept"])
    counts = [
        SourceCount(
            name=name,
            records=row["records"],
            patients=row["patients"],
            regions=regions.get(name, 0),
            concepts=len(concepts.get(name, ())),
            terms=source_terms(data, name),
        )
        for row in counted
        for name in [row["source"]]
    ]
    return tuple(sorted(counts, key=lambda count: (-count.regions, count.name)))


def _concepts(labels: list[Row]) -> tuple[ConceptCount, ...]:
    by_name: dict[str, list[Row]] = {}
    for row in labels:
        by_name.setdefault(row["concept"], []).append(row)
    counts = [
        ConceptCount(
            name=name,
            level=Level(own[0]["level"]),
            regions=sum(row["regions"] for row in own),
            records=sum(row["records"] for row in own),
            sources=len({row["source"] for row in own}),
        )
        for name, own in by_name.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.regions, count.name)))


def _levels(labels: list[Row]) -> dict[tuple[Modality, Level], int]:
    counts: dict[tuple[Modality, Level], int] = {}
    for row in labels:
        key = (Modality(row["modality"]), Level(row["level"]))
        counts[key] = counts.get(key, 0) + row["regions"]
    return counts


def _by_dims(rows: Iterator[Row]) -> dict[int, dict[int, int]]:
    counts: dict[int, dict[int, int]] = {}
    for row in rows:
        counts.setdefault(row["dims"], {})[row["bin"]] = row["regions"]
    return counts
