# SPDX-License-Identifier: Apache-2.0
"""From records, regions, labels and sources to rows of a store's tables, in the order of its columns; no files."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import Enum
from typing import Any, Protocol

from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.data_engine.label_rules import LabelRule
from monai_medglip.data_engine.record import Region
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.geometry.frames import AxisPair

__all__ = ["FindingRow", "Row", "finding_row", "label_row", "record_row", "region_row", "source_row"]

Row = tuple[Any, ...]


class FindingRow(Protocol):
    """What the checks say of an image or of a source, as far as a store keeps it."""

    @property
    def stage(self) -> Enum:
        """The stage of quality control."""

    @property
    def check(self) -> str:
        """Which of its checks."""

    @property
    def source(self) -> str:
        """The data set."""

    @property
    def record(self) -> str | None:
        """The image's id; None where the finding is about the source."""

    @property
    def region(self) -> int | None:
        """Position of the region in the image that it is about; None where it is about all of it."""

    @property
    def reason(self) -> str:
        """What was found, in words."""

    @property
    def waived_by(self) -> str | None:
        """The rule that waives it; None where none does."""


def record_row(record: StoredRecord, number: int, first_region: int, region_count: int) -> Row:
    """Give the row of a record that stands at ``number`` and whose regions begin at ``first_region``."""
    place = record.slice_place
    return (
        number,
        record.id,
        record.source,
        record.modality.value,
        record.body_region,
        record.uri,
        record.pixels.offset,
        record.pixels.volume,
        _pixel_form(record.pixels),
        None if place is None else place.axis,
        None if place is None else place.index,
        record.patient,
        record.split,
        record.shape,
        record.affine,
        axis_names(record.known_axes),
        record.spacing_known,
        record.license,
        record.checksum,
        record.perceptual_hash,
        record.attributes,
        first_region,
        region_count,
    )


def region_row(region: Region, record: int, level: str) -> Row:
    """Give the row of a region of the record at number ``record``."""
    box = region.box
    if len(box) == 4:
        box = (box[0], box[1], None, box[2], box[3], None)  # type: ignore[assignment]  # no depth in an image
    mask = None if region.mask is None else region.mask.counts
    return (record, region.concept, level, *box, mask, region.truth.value, region.ignored, region.attributes)


def label_row(rule: LabelRule) -> Row:
    """Give the row of a label's rule."""
    return (
        rule.source,
        rule.value,
        rule.label,
        rule.level.value,
        rule.parent,
        None if rule.relation is None else rule.relation.value,
        rule.union_is_whole,
        rule.instances.value,
        rule.exhaustive,
        rule.mirror.value,
        rule.truth.value,
    )


def source_row(source: StoredSource) -> Row:
    """Give the row of a source."""
    facts = source.facts
    return (
        facts.source,
        facts.body_region,
        axis_names(facts.known_axes),
        facts.spacing_known,
        source.license,
        source.commercial_use.value,
        source.citation,
        source.home,
    )


def finding_row(finding: FindingRow) -> Row:
    """Give the row of a finding."""
    where = (finding.source, finding.record, finding.region)
    return (str(finding.stage.value), finding.check, *where, finding.reason, finding.waived_by)


def _pixel_form(pixels: ImagePixels) -> str | None:
    """Give the form of an array or a table in the words of a card; None for files that say it themselves."""
    forms = {"array": pixels.array, "sparse": pixels.sparse}
    told = {name: asdict(form) for name, form in forms.items() if form is not None}
    return json.dumps(told, sort_keys=True) if told else None


def axis_names(axes: frozenset[AxisPair]) -> list[str]:
    """Give the names of axes in the order of the world's axes, so that equal sets give equal bytes."""
    return [axis.name.lower() for axis in AxisPair if axis in axes]
