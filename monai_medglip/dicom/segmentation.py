# SPDX-License-Identifier: Apache-2.0
"""The masks of a grounding as a DICOM segmentation: one segment for each phrase that is shown."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt
from highdicom import AlgorithmIdentificationSequence, seg
from highdicom.color import CIELabColor
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from monai_medglip.dicom.clinical_answer import NOTICE, ClinicalAnswer, clinical_answers
from monai_medglip.dicom.coded_terms import finding_concept, phrase_concept
from monai_medglip.dicom.patient_orientation import orientation_letters
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.result_identity import ResultIdentity
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.errors import GeometryError
from monai_medglip.grounding import Grounding
from monai_medglip.grounding.colors import phrase_color
from monai_medglip.ontology import Level, Ontology

__all__ = ["SegmentationKind", "segmentation"]

_SERIES_NUMBER = 9102
_LABEL = 64  # characters of a segment label
_THINGS_TO_FIND = (Level.FINDING, Level.LESION)


class SegmentationKind(str, Enum):
    """How segments are stored."""

    BINARY = "BINARY"
    """One bit plane for each segment and slice: what viewers and archives know."""
    LABELMAP = "LABELMAP"
    """One number for each voxel (PS3.3, A.90): far smaller, for segments that do not overlap, and young."""


def segmentation(
    grounding: Grounding,
    sources: SourceImages,
    *,
    kind: SegmentationKind = SegmentationKind.BINARY,
    ontology: Ontology | None = None,
) -> seg.Segmentation | None:
    """Make the segmentation of one grounding.

    Args:
        grounding: in the voxels of the source images.
        sources: the images, in the order of the grounding's last axis.
        kind: how segments are stored.
        ontology: where public codes are looked up; the default one.

    Returns:
        The object, or None where no phrase that may be shown has a mask; the same inputs give the same UIDs.

    Raises:
        GeometryError: when masks overlap and a label map is asked for.
    """
    identity, ontology = ResultIdentity.of(grounding, sources), ontology or Ontology.default()
    answers = clinical_answers(grounding) if grounding.phrase_masks else ()
    shown = [
        index
        for index, answer in enumerate(answers)
        if answer is ClinicalAnswer.LOCATED and grounding.phrase_masks[index]
    ]
    if not shown:
        return None
    series = identity.series(f"SEG {kind.value}", _SERIES_NUMBER)
    result = seg.Segmentation(
        source_images=list(sources.headers),
        pixel_array=_pixels(grounding, shown, kind),
        segmentation_type=kind.value,
        segment_descriptions=[
            _description(grounding, index, number, identity, ontology) for number, index in enumerate(shown, start=1)
        ],
        manufacturer_model_name=identity.model,
        software_versions=identity.version,
        device_serial_number=identity.weights_sha256 or "unknown",
        content_description=NOTICE,
        content_label="MEDGLIP",
        **series,
    )
    _name_dimensions(result, identity.uid(kind.value, "dimensions"))
    if not sources.first.get("ImageOrientationPatient"):
        result.PatientOrientation = orientation_letters(sources.first)  # of a film, whose place is not known
    return write_in_utf8(result)


def _name_dimensions(result: seg.Segmentation, uid: UID) -> None:
    """Replace the UID of the dimensions, which highdicom draws at random, by one that the inputs tell."""
    for item in (*result.DimensionOrganizationSequence, *result.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid


def _pixels(grounding: Grounding, shown: list[int], kind: SegmentationKind) -> npt.NDArray[np.uint8]:
    """Numbers of segments (slices, rows, columns), or (slices, rows, columns, segments) where masks overlap."""
    masks = [grounding.phrase_masks[index] for index in shown]
    planes = [_as_slices(mask.decode()) for mask in masks if mask is not None]
    covered = np.zeros(planes[0].shape, bool)
    labels = np.zeros(planes[0].shape, np.uint8 if len(planes) < 256 else np.uint16)
    for number, plane in enumerate(planes, start=1):
        if (covered & plane).any():
            if kind is SegmentationKind.LABELMAP:
                text = grounding.phrases[shown[number - 1]].text
                raise GeometryError(
                    f"expected masks that do not overlap for a label map, {text!r} overlaps another one; "
                    "ask for a binary segmentation"
                )
            return np.stack(planes, axis=-1).astype(np.uint8)
        covered |= plane
        labels[plane] = number
    return labels


def _as_slices(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(x, y[, z]) as (slices, rows, columns)."""
    slices: npt.NDArray[np.bool_] = mask.T if mask.ndim == 3 else mask.T[None]
    return slices


def _description(
    grounding: Grounding, index: int, number: int, identity: ResultIdentity, ontology: Ontology
) -> seg.SegmentDescription:
    phrase = grounding.phrases[index]
    found = phrase.concept is not None and phrase.concept in ontology and ontology[phrase.concept].level
    return seg.SegmentDescription(
        segment_number=number,
        segment_label=phrase.text[:_LABEL],
        segmented_property_category=(
            codes.SCT.MorphologicallyAbnormalStructure if found in _THINGS_TO_FIND else codes.SCT.AnatomicalStructure
        ),
        segmented_property_type=finding_concept(phrase, ontology),
        algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=identity.model,
            family=codes.DCM.ArtificialIntelligence,
            version=identity.version,
            parameters=dict(parameter.split("=", 1) for parameter in (f"phrase={phrase.text}", *identity.parameters)),
        ),
        tracking_uid=identity.uid("segment", index),
        tracking_id=phrase_concept(phrase).meaning,
        display_color=CIELabColor.from_rgb(*phrase_color(index)),
    )
