# SPDX-License-Identifier: Apache-2.0
"""All checks over one collection of annotated images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.quality.checks import check_collection, check_image
from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.data_engine.quality.fingerprint import fingerprint
from monai_medglip.data_engine.quality.image_check import CheckedImage
from monai_medglip.data_engine.quality.license_checks import check_licenses
from monai_medglip.data_engine.record import Record
from monai_medglip.errors import MedGLIPError
from monai_medglip.ontology import Ontology

__all__ = ["UNREADABLE", "CheckedRecord", "check_data", "check_record"]

UNREADABLE = "unreadable"
"""The name of the check that an image or its annotation cannot be read."""


@dataclass(frozen=True)
class CheckedRecord:
    """What one image gave.

    Attributes:
        summary: what it is compared by.
        findings: what is wrong with it.
        region_count: number of its regions.
    """

    summary: ImageSummary
    findings: tuple[Finding, ...]
    region_count: int


def check_data(
    data: GroundingData,
    licenses: Mapping[str, str | None],
    *,
    ontology: Ontology | None = None,
    progress: Callable[[Sequence[Record]], Iterable[Record]] = iter,
) -> tuple[Finding, ...]:
    """Give what is wrong with the images of a collection, with the collection as a whole, and with its terms.

    Args:
        data: the images.
        licenses: terms in words by source.
        ontology: the concepts; the package's own when None.
        progress: what the records go through, such as a progress bar.

    Raises:
        ConfigurationError: when imagehash is not installed.
    """
    ontology = ontology or Ontology.default()
    checked = [check_record(data, record, ontology) for record in progress(data.records())]
    found = [finding for one in checked for finding in one.findings]
    found += check_collection([one.summary for one in checked])
    found += check_licenses({source: licenses.get(source) for source in data.sources})
    return tuple(found)


def check_record(data: GroundingData, record: Record, ontology: Ontology) -> CheckedRecord:
    """Check one image; one that cannot be read is a finding, not an error."""
    summary = ImageSummary(record.source, record.id, record.patient, record.split)
    try:
        scan = data.read(record)
        regions = data.regions(record)
    except MedGLIPError as error:
        finding = Finding(Stage.FILES, UNREADABLE, record.source, record.id, str(error))
        return CheckedRecord(summary, (finding,), 0)
    marks = fingerprint(scan)
    summary = ImageSummary(
        record.source, record.id, record.patient, record.split, marks.checksum, marks.perceptual_hash
    )
    findings = check_image(CheckedImage(scan, regions, ontology), record.source, record.id)
    return CheckedRecord(summary, tuple(findings), len(regions))
