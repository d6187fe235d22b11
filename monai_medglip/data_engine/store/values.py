# SPDX-License-Identifier: Apache-2.0
"""From rows of a store's tables back to records, regions, labels and sources; `rows` is the other way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.data_engine.adapters.layout_fields import fill_fields
from monai_medglip.data_engine.cards.terms import CommercialUse
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, Relation, SourceFacts
from monai_medglip.data_engine.record import Region, Truth
from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.data_engine.store.schema import BOX_COLUMNS
from monai_medglip.data_engine.store.stored_record import PLAIN_PIXELS, SlicePlace, StoredRecord
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Level, Mirror

__all__ = ["label_of_row", "record_of_row", "regions_of_table", "source_of_row"]

_FLAT_BOX_COLUMNS = tuple(name for name in BOX_COLUMNS if not name.startswith("z"))


def record_of_row(row: Mapping[str, Any], image: Path) -> StoredRecord:
    """Give the record of a row, whose pixels lie at ``image``."""
    is_slice = row["slice_axis"] is not None
    return StoredRecord(
        id=row["id"],
        source=row["source"],
        modality=Modality(row["modality"]),
        body_region=row["body_region"],
        image=image,
        patient=row["patient"],
        split=row["split"],
        shape=tuple(row["shape"]),
        uri=row["uri"],
        affine=None if row["affine"] is None else tuple(row["affine"]),
        known_axes=_axes(row["known_axes"]),
        spacing_known=row["spacing_known"],
        pixels=_pixels(row),
        slice_place=SlicePlace(row["slice_axis"], row["slice_index"]) if is_slice else None,
        license=row["license"],
        checksum=row["checksum"],
        perceptual_hash=row["perceptual_hash"],
        attributes=tuple(row["attributes"]),
        number=row["number"],
        first_region=row["first_region"],
        region_count=row["region_count"],
    )


def regions_of_table(table: pa.Table, shape: tuple[int, ...]) -> Iterator[Region]:
    """Give the regions of an image of a shape (x, y) or (x, y, z)."""
    columns = BOX_COLUMNS if len(shape) == 3 else _FLAT_BOX_COLUMNS
    for row in table.to_pylist():
        yield Region(
            concept=row["concept"],
            box=tuple(row[name] for name in columns),
            mask=None if row["mask"] is None else MaskRLE(shape, row["mask"]),
            truth=Truth(row["truth"]),
            ignored=row["ignored"],
            attributes=tuple(row["attributes"]),
        )


def label_of_row(row: Mapping[str, Any]) -> LabelRule:
    """Give the rule of a label."""
    return LabelRule(
        source=row["source"],
        value=row["value"],
        label=row["label"],
        level=Level(row["level"]),
        parent=row["parent"],
        relation=None if row["relation"] is None else Relation(row["relation"]),
        union_is_whole=row["union_is_whole"],
        instances=InstanceRule(row["instances"]),
        exhaustive=row["exhaustive"],
        mirror=Mirror(row["mirror"]),
        truth=Truth(row["truth"]),
    )


def source_of_row(row: Mapping[str, Any]) -> StoredSource:
    """Give what a store says of a source."""
    return StoredSource(
        facts=SourceFacts(row["source"], row["body_region"], _axes(row["known_axes"]), row["spacing_known"]),
        license=row["license"],
        commercial_use=CommercialUse(row["commercial_use"]),
        citation=row["citation"],
        home=row["home"],
    )


def _pixels(row: Mapping[str, Any]) -> ImagePixels:
    # Stores of version 1 have no such column.
    form = row.get("pixel_form")
    if form is not None:
        told = fill_fields(ImagePixels, json.loads(form), "pixel_form")
        return replace(told, offset=row["offset"], volume=row["volume"])
    is_plain = row["offset"] == 0 and row["volume"] is None
    return PLAIN_PIXELS if is_plain else ImagePixels(row["offset"], row["volume"])


def _axes(names: Iterable[str]) -> frozenset[AxisPair]:
    return frozenset(AxisPair[name.upper()] for name in names)
