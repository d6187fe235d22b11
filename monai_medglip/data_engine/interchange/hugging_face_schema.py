# SPDX-License-Identifier: Apache-2.0
"""The columns of an export for Hugging Face datasets, and rows in them; files are written and read elsewhere.

The table of images, and that of volumes, has the columns of a store's records, less where a file lies, and its regions
nested in each row. Labels and sources have their own tables with a store's columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.record import Record, Region, Truth
from monai_medglip.data_engine.store.rows import axis_names
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import Scan

__all__ = [
    "KINDS",
    "TABLES",
    "import_datasets",
    "pixel_features",
    "pixels_of_row",
    "record_of_row",
    "regions_of_row",
    "row_of_record",
]

KINDS: Mapping[int, str] = {2: "images", 3: "volumes"}
"""The table that holds records of so many dimensions."""

TABLES = ("labels", "sources")
"""The other tables, one file each."""

_PIXELS = {"images": "image", "volumes": "volume"}
_STORE_ONLY = ("license", "checksum", "perceptual_hash")


def import_datasets() -> Any:
    """Give the library ``datasets``.

    Raises:
        ConfigurationError: when it is not installed.
    """
    try:
        import datasets
    except ImportError as error:
        raise ConfigurationError(
            f"expected the library datasets of Hugging Face, but {error}; pip install 'monai_medglip[interchange]'"
        ) from error
    return datasets


def pixel_features(kind: str) -> Any:
    """Give the columns of the table ``images`` or ``volumes`` as `datasets.Features`."""
    datasets = import_datasets()
    text, number, yes_or_no = (datasets.Value(name) for name in ("string", "float64", "bool"))
    attributes = datasets.List({"name": text, "value": text})
    region = {
        "concept": text,
        "box": datasets.List(number),
        "mask": text,
        "truth": text,
        "ignored": yes_or_no,
        "attributes": attributes,
    }
    pixels = datasets.Image() if kind == "images" else datasets.Nifti()
    texts = ("id", "source", "modality", "body_region", "patient")
    return datasets.Features(
        {
            _PIXELS[kind]: pixels,
            **dict.fromkeys(texts, text),
            "shape": datasets.List(datasets.Value("int32")),
            "affine": datasets.List(number),
            "known_axes": datasets.List(text),
            "spacing_known": yes_or_no,
            **dict.fromkeys(_STORE_ONLY, text),
            "attributes": attributes,
            "regions": datasets.List(region),
        }
    )


def row_of_record(record: Record, scan: Scan, regions: Sequence[Region], pixels: tuple[str, bytes]) -> dict[str, Any]:
    """Give the row of an image, whose frame is the scan's.

    Args:
        record: the image.
        scan: its pixels as read.
        regions: its regions.
        pixels: suffix and bytes of its file, see `portable_pixels`.
    """
    suffix, content = pixels
    stored = record if isinstance(record, StoredRecord) else None
    return {
        _PIXELS[KINDS[record.spatial_dims]]: {"bytes": content, "path": f"pixels.{suffix}"},
        "id": record.id,
        "source": record.source,
        "modality": record.modality.value,
        "body_region": record.body_region,
        "patient": record.patient,
        "shape": list(record.shape),
        "affine": scan.frame.affine[:3].ravel().tolist(),
        "known_axes": axis_names(scan.frame.known_axes),
        "spacing_known": scan.frame.spacing_known,
        **{name: getattr(stored, name, None) for name in _STORE_ONLY},
        "attributes": _named(stored.attributes if stored else ()),
        "regions": [_row_of_region(region) for region in regions],
    }


def record_of_row(row: Mapping[str, Any], split: str, uri: str) -> StoredRecord:
    """Give the record of a row that belongs to a split and whose pixels lie at ``uri`` in a store."""
    return StoredRecord(
        id=row["id"],
        source=row["source"],
        modality=Modality(row["modality"]),
        body_region=row["body_region"],
        image=Path(uri),
        patient=row["patient"],
        split=split,
        shape=tuple(row["shape"]),
        uri=uri,
        affine=tuple(row["affine"]),
        known_axes=frozenset(AxisPair[name.upper()] for name in row["known_axes"]),
        spacing_known=row["spacing_known"],
        **{name: row[name] for name in _STORE_ONLY},
        attributes=_pairs(row["attributes"]),
    )


def regions_of_row(row: Mapping[str, Any]) -> tuple[Region, ...]:
    """Give the regions of a row."""
    return tuple(_region(entry, tuple(row["shape"])) for entry in row["regions"])


def pixels_of_row(row: Mapping[str, Any]) -> tuple[str, bytes]:
    """Give the suffix and the bytes of a row's file; the column of pixels must not be decoded."""
    pixels = next(row[name] for name in _PIXELS.values() if name in row)
    return str(pixels["path"]).partition(".")[2], pixels["bytes"]


def _row_of_region(region: Region) -> dict[str, Any]:
    return {
        "concept": region.concept,
        "box": list(region.box),
        "mask": None if region.mask is None else region.mask.counts.decode("ascii"),
        "truth": region.truth.value,
        "ignored": region.ignored,
        "attributes": _named(region.attributes),
    }


def _region(entry: Mapping[str, Any], shape: tuple[int, ...]) -> Region:
    return Region(
        concept=entry["concept"],
        box=tuple(entry["box"]),
        mask=None if entry["mask"] is None else MaskRLE(shape, entry["mask"].encode("ascii")),
        truth=Truth(entry["truth"]),
        ignored=entry["ignored"],
        attributes=_pairs(entry["attributes"]),
    )


def _named(attributes: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in attributes]


def _pairs(attributes: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((entry["name"], entry["value"]) for entry in attributes)
