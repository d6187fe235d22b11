# SPDX-License-Identifier: Apache-2.0
"""Annotated images for Hugging Face datasets; `hugging_face_store` is the way back.

The folder is what the Hub takes and `datasets.load_dataset` opens: Parquet files for each split, with the pixels in
them, and a README.md that names them and is the data card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.grounding_folder import SPLITS
from monai_medglip.data_engine.interchange.data_card import data_card
from monai_medglip.data_engine.interchange.hugging_face_schema import (
    KINDS,
    TABLES,
    pixel_features,
    pixels_of_row,
    row_of_record,
)
from monai_medglip.data_engine.interchange.portable_pixels import portable_pixels
from monai_medglip.data_engine.new_folder import new_folder
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.source_terms import source_terms
from monai_medglip.data_engine.store.arrow import pa, pq
from monai_medglip.data_engine.store.rows import label_row, source_row
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.data_engine.store.table_writer import table_from_rows
from monai_medglip.errors import DataError

__all__ = ["write_hugging_face"]

_FILE_BYTES = 256 << 20
_GROUP_ROWS, _GROUP_BYTES = 64, 32 << 20
"""Rows of a Parquet row group and bytes of their pixels, which are held in memory; whichever is reached first."""


def write_hugging_face(data: GroundingData, target: Path, *, sources: Sequence[str] | None = None) -> int:
    """Write images, volumes and their regions for `datasets.load_dataset`.

    Args:
        data: a data folder, a store or shards.
        target: the folder, which must not be there.
        sources: which ones to write; None for all.

    Returns:
        The number of images and volumes.

    Raises:
        ConfigurationError: when the extra ``interchange`` is not installed.
        DataError: when there is no image, or one cannot be read.
        OutputError: when the target is there already or cannot be written; nothing is left behind then.
    """
    records = data.records(sources=sources)
    if not records:
        raise DataError(f"{data.path}: expected at least one image to export, got none")
    features = {kind: pixel_features(kind) for kind in KINDS.values()}
    with new_folder(target) as folder:
        files = {
            kind: [split for split in SPLITS if _write_split(data, folder, kind, split, sources, features[kind])]
            for kind in KINDS.values()
        }
        chosen = data.sources if sources is None else sources
        labels = [label_row(rule) for source in chosen for rule in data.labels(source)]
        pq.write_table(table_from_rows("labels", labels), folder / "labels.parquet")
        stored = [source_row(_stored_source(data, source)) for source in chosen]
        pq.write_table(table_from_rows("sources", stored), folder / "sources.parquet")
        card = data_card(data, name=target.name, sources=sources, configs=_configs(files))
        (folder / "README.md").write_text(card, encoding="utf-8")
    return len(records)


def _write_split(
    data: GroundingData, folder: Path, kind: str, split: str, sources: Sequence[str] | None, features: Any
) -> bool:
    """Write the images or the volumes of a split; give whether there is one."""
    records = (record for record in data.records(split, sources) if KINDS[record.spatial_dims] == kind)
    rows = (_row(data, record) for record in records)
    schema, number = features.arrow_schema, 0
    while _write_file(folder / kind / f"{split}-{number:05d}.parquet", rows, schema):
        number += 1
    return number > 0


def _write_file(path: Path, rows: Iterator[dict[str, Any]], schema: pa.Schema) -> bool:
    """Write rows until the file is large enough; give whether there was one."""
    group = _next_group(rows)
    if not group:
        return False
    path.parent.mkdir(exist_ok=True)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group:
            writer.write_table(pa.Table.from_pylist(group, schema))
            full = path.stat().st_size >= _FILE_BYTES
            group = [] if full else _next_group(rows)
    return True


def _next_group(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    group: list[dict[str, Any]] = []
    size = 0
    for row in islice(rows, _GROUP_ROWS):
        group.append(row)
        size += len(pixels_of_row(row)[1])
        if size >= _GROUP_BYTES:
            break
    return group


def _row(data: GroundingData, record: Record) -> dict[str, Any]:
    scan = data.read(record)
    return row_of_record(record, scan, data.regions(record), portable_pixels(scan, record.image))


def _stored_source(data: GroundingData, source: str) -> StoredSource:
    terms = source_terms(data, source)
    return StoredSource(data.facts(source), terms.license, terms.commercial_use, terms.citation, terms.home)


def _configs(splits: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Give the tables as the card's first lines name them to `datasets.load_dataset`."""
    pixels = [
        {
            "config_name": kind,
            "data_files": [{"split": split, "path": f"{kind}/{split}-*.parquet"} for split in found],
        }
        for kind, found in splits.items()
        if found
    ]
    others = [{"config_name": name, "data_files": [{"split": "all", "path": f"{name}.parquet"}]} for name in TABLES]
    return [*pixels, *others]
