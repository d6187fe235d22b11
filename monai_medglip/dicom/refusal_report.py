# SPDX-License-Identifier: Apache-2.0
"""A report that says in words why images were not evaluated, so that silence is never taken for an answer."""

from __future__ import annotations

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medglip.dicom.clinical_answer import NOTICE, ClinicalAnswer
from monai_medglip.dicom.coded_terms import ANSWER, answer_concept
from monai_medglip.dicom.observation import observation_context, procedure_reported
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.result_identity import ResultIdentity
from monai_medglip.dicom.source_images import completed_header

__all__ = ["refusal_report"]

_SERIES_NUMBER = 9104
_TAKEN = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SpecificCharacterSet", "Modality"),
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "IssuerOfPatientID"),
    *("StudyID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ReferringPhysicianName"),
)
_ENGLISH = sr.CodedConcept("en-US", "RFC5646", "English (United States)")
_EVALUATIONS = sr.CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")


def refusal_report(header: Dataset, reason: str) -> sr.Comprehensive3DSR:
    """Make the report of a series that was refused.

    Args:
        header: of one of its images; the elements before those of the pixels are enough.
        reason: in words, without the patient's name or a path.

    Returns:
        The object, of no group and no region; the same header and reason give the same UIDs.

    Raises:
        ImageReadError: when the header does not even name its study and itself.
    """
    source = completed_header(_plain_part(header))
    identity = ResultIdentity.of_refusal(source, reason)
    evaluations = sr.ContainerContentItem(name=_EVALUATIONS, relationship_type=sr.RelationshipTypeValues.CONTAINS)
    evaluations.ContentSequence = sr.ContentSequence(
        [
            sr.CodeContentItem(
                name=ANSWER,
                value=answer_concept(ClinicalAnswer.NOT_EVALUATED),
                relationship_type=sr.RelationshipTypeValues.CONTAINS,
            ),
            *(
                sr.TextContentItem(
                    name=codes.DCM.Comment, value=words, relationship_type=sr.RelationshipTypeValues.CONTAINS
                )
                for words in (f"Not evaluated: {reason}", NOTICE)
            ),
        ]
    )
    root = sr.ContainerContentItem(name=codes.DCM.ImagingMeasurementReport, template_id="1500")
    root.ContentSequence = sr.ContentSequence(
        [
            *sr.LanguageOfContentItemAndDescendants(_ENGLISH),
            *observation_context(identity),
            sr.CodeContentItem(
                name=codes.DCM.ProcedureReported,
                value=procedure_reported(source),
                relationship_type=sr.RelationshipTypeValues.HAS_CONCEPT_MOD,
            ),
            evaluations,
        ],
    )
    report = sr.Comprehensive3DSR(
        evidence=[source],
        content=root,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **identity.series("refusal", _SERIES_NUMBER),
    )
    return write_in_utf8(report)


def _plain_part(header: Dataset) -> Dataset:
    """What the report takes from a header, and nothing that is nested: it may be of a hostile file."""
    part = Dataset()
    for keyword in _TAKEN:
        if keyword in header:
            setattr(part, keyword, header.get(keyword))
    return part
