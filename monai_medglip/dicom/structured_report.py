# SPDX-License-Identifier: Apache-2.0
"""A grounding as Comprehensive 3D SR with measurement groups (PS3.16, TID 1500).

What viewers draw decides the form: a planar region by image coordinates (TID 1410, SCOORD) on single slices, each with
a tracking UID of its own, the phrase as finding site and the score as a measurement. A box of a volume is drawn on its
middle slice first, then on its first and last one, so that its extent comes back from the report. Programs that read
reports may have the box in millimeters of the patient instead (TID 1411, SCOORD3D). What is said of phrases, shown or
not, is in words and codes beside the regions: see `report_tree`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from highdicom import sr
from pydicom.sr.codedict import codes

from monai_medglip.dicom.clinical_answer import (
    NOTICE,
    ClinicalAnswer,
    clinical_answers,
    shown_regions,
    stated_miss_rate,
)
from monai_medglip.dicom.coded_terms import SCORE, answer_concept, finding_concept, phrase_concept, phrase_site
from monai_medglip.dicom.destination_profile import RegionForm
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.report_tree import code_item, report_tree, text_item
from monai_medglip.dicom.result_identity import ResultIdentity
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.geometry import LPS_FROM_RAS, Frame
from monai_medglip.grounding import GroundedRegion, Grounding, region_volumes_ml
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase

__all__ = ["structured_report"]

_SERIES_NUMBER = 9101
_SHOWN_ELSEWHERE = "Where it is located is shown by the segmentation and the pictures of this result."
_MILLILITER = sr.CodedConcept("mL", "UCUM", "mL")


def structured_report(
    grounding: Grounding,
    sources: SourceImages,
    *,
    regions: RegionForm = RegionForm.IMAGE,
    miss_rates: Mapping[str, float] | None = None,
    ontology: Ontology | None = None,
) -> sr.Comprehensive3DSR:
    """Make the report of one grounding.

    Regions are shown only of phrases that are validated; every phrase gets its `ClinicalAnswer`.

    Args:
        grounding: in the voxels of the source images.
        sources: the images, in the order of the grounding's last axis.
        regions: how the report says where a region is; what the images do not allow is said the other way: in
            image coordinates where they have no place in space, in space where the scan was resampled.
        miss_rates: share in [0, 1] of images that show a thing in which it is not found, by the phrase's concept; it is
            stated beside "not found".
        ontology: where public codes are looked up; the default one.

    Returns:
        The object, unverified and partial as nobody has read it; the same inputs give the same UIDs.
    """
    identity, ontology = ResultIdentity.of(grounding, sources), ontology or Ontology.default()
    if regions is not RegionForm.WORDS and (sources.is_resampled or not _has_place(grounding, sources)):
        regions = RegionForm.SPACE if sources.is_resampled else RegionForm.IMAGE
    maker = _Content(grounding, sources, identity, ontology, miss_rates or {})
    report = sr.Comprehensive3DSR(
        evidence=sources.instances,
        content=report_tree(
            identity, sources.first, groups=maker.groups(regions), evaluations=maker.evaluations(regions)
        ),
        is_complete=True,
        is_final=False,
        is_verified=False,
        **identity.series(f"SR {regions.value}", _SERIES_NUMBER),
    )
    return write_in_utf8(report)


class _Content:
    """Makes what stands in a report."""

    def __init__(
        self,
        grounding: Grounding,
        sources: SourceImages,
        identity: ResultIdentity,
        ontology: Ontology,
        miss_rates: Mapping[str, float],
    ) -> None:
        self.grounding, self.sources, self.identity = grounding, sources, identity
        self.ontology, self.miss_rates = ontology, miss_rates

    def groups(self, form: RegionForm) -> Sequence[sr.ContentSequence]:
        """The measurement groups of the regions that may be shown."""
        if form is RegionForm.WORDS:
            return ()
        return self._outlines() if form is RegionForm.IMAGE else self._surfaces()

    def evaluations(self, form: RegionForm) -> list[sr.ContentItem]:
        """The answer to each phrase, and what there is to know about all of them."""
        answers = zip(self.grounding.phrases, clinical_answers(self.grounding), strict=True)
        elsewhere = (_SHOWN_ELSEWHERE,) if form is RegionForm.WORDS and len(shown_regions(self.grounding)) else ()
        told = (
            f"algorithm={self.identity.model} {self.identity.version}",
            *self.identity.parameters,
            *elsewhere,
            NOTICE,
        )
        return [
            *(item for phrase, answer in answers for item in self._answer(phrase, answer)),
            *(text_item(codes.DCM.Comment, words) for words in told),
        ]

    def _outlines(self) -> list[sr.PlanarROIMeasurementsAndQualitativeEvaluations]:
        """One group for each slice that a shown region is drawn on."""
        return [
            self._planar(region, number, index, volume)
            for number, region, volume in self._shown()
            for index in _slices(region.box)
        ]

    def _surfaces(self) -> list[sr.VolumetricROIMeasurementsAndQualitativeEvaluations]:
        """One group for each shown region, the faces of its box at both ends of the last axis as its surface."""
        return [self._volumetric(region, number, volume) for number, region, volume in self._shown()]

    def _shown(self) -> Iterator[tuple[int, GroundedRegion, float | None]]:
        """Number, region and volume [ml] of each region that may be shown."""
        shown = shown_regions(self.grounding)
        for number, (region, volume) in enumerate(zip(shown, region_volumes_ml(shown), strict=True), start=1):
            yield number, region, volume

    def _planar(
        self, region: GroundedRegion, number: int, index: int, volume_ml: float | None
    ) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
        source = sr.SourceImageForRegion.from_source_image(
            self.sources.slice_of(index), referenced_frame_numbers=self.sources.frames_of(index)
        )
        outline = sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.POLYLINE, graphic_data=_outline(region.box), source_image=source
        )
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking(region, number, index),
            referenced_region=outline,
            **self._told(region, volume_ml),
        )

    def _volumetric(
        self, region: GroundedRegion, number: int, volume_ml: float | None
    ) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
        surface = sr.VolumeSurface(
            graphic_type=sr.GraphicTypeValues3D.POLYGON,
            graphic_data=_faces(region.box, self.grounding.frame),
            frame_of_reference_uid=self.sources.first.FrameOfReferenceUID,
            source_images=[
                sr.SourceImageForSegmentation.from_source_image(
                    self.sources.slice_of(index), referenced_frame_numbers=self.sources.frames_of(index)
                )
                for index in _slices(region.box)
            ],
        )
        return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking(region, number, "surface"),
            referenced_volume_surface=surface,
            **self._told(region, volume_ml),
        )

    def _tracking(self, region: GroundedRegion, number: int, part: object) -> sr.TrackingIdentifier:
        return sr.TrackingIdentifier(
            uid=self.identity.uid("region", number, part), identifier=f"{region.phrase.text} #{number}"
        )

    def _told(self, region: GroundedRegion, volume_ml: float | None) -> dict[str, Any]:
        """What a group says of its region besides its place."""
        measured = [sr.Measurement(name=SCORE, value=region.score, unit=codes.UCUM.NoUnits)]
        if volume_ml is not None:
            measured.append(sr.Measurement(name=codes.SCT.Volume, value=volume_ml, unit=_MILLILITER))
        return {
            "finding_type": finding_concept(region.phrase, self.ontology),
            "finding_sites": [phrase_site(region.phrase)],
            "algorithm_id": self._algorithm(region.phrase.text),
            "measurements": measured,
        }

    def _answer(self, phrase: Phrase, answer: ClinicalAnswer) -> Iterator[sr.ContentItem]:
        """The answer, and in words how far it can be trusted and the phrase where a code cannot hold all of it."""
        name = phrase_concept(phrase)
        yield code_item(name, answer_concept(answer))
        rate = stated_miss_rate(phrase, answer, self.miss_rates)
        if rate is not None:
            yield text_item(name, f"miss rate={rate:.3f}")
        if name.meaning != phrase.text:
            yield text_item(name, f"phrase={phrase.text}")

    def _algorithm(self, words: str) -> sr.AlgorithmIdentification:
        parameters = (f"phrase={words}", *self.identity.parameters, f"notice={NOTICE}")
        return sr.AlgorithmIdentification(self.identity.model, self.identity.version, parameters=parameters)


def _has_place(grounding: Grounding, sources: SourceImages) -> bool:
    """Whether a volume has millimeters of the patient in a frame of reference."""
    frame = grounding.frame
    known = frame.spatial_dims == 3 and frame.spacing_known and frame.orientation_known
    return known and bool(sources.first.get("FrameOfReferenceUID"))


def _outline(box: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The closed line (5, 2) round a box in columns and rows; DICOM counts them from the edge as boxes do."""
    low, high = np.split(box, 2)
    return np.array(
        [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]), (low[0], low[1])], np.float64
    )


def _faces(box: npt.NDArray[np.float64], frame: Frame) -> list[npt.NDArray[np.float64]]:
    """The two faces of a box across the last axis, each a closed line (5, 3) in LPS [mm]."""
    outline = _outline(box)
    corners = [np.column_stack([outline, np.full(len(outline), z)]) for z in (box[2], box[5])]
    return [frame.edge_to_world(face) @ LPS_FROM_RAS[:3, :3].T for face in corners]


def _slices(box: np.ndarray) -> Sequence[int]:
    """The middle slice of a box, then its first and last one where they are others; [0] for a 2D image."""
    if len(box) == 4:
        return [0]
    first, last = int(np.floor(box[2] + 0.5)), int(np.ceil(box[5] - 0.5)) - 1
    last = max(first, last)
    return list(dict.fromkeys([(first + last) // 2, first, last]))
