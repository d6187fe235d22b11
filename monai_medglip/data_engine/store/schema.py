# SPDX-License-Identifier: Apache-2.0
"""The columns of a store's tables and how each is coded in Parquet; ``docs/reference/store-format.md`` is its text.

Whoever adds, removes or changes a column raises `SCHEMA_VERSION` and says in the text what changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from monai_medglip.data_engine.store.arrow import pa

__all__ = [
    "BOX_COLUMNS",
    "ENCODINGS",
    "ROWS_PER_FILE",
    "ROWS_PER_GROUP",
    "SCHEMAS",
    "SCHEMA_VERSION",
    "UNIQUE_COLUMNS",
    "USUAL_ROWS_PER_GROUP",
]

SCHEMA_VERSION = 2
"""The newest schema that this code reads and the one that it writes."""

USUAL_ROWS_PER_GROUP = 4096
ROWS_PER_GROUP: Mapping[str, int] = {"records": 1024}
"""Rows of a Parquet row group, the least that is decoded to look at one row; where not `USUAL_ROWS_PER_GROUP`."""

ROWS_PER_FILE: Mapping[str, int] = {"records": 1 << 18, "regions": 1 << 20}
"""Rows of a file of the large tables; the others are one file each."""

BOX_COLUMNS = ("x_lo", "y_lo", "z_lo", "x_hi", "y_hi", "z_hi")
"""A box in voxel edges of the image as stored; without z in a 2D image."""

_TEXT = pa.string()
_ATTRIBUTES = pa.map_(_TEXT, _TEXT)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _optional(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=True)


SCHEMAS: Mapping[str, pa.Schema] = {
    "records": pa.schema(
        [
            _required("number", pa.int64()),
            _required("id", _TEXT),
            _required("source", _TEXT),
            _required("modality", _TEXT),
            _optional("body_region", _TEXT),
            _required("uri", _TEXT),
            _required("offset", pa.int32()),
            _optional("volume", pa.int32()),
            _optional("pixel_form", _TEXT),
            _optional("slice_axis", pa.int8()),
            _optional("slice_index", pa.int32()),
            _required("patient", _TEXT),
            _required("split", _TEXT),
            _required("shape", pa.list_(pa.int32())),
            _optional("affine", pa.list_(pa.float64())),
            _required("known_axes", pa.list_(_TEXT)),
            _required("spacing_known", pa.bool_()),
            _optional("license", _TEXT),
            _optional("checksum", _TEXT),
            _optional("perceptual_hash", _TEXT),
            _required("attributes", _ATTRIBUTES),
            _required("first_region", pa.int64()),
            _required("region_count", pa.int32()),
        ]
    ),
    "regions": pa.schema(
        [
            _required("record", pa.int64()),
            _required("concept", _TEXT),
            _required("level", _TEXT),
            *(_optional(name, pa.float64()) for name in BOX_COLUMNS),
            _optional("mask", pa.binary()),
            _required("truth", _TEXT),
            _required("ignored", pa.bool_()),
            _required("attributes", _ATTRIBUTES),
        ]
    ),
    "labels": pa.schema(
        [
            *(_required(name, _TEXT) for name in ("source", "value", "label", "level")),
            _optional("parent", _TEXT),
            _optional("relation", _TEXT),
            _required("union_is_whole", pa.bool_()),
            _required("instances", _TEXT),
            _required("exhaustive", pa.bool_()),
            _required("mirror", _TEXT),
            _required("truth", _TEXT),
        ]
    ),
    "sources": pa.schema(
        [
            _required("source", _TEXT),
            _optional("body_region", _TEXT),
            _required("known_axes", pa.list_(_TEXT)),
            _required("spacing_known", pa.bool_()),
            _optional("license", _TEXT),
            _required("commercial_use", _TEXT),
            _optional("citation", _TEXT),
            _optional("home", _TEXT),
        ]
    ),
    "findings": pa.schema(
        [
            *(_required(name, _TEXT) for name in ("stage", "check", "source")),
            _optional("record", _TEXT),
            _optional("region", pa.int32()),
            _required("reason", _TEXT),
            _optional("waived_by", _TEXT),
        ]
    ),
}
"""The tables by name."""

# Numbers that rise row by row take next to nothing as differences; the bytes of boxes compress better by their rank.
ENCODINGS: Mapping[str, Mapping[str, str]] = {
    "records": {"number": "DELTA_BINARY_PACKED", "first_region": "DELTA_BINARY_PACKED"},
    "regions": {"record": "DELTA_BINARY_PACKED", **dict.fromkeys(BOX_COLUMNS, "BYTE_STREAM_SPLIT")},
}
"""Columns that are not coded by a dictionary or as they are, by table."""

UNIQUE_COLUMNS = ("id", "uri", "checksum", "perceptual_hash", "mask", "slice_index", "reason", "citation")
"""Columns whose values hardly repeat, which a dictionary would only lengthen."""
