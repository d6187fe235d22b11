# SPDX-License-Identifier: Apache-2.0
"""A grounding as Comprehensive 3D SR with measurement groups (PS3.16, TID 1500).

What viewers draw decides the form: a planar region by image coordinates (TID 1410, SCOORD) on single slices, each with
a tracking UID of its own, the phrase as finding site and the score as a measurement. A box of a volume is drawn on its
middle slice first, then on its first and last one, so that its extent comes back from the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from highdicom import sr
from pydicom.sr.codedict import codes

from monai_medglip.dicom.clinical_answer import NOTICE, ClinicalAnswer, clinical_answers, shown_regions
from monai_medglip.dicom.coded_terms import ANSWER, SCORE, answer_concept, finding_concept, phrase_concept, phrase_site
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.result_identity import MANUFACTURER, ResultIdentity
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.grounding import GroundedRegion, Grounding, region_volumes_ml
from monai_medglip.ontology import Ontology

__all__ = ["structured_report"]

_SERIES_NUMBER = 9101
_MILLILITER = sr.CodedConcept("mL", "UCUM", "mL")


def structured_report(
    grounding: Grounding,
    sources: SourceImages,
    *,
    miss_rates: Mapping[str, float] | None = None,
    ontology: Ontology | None = None,
) -> sr.Comprehensive3DSR:
    """Make the report of one grounding.

    Regions are shown only of phrases that are validated; every phrase gets its `ClinicalAnswer`.

    Args:
        grounding: in the voxels of the source images.
        sources: the images, in the order of the grounding's last axis.
        miss_rates: share in [0, 1] of images that show a thing in which it is not found, by the phrase's concept; it is
            stated beside "not found".
        ontology: where public codes are looked up; the default one.

    Returns:
        The object, unverified and partial as nobody has read it; the same inputs give the same UIDs.
    """
    identity, ontology = ResultIdentity.of(grounding, sources), ontology or Ontology.default()
    maker = _Groups(grounding, sources, identity, ontology, miss_rates or {})
    observer = sr.DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device"),
        name="monai_medglip",
        manufacturer_name=MANUFACTURER,
        model_name=identity.model,
        serial_number=identity.weights_sha256 or None,
    )
    context = sr.ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=observer)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=context),
        procedure_reported=sr.CodedConcept("25045-6", "LN", "CT unspecified body region")
        if sources.first.get("Modality") == "CT"
        else codes.SCT.ImagingProcedure,
        imaging_measurements=[*maker.regions(), *maker.answers()],
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = sr.Comprehensive3DSR(
        evidence=list(sources.headers),
        content=content[0],
        is_complete=True,
        is_final=False,
        is_verified=False,
        **identity.series("SR", _SERIES_NUMBER),
    )
    return write_in_utf8(report)


class _Groups:
    """Makes the measurement groups of a report."""

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

    def regions(self) -> list[sr.PlanarROIMeasurementsAndQualitativeEvaluations]:
        """One group for each slice that a shown region is drawn on."""
        shown, groups = shown_regions(self.grounding), []
        for number, (region, volume) in enumerate(zip(shown, region_volumes_ml(shown), strict=True), start=1):
            for index in _slices(region.box):
                groups.append(self._planar(region, number, index, volume))
        return groups

    def answers(self) -> list[sr.MeasurementsAndQualitativeEvaluations]:
        """One group for each phrase that says its answer."""
        return [self._answer(index, answer) for index, answer in enumerate(clinical_answers(self.grounding))]

    def _planar(
        self, region: GroundedRegion, number: int, index: int, volume_ml: float | None
    ) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
        low, high = np.split(region.box, 2)
        corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]), (low[0], low[1])]
        source = sr.SourceImageForRegion.from_source_image(self.sources.slice_of(index))
        measured = [sr.Measurement(name=SCORE, value=region.score, unit=codes.UCUM.NoUnits)]
        if volume_ml is not None:
            measured.append(sr.Measurement(name=codes.SCT.Volume, value=volume_ml, unit=_MILLILITER))
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(
                uid=self.identity.uid("region", number, index), identifier=f"{region.phrase.text} #{number}"
            ),
            referenced_region=sr.ImageRegion(
                graphic_type=sr.GraphicTypeValues.POLYLINE, graphic_data=np.array(corners), source_image=source
            ),
            finding_type=finding_concept(region.phrase, self.ontology),
            finding_sites=[phrase_site(region.phrase)],
            algorithm_id=self._algorithm(region.phrase.text),
            measurements=measured,
        )

    def _answer(self, index: int, answer: ClinicalAnswer) -> sr.MeasurementsAndQualitativeEvaluations:
        phrase = self.grounding.phrases[index]
        rate = self.miss_rates.get(phrase.concept or "") if answer is ClinicalAnswer.NOT_FOUND else None
        extra = () if rate is None else (f"miss rate={rate:.3f}",)
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(uid=self.identity.uid("answer", index), identifier=phrase.text),
            finding_type=phrase_concept(phrase),
            algorithm_id=self._algorithm(phrase.text, *extra),
            qualitative_evaluations=[sr.QualitativeEvaluation(name=ANSWER, value=answer_concept(answer))],
        )

    def _algorithm(self, words: str, *more: str) -> sr.AlgorithmIdentification:
        parameters = (f"phrase={words}", *more, *self.identity.parameters, f"notice={NOTICE}")
        return sr.AlgorithmIdentification(self.identity.model, self.identity.version, parameters=parameters)


def _slices(box: np.ndarray) -> Sequence[int]:
    """The middle slice of a box, then its first and last one where they are others; [0] for a 2D image."""
    if len(box) == 4:
        return [0]
    first, last = int(np.floor(box[2] + 0.5)), int(np.ceil(box[5] - 0.5)) - 1
    last = max(first, last)
    return list(dict.fromkeys([(first + last) // 2, first, last]))
