# SPDX-License-Identifier: Apache-2.0
"""Croissant metadata of a store, as JSON-LD: its files with checksums, its tables with their columns, and its terms."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from monai_medglip import __version__
from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.source_terms import source_terms
from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.data_engine.store.manifest import MANIFEST
from monai_medglip.data_engine.store.schema import SCHEMAS
from monai_medglip.data_engine.store.stored_data import StoredData
from monai_medglip.errors import ConfigurationError

__all__ = ["CROISSANT", "write_croissant"]

CROISSANT = "croissant.json"
"""The file's name in the folder of the store; the manifest does not count it."""

_PARQUET = "application/x-parquet"

_TABLES = {
    "records": "One row per image; its pixels stay with their source.",
    "regions": "One row per region; 'record' is the number of its image, the box is in voxel edges.",
    "labels": "What the labels of a source mean.",
    "sources": "The data sets, with their terms and what to cite.",
    "findings": "What the checks of the build found.",
}


def write_croissant(store: StoredData, *, name: str) -> Path:
    """Write the metadata into the folder of the store; older metadata are written over.

    Columns of lists are repeated fields; maps of words are left out, since Croissant has no form for them.

    Args:
        store: a store, or shards, whose tables are then described.
        name: what the set is called.

    Returns:
        The file.

    Raises:
        ConfigurationError: when the extra ``interchange`` is not installed, or mlcroissant finds the metadata wrong.
        OutputError: when it cannot be written.
    """
    try:
        import mlcroissant
    except ImportError as error:
        raise ConfigurationError(
            f"expected the library mlcroissant, but {error}; pip install 'monai_medglip[interchange]'"
        ) from error
    terms = [source_terms(store, source) for source in store.sources]
    tables = [table for table in _TABLES if table in store.manifest.files]
    built = datetime.fromtimestamp((store.path / MANIFEST).stat().st_mtime, timezone.utc)
    try:
        metadata = mlcroissant.Metadata(
            name=name,
            description=_description(store),
            license=sorted({one.license or "unknown" for one in terms}),
            cite_as="\n".join(dict.fromkeys(one.citation for one in terms if one.citation)) or None,
            date_published=built,
            version=f"{store.manifest.schema_version}.0.0",
            distribution=[part for table in tables for part in _files(mlcroissant, table, store)],
            record_sets=[_record_set(mlcroissant, table) for table in tables],
            personal_sensitive_information=["Patients are keyed hashes; headers of the images are not copied."],
            data_limitations=["An image without a label lacks the thing only where its source is exhaustive for it."],
        )
        content = metadata.to_json()
    except mlcroissant.ValidationError as error:
        raise ConfigurationError(f"expected metadata that mlcroissant takes, but {error}") from error
    target = store.path / CROISSANT
    with atomic_file(target) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def _description(store: StoredData) -> str:
    counts = store.manifest.counts
    regions = f" with {counts['regions']} regions" if "regions" in counts else ""
    return (
        f"{counts['records']} medical images of {len(store.sources)} sources{regions} that phrases name, as boxes and "
        f"masks; built by monai_medglip {__version__}."
    )


def _files(mlcroissant: Any, table: str, store: StoredData) -> list[Any]:
    """Give each file of a table with its checksum, and all of them as one set, which the columns come from."""
    files = [
        mlcroissant.FileObject(
            id=file.path,
            name=file.path,
            content_url=file.path,
            content_size=f"{file.size} B",
            encoding_formats=[_PARQUET],
            sha256=file.sha256,
        )
        for file in store.manifest.files[table]
    ]
    together = mlcroissant.FileSet(
        id=f"{table}-files",
        name=f"{table}-files",
        includes=[f"{table}/*.parquet"],
        encoding_formats=[_PARQUET],
    )
    return [*files, together]


def _record_set(mlcroissant: Any, table: str) -> Any:
    fields = [
        mlcroissant.Field(
            id=f"{table}/{column.name}",
            name=column.name,
            data_types=[_data_type(mlcroissant, column.type)],
            repeated=pa.types.is_list(column.type) or None,
            source=mlcroissant.Source(file_set=f"{table}-files", extract=mlcroissant.Extract(column=column.name)),
        )
        for column in SCHEMAS[table]
        if not pa.types.is_map(column.type)
    ]
    return mlcroissant.RecordSet(id=table, name=table, description=_TABLES[table], fields=fields)


def _data_type(mlcroissant: Any, kind: Any) -> Any:
    """Give Croissant's word for a column; a mask is bytes that are text."""
    kind = kind.value_type if pa.types.is_list(kind) else kind
    if pa.types.is_boolean(kind):
        return mlcroissant.DataType.BOOL
    if pa.types.is_integer(kind):
        return mlcroissant.DataType.INTEGER
    return mlcroissant.DataType.FLOAT if pa.types.is_floating(kind) else mlcroissant.DataType.TEXT
