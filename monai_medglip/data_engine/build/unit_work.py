# SPDX-License-Identifier: Apache-2.0
"""What is done with the images of one unit: read, make regions, check, mark, write one part. Runs in any process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.build.allowed_attributes import allowed_attributes
from monai_medglip.data_engine.build.build_folder import BuildFolder
from monai_medglip.data_engine.build.build_plan import BuildPlan, BuildUnit
from monai_medglip.data_engine.build.patient_hash import hash_patient
from monai_medglip.data_engine.instances import regions_from_annotations
from monai_medglip.data_engine.local_copy import storage_errors
from monai_medglip.data_engine.privacy.header_values import without_header_values
from monai_medglip.data_engine.quality.checks import check_image
from monai_medglip.data_engine.quality.collection_report import UNREADABLE
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.data_engine.quality.fingerprint import perceptual_hash, pixel_checksum
from monai_medglip.data_engine.quality.image_check import CheckedImage
from monai_medglip.data_engine.store.part_writer import Part, PartWriter
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.errors import MedGLIPError, StorageError
from monai_medglip.imaging.scan import Scan
from monai_medglip.ontology import Ontology

__all__ = ["UnitTask", "work_on_unit"]


@dataclass(frozen=True)
class UnitTask:
    """A unit, with all that is needed to work on it elsewhere.

    Attributes:
        unit: the images.
        plan: settings and data sets.
        folder: where the part goes; the same folder for all workers.
    """

    unit: BuildUnit
    plan: BuildPlan
    folder: Path


def work_on_unit(task: UnitTask) -> Part:
    """Write the part of a unit, unless it is there; an image that cannot be read becomes a finding.

    Returns:
        The part, complete.

    Raises:
        OutputError: when the part cannot be written.
        StorageError: when the remote storage of the data set does not answer.
    """
    part = BuildFolder(task.folder).part(task.unit.name)
    if part.is_complete:
        return part
    source = task.plan.sources[task.unit.source]
    ontology = Ontology.default()
    rules = source.card.label_rules(ontology)
    findings: list[Finding] = []
    with PartWriter(part, rules) as writer:
        for item in task.unit.items:
            try:
                with storage_errors(source.root):
                    scan = item.read()
                    drawn = [one for one in item.annotation.read(scan) if one.value not in source.card.left_out]
                    regions = regions_from_annotations(drawn, rules)
                    record = _record(item, scan, task)
            except StorageError:
                raise  # the image may be in order; what is done is kept for the next start
            except (MedGLIPError, OSError, MemoryError) as error:
                reason = without_header_values(_told(error, source.root), item.image)
                findings.append(Finding(Stage.FILES, UNREADABLE, source.card.name, item.id, reason))
                continue
            writer.add(record, regions)
            checked = CheckedImage(scan, regions, ontology)
            findings += check_image(checked, record.source, record.id)
        for finding in task.plan.waivers.apply(findings):
            writer.add_finding(finding)
    return part


def _record(item: SourceItem, scan: Scan, task: UnitTask) -> StoredRecord:
    source, plan = task.plan.sources[task.unit.source], task.plan
    patient = hash_patient(source.card.name, item.patient, plan.salt)
    return StoredRecord(
        id=item.id,
        source=source.card.name,
        modality=scan.modality,
        body_region=scan.body_region,
        image=item.image,
        patient=patient,
        split=item.split or plan.shares.split_of(patient),
        shape=scan.spatial_shape,
        uri=item.image.relative_to(source.root).as_posix(),
        affine=tuple(scan.frame.affine[:3].ravel().tolist()),
        known_axes=scan.frame.known_axes & source.card.known_axes,
        spacing_known=scan.frame.spacing_known and source.card.spacing_known,
        pixels=item.pixels,
        checksum=pixel_checksum(scan),
        perceptual_hash=perceptual_hash(scan) if plan.with_hash else None,
        attributes=allowed_attributes(item.attributes),
    )


def _told(error: Exception, root: Path) -> str:
    """Give the message without the place of the download, which says how this machine is ordered and helps nobody."""
    if isinstance(error, MemoryError):
        return "expected an image that fits into memory, it does not; use a machine with more memory"
    return str(error).replace(f"{root}{os.sep}", "").replace(str(root), "the data set")
